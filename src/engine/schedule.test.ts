import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HostName, hostName } from '../base/brand.ts'
import type { Away } from '../base/limit.ts'
import { schedule, type ScheduledPlay } from './schedule.ts'

interface World {
  readonly log: string[]
  readonly failed: Set<string>
}

async function run(
  plays: readonly {
    name: string
    after?: 'node'
    hosts: readonly string[]
    batches?: readonly (readonly string[])[]
  }[],
  options: {
    readonly nodes?: Readonly<Record<string, string>>
    /** Containers of which others are clones. */
    readonly sources?: Readonly<Record<string, string>>
    readonly slow?: Readonly<Record<string, number>>
    readonly fails?: readonly string[]
    /** Those of them that fail only a verification. */
    readonly unsound?: readonly string[]
    readonly forks?: number
    /** Called in the middle of the play on a host. */
    readonly meet?: (host: string, away: Away) => Promise<void>
  } = {},
): Promise<World> {
  const log: string[] = []
  const failed = new Set<string>()
  const scheduled: (ScheduledPlay & { readonly name: string })[] = plays.map((play) => ({
    name: play.name,
    after: play.after,
    hosts: play.hosts.map(hostName),
    batches: (play.batches ?? [play.hosts]).map((hosts, index, { length }) => ({
      number: index + 1,
      of: length,
      hosts: hosts.map(hostName),
    })),
  }))
  await schedule({
    plays: scheduled,
    nodeOf: (host: HostName) => {
      const node = options.nodes?.[host]
      return node === undefined ? undefined : hostName(node)
    },
    sourceOf: (host: HostName) => {
      const source = options.sources?.[host]
      return source === undefined ? undefined : hostName(source)
    },
    forks: options.forks ?? 50,
    run: async ({ play, host }, away) => {
      log.push(`${play.name} ${host} begins`)
      await new Promise((resolve) => setTimeout(resolve, options.slow?.[host] ?? 1))
      if (options.fails?.includes(host) === true) failed.add(host)
      await options.meet?.(host, away)
      log.push(`${play.name} ${host} ends`)
    },
    failed: (host) => failed.has(host),
    lost: (node) => failed.has(node) && options.unsound?.includes(node) !== true,
    nodeFailed: ({ play, host }, node) => {
      failed.add(host)
      log.push(`${play.name} ${host} fails with ${node}`)
    },
    started: () => undefined,
    finished: () => undefined,
    batchStarted: (play, { number, of }) =>
      void (of > 1 && log.push(`${play.name} batch ${number} of ${of}`)),
    batchFinished: (play, { number, of }) => void (of > 1 && log.push(`${play.name} batch ${number} ended`)),
    stopped: () => false,
  })
  return { log, failed }
}

test('a play starts on no host before the previous play has finished on all', async () => {
  const { log } = await run(
    [
      { name: 'one', hosts: ['a', 'b'] },
      { name: 'two', hosts: ['a', 'b'] },
    ],
    { slow: { b: 20 } },
  )
  assert.ok(log.indexOf('two a begins') > log.indexOf('one b ends'))
})

test('with `after: node` a container waits only for its own node', async () => {
  const { log } = await run(
    [
      { name: 'nodes', hosts: ['n1', 'n2'] },
      { name: 'containers', after: 'node', hosts: ['c1', 'c2'] },
    ],
    { nodes: { c1: 'n1', c2: 'n2' }, slow: { n2: 40 } },
  )
  assert.ok(log.indexOf('containers c1 begins') < log.indexOf('nodes n2 ends'))
  assert.ok(log.indexOf('containers c2 begins') > log.indexOf('nodes n2 ends'))
})

test('a play after one with `after: node` is a barrier again', async () => {
  const { log } = await run(
    [
      { name: 'nodes', hosts: ['n1', 'n2'] },
      { name: 'containers', after: 'node', hosts: ['c1', 'c2'] },
      { name: 'verify', hosts: ['n1', 'c1'] },
    ],
    { nodes: { c1: 'n1', c2: 'n2' }, slow: { n2: 40 } },
  )
  assert.ok(log.indexOf('verify c1 begins') > log.indexOf('containers c2 ends'))
})

test('within a play a container starts after its node', async () => {
  const { log } = await run([{ name: 'all', hosts: ['c1', 'n1'] }], { nodes: { c1: 'n1' }, slow: { n1: 20 } })
  assert.deepEqual(log, ['all n1 begins', 'all n1 ends', 'all c1 begins', 'all c1 ends'])
})

