import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { type HostName, hostName } from '../base/brand.ts'
import type { OnceEnd, Turn, Wish } from '../task/once.ts'
import { playsOf } from '../language/testing/playbooks.ts'
import { taskOf } from '../task/testing/test-units.ts'
import { createOnceGates, type HostGate } from './once-gates.ts'

const task = taskOf('write', { runOnce: true })
const end: OnceEnd = { kind: 'succeeded', result: {}, exitCode: undefined, facts: {}, begun: false }

interface Asked {
  readonly waited: readonly string[]
  turn: Turn | undefined
}

const ending = taskOf('meta', { meta: 'end_play' })

interface Voted {
  readonly waited: readonly string[]
  decided: Wish | undefined
}

function batchOf(names: readonly string[], nodes: Readonly<Record<string, string>> = {}) {
  const failed = new Set<HostName>()
  const interruption = new AbortController()
  const gates = createOnceGates({
    nodeOf: (host) => (nodes[host] === undefined ? undefined : hostName(nodes[host])),
    sourceOf: () => undefined,
    gone: ({ host }) => failed.has(host),
    signal: interruption.signal,
  })
  const hosts = names.map(hostName)
  const batch = { number: 1, of: 1, hosts }
  const [read] = playsOf({ '/p/site.yml': '- hosts: all\n' })
  assert.ok(read)
  const playbook = { plays: [], reads: new Set<string>() }
  const play = {
    name: 'Play',
    pattern: 'all',
    hostsKnown: true,
    additions: [],
    doubts: new Map(),
    after: undefined,
    play: read,
    playbook,
    hosts,
    batches: [batch],
  }
  const away: string[] = []
  const gate = (name: string): HostGate =>
    gates.of({ play, batch, host: hostName(name) }, async (wait) => {
      away.push(name)
      const found = await wait()
      away.splice(away.indexOf(name), 1)
      return found
    })
  return {
    gates,
    gate,
    away,
    interrupt: () => interruption.abort(new Error('interrupted')),
    fail(name: string): void {
      failed.add(hostName(name))
      gates.wake()
    },
    closed: (number: number): boolean => gates.closed({ play, batch: { ...batch, number } }),
    vote(name: string, wish: Wish, at = ending): Voted {
      const waited: string[] = []
      const voted: Voted = { waited, decided: undefined }
      const options = { wish, stopped: () => false, waiting: (other: string) => void waited.push(other) }
      void gate(name)
        .vote(at, options)
        .then((decided) => (voted.decided = decided))
      return voted
    },
    ask(name: string, stopped = (): boolean => false): Asked {
      const waited: string[] = []
      const asked: Asked = { waited, turn: undefined }
      const turn = gate(name).turn(task, { stopped, waiting: (runner) => void waited.push(runner) })
      void turn.then((decided) => (asked.turn = decided))
      return asked
    },
  }
}

test('the first host runs the task, and the others wait without a fork until it has ended', async () => {
  const batch = batchOf(['a', 'b', 'c'])
  const b = batch.ask('b')
  await turnOfLoop()
  assert.deepEqual([b.turn, b.waited, batch.away], [undefined, ['a'], ['b']])
  const a = batch.ask('a')
  await turnOfLoop()
  assert.deepEqual([a.turn, b.turn], [{ kind: 'run' }, undefined])
  batch.gate('a').ended(task, end)
  await turnOfLoop()
  assert.deepEqual([b.turn, batch.away], [{ kind: 'done', by: 'a', end }, []])
  const c = batch.ask('c')
  await turnOfLoop()
  assert.deepEqual([c.turn, c.waited], [{ kind: 'done', by: 'a', end }, []])
})

test('the next host runs the task if those before it failed, passed it or left the play', async () => {
  for (const go of ['failed', 'passed', 'left'] as const) {
    const batch = batchOf(['a', 'b'])
    const b = batch.ask('b')
    if (go === 'failed') batch.fail('a')
    else if (go === 'passed') batch.gate('a').passed(task)
    else batch.gate('a').leave()
    await turnOfLoop()
    assert.deepEqual(b.turn, { kind: 'run' }, go)
  }
})

test('the next host takes over from one that was not reached, but only if nothing was sent to it', async () => {
  for (const begun of [false, true]) {
    const batch = batchOf(['a', 'b'])
    const [, b] = [batch.ask('a'), batch.ask('b')]
    const lost = { ...end, begun, kind: 'unreachable' as const }
    batch.gate('a').ended(task, lost)
    await turnOfLoop()
    assert.deepEqual(b.turn, begun ? { kind: 'done', by: 'a', end: lost } : { kind: 'run' })
  }
})