test('a failed node fails its containers and no other host', async () => {
  const { log } = await run(
    [
      { name: 'nodes', hosts: ['n1', 'n2'] },
      { name: 'containers', hosts: ['c1', 'c2'] },
    ],
    { nodes: { c1: 'n1', c2: 'n2' }, fails: ['n1'] },
  )
  assert.ok(log.includes('containers c1 fails with n1'))
  assert.ok(log.includes('containers c2 ends'))
})

test('a clone starts after its source in the same play, and with `after: node` after its earlier plays', async () => {
  const of = { nodes: { c1: 'n1', c2: 'n1', t: 'n1' }, sources: { c1: 't' }, slow: { t: 20 } }
  const { log } = await run([{ name: 'all', hosts: ['c1', 't'] }], of)
  assert.deepEqual(log, ['all t begins', 'all t ends', 'all c1 begins', 'all c1 ends'])
  const plays = [
    { name: 'templates', hosts: ['t'] },
    { name: 'containers', after: 'node' as const, hosts: ['c1', 'c2'] },
  ]
  const later = await run(plays, of)
  assert.ok(later.log.indexOf('containers c1 begins') > later.log.indexOf('templates t ends'))
  assert.ok(later.log.indexOf('containers c2 begins') < later.log.indexOf('templates t ends'))
})

test('a clone runs although its source has failed', async () => {
  const { log } = await run([{ name: 'all', hosts: ['c1', 't'] }], { sources: { c1: 't' }, fails: ['t'] })
  assert.deepEqual(log, ['all t begins', 'all t ends', 'all c1 begins', 'all c1 ends'])
})

test('a node that failed only a verification fails no container', async () => {
  const { log } = await run(
    [
      { name: 'verify', after: 'node', hosts: ['n1', 'c1'] },
      { name: 'later', hosts: ['n1', 'c1'] },
    ],
    { nodes: { c1: 'n1' }, fails: ['n1'], unsound: ['n1'] },
  )
  assert.deepEqual(
    log.filter((line) => line.endsWith('ends')),
    ['verify n1 ends', 'verify c1 ends', 'later c1 ends'],
  )
})

test('a waiting container holds no fork', async () => {
  const { log } = await run([{ name: 'all', hosts: ['c1', 'n1'] }], { nodes: { c1: 'n1' }, forks: 1 })
  assert.equal(log.length, 4)
})

test('at most as many hosts run at a time as there are forks', async () => {
  const { log } = await run([{ name: 'all', hosts: ['a', 'b', 'c', 'd', 'e'] }], { forks: 2 })
  let running = 0
  let most = 0
  for (const line of log) {
    running += line.endsWith('begins') ? 1 : -1
    most = Math.max(most, running)
  }
  assert.equal(most, 2)
})

test('a batch starts when all hosts of the batch before it have ended', async () => {
  const { log } = await run(
    [
      { name: 'one', hosts: ['a', 'b', 'c'], batches: [['a', 'b'], ['c']] },
      { name: 'two', hosts: ['a'] },
    ],
    { slow: { b: 20 }, fails: ['a'] },
  )
  assert.deepEqual(log, [
    'one batch 1 of 2',
    'one a begins',
    'one b begins',
    'one a ends',
    'one b ends',
    'one batch 1 ended',
    'one batch 2 of 2',
    'one c begins',
    'one c ends',
    'one batch 2 ended',
  ])
})

test('in batches a container starts after its node of the same or an earlier batch', async () => {
  const { log } = await run([{ name: 'all', hosts: ['c1', 'n1', 'c2'], batches: [['c1', 'n1'], ['c2']] }], {
    nodes: { c1: 'n1', c2: 'n1' },
    slow: { n1: 20 },
  })
  assert.deepEqual(
    log.filter((line) => line.endsWith('begins')),
    ['all n1 begins', 'all c1 begins', 'all c2 begins'],
  )
})

test('a host that waits for another gives its fork away', async () => {
  let meet = (): void => undefined
  const met = new Promise<void>((resolve) => {
    meet = resolve
  })
  const { log } = await run([{ name: 'all', hosts: ['a', 'b'] }], {
    forks: 1,
    meet: async (host, away) => (host === 'a' ? await away(() => met) : meet()),
  })
  assert.deepEqual(log, ['all a begins', 'all b begins', 'all b ends', 'all a ends'])
})