test('a host that fails in the middle of the task has failed it for all', async () => {
  const batch = batchOf(['a', 'b'])
  const [, b] = [batch.ask('a'), batch.ask('b')]
  batch.gate('a').leave()
  await turnOfLoop()
  assert.ok(b.turn?.kind === 'done')
  assert.equal(b.turn.end.result['msg'], 'a failed before the task ended')
})

test('nodes come before their containers, which start after them', async () => {
  const batch = batchOf(['c1', 'n1', 'h1'], { c1: 'n1' })
  const h1 = batch.ask('h1')
  const n1 = batch.ask('n1')
  await turnOfLoop()
  assert.deepEqual([n1.turn, h1.turn], [{ kind: 'run' }, undefined])
})

test('the play ends for all hosts if one wants it, and otherwise continues once all have voted', async () => {
  const wishes: readonly (readonly [first: Wish, second: Wish, decided: Wish['kind']])[] = [
    [{ kind: 'continue' }, { kind: 'continue' }, 'continue'],
    [{ kind: 'continue' }, { kind: 'end' }, 'end'],
    [{ kind: 'end' }, { kind: 'continue' }, 'end'],
    [{ kind: 'unknown', why: 'x' }, { kind: 'continue' }, 'unknown'],
    [{ kind: 'unknown', why: 'x' }, { kind: 'end' }, 'end'],
  ]
  for (const [first, second, decided] of wishes) {
    const batch = batchOf(['a', 'b', 'c'])
    const a = batch.vote('a', first)
    await turnOfLoop()
    assert.equal(a.decided?.kind, first.kind === 'end' ? 'end' : undefined)
    assert.deepEqual([a.waited, batch.away], first.kind === 'end' ? [[], []] : [['b'], ['a']])
    const b = batch.vote('b', second)
    batch.fail('c')
    await turnOfLoop()
    assert.deepEqual([a.decided?.kind, b.decided?.kind, batch.away], [decided, decided, []])
  }
})

test('a host does not wait for the votes of hosts that failed, passed, left, or start after it', async () => {
  for (const go of ['failed', 'passed', 'left'] as const) {
    const batch = batchOf(['a', 'b'])
    const b = batch.vote('b', { kind: 'continue' })
    await turnOfLoop()
    assert.equal(b.decided, undefined)
    if (go === 'failed') batch.fail('a')
    else if (go === 'passed') batch.gate('a').passed(ending)
    else batch.gate('a').leave()
    await turnOfLoop()
    assert.deepEqual(b.decided, { kind: 'continue' }, go)
  }
  const nodes = batchOf(['c1', 'n1', 'c2'], { c1: 'n1', c2: 'n1' })
  const n1 = nodes.vote('n1', { kind: 'continue' })
  await turnOfLoop()
  assert.equal(n1.decided?.kind, 'continue')
  const c1 = nodes.vote('c1', { kind: 'continue' })
  await turnOfLoop()
  assert.deepEqual([c1.decided, c1.waited], [undefined, ['c2']])
})

test('only end_play closes later batches, and an interruption ends the waiting for votes', async () => {
  for (const meta of ['end_play', 'end_batch'] as const) {
    const batch = batchOf(['a', 'b'])
    batch.vote('a', { kind: 'end' }, taskOf('meta', { meta }))
    await turnOfLoop()
    assert.deepEqual([batch.closed(1), batch.closed(2)], [false, meta === 'end_play'])
  }
  const batch = batchOf(['a', 'b'])
  const a = batch.vote('a', { kind: 'continue' })
  batch.interrupt()
  await turnOfLoop()
  assert.deepEqual(a.decided, { kind: 'stopped' })
})

test('waiting ends if no new task may start', async () => {
  const stopping = batchOf(['a', 'b'])
  let stopped = false
  const b = stopping.ask('b', () => stopped)
  await turnOfLoop()
  stopped = true
  stopping.gates.wake()
  await turnOfLoop()
  assert.deepEqual(b.turn, { kind: 'stopped' })
  const interrupted = batchOf(['a', 'b'])
  const other = interrupted.ask('b')
  interrupted.interrupt()
  await turnOfLoop()
  assert.deepEqual(other.turn, { kind: 'stopped' })
})
