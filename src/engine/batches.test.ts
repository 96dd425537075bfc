/** Batches of hosts (`serial`), and the failures that end a run on all hosts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import { modules } from '../modules/catalogue.ts'
import { fail } from '../modules/fail/module.ts'
import { folderOfTests, type LocalRun } from './testing/local-run.ts'

const hosts = (names: string) => ({ inventories: [names], extraVars: ['connection=local'] })

/** `HOST TASK OUTCOME` of every finished task, and the batches, in order. */
function steps({ events }: LocalRun): readonly string[] {
  return events.flatMap((event) => {
    if (event.type === 'batch.started')
      return [`batch ${event.batch} of ${event.of}: ${event.hosts.join(' ')}`]
    return event.type === 'task.finished' ? [`${event.host} ${event.task.name} ${event.outcome}`] : []
  })
}

function warnings({ events }: LocalRun): readonly string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
}

describe('batches and limits of failures', () => {
  const folder = folderOfTests()

  /** A play of one task that fails on some hosts, and a later play. */
  const failing = (keywords: string, names: readonly string[], then = ''): string => `
- hosts: all
  name: First
  ${keywords}
  tasks:
    - name: task
      fail: { msg: no }
      when: inventory_hostname in ${JSON.stringify(names)}
${then}
- hosts: all
  name: Second
  tasks:
    - name: later
      debug: { msg: reached }
`

  test('a batch runs the whole play, handlers included, before the next one starts', async () => {
    const playbook = `
- hosts: all
  serial: [1, 40%]
  tasks:
    - name: write
      copy: { content: "x", dest: "${folder.path}/a-{{ inventory_hostname }}" }
      notify: handler
  post_tasks:
    - name: last
      debug: { msg: "{{ json play_hosts }} {{ json batch_hosts }}" }
  handlers:
    - name: handler
      debug: { msg: handled }
`
    const run = await folder.run(playbook, { ...hosts('a,b,c,d,e'), forks: 1 })
    const part = (name: string): string[] => [
      `${name} write changed`,
      `${name} handler ok`,
      `${name} last ok`,
    ]
    assert.deepEqual(steps(run), [
      'batch 1 of 3: a',
      ...part('a'),
      'batch 2 of 3: b c',
      ...part('b'),
      ...part('c'),
      'batch 3 of 3: d e',
      ...part('d'),
      ...part('e'),
    ])
    assert.equal(run.messages.at(-1), '["a","b","c","d","e"] ["d","e"]')
    assert.equal(run.exitCode, 0)
  })

  test('a share of the hosts is rounded down, but a batch has at least one', async () => {
    const batches = async (serial: string, names: string): Promise<readonly string[]> => {
      const run = await folder.run(`- hosts: all\n  serial: ${serial}\n  tasks: [{ debug: { msg: x } }]\n`, {
        ...hosts(names),
        check: true,
      })
      return run.events.flatMap((event) => (event.type === 'batch.started' ? [event.hosts.join(' ')] : []))
    }
    assert.deepEqual(await batches('50%', 'a,b,c,d,e'), ['a b', 'c d', 'e'])
    assert.deepEqual(await batches('10%', 'a,b'), ['a', 'b'])
    assert.deepEqual(await batches('5', 'a,b'), [])
    assert.deepEqual(await batches('[2, 1]', 'a,b,c,d'), ['a b', 'c', 'd'])
  })

  test('with one host at a time the first failure ends the run, and names the hosts that stay untouched', async () => {
    const run = await folder.run(failing('serial: 1', ['b']), hosts('a,b,c,d'))
    assert.deepEqual(steps(run), ['batch 1 of 4: a', 'a task skipped', 'batch 2 of 4: b', 'b task failed'])
    assert.deepEqual(warnings(run), [
      'stopping the run: the only host of batch 2 of 4 failed; not started: c, d',
    ])
    assert.equal(run.exitCode, 7)
  })

  test('a batch continues the run as long as one of its hosts has not failed', async () => {
    const run = await folder.run(failing('serial: 2', ['a', 'c', 'd']), { ...hosts('a,b,c,d,e'), forks: 1 })
    assert.deepEqual(steps(run), [
      'batch 1 of 3: a b',
      'a task failed',
      'b task skipped',
      'batch 2 of 3: c d',
      'c task failed',
      'd task failed',
    ])
    assert.deepEqual(warnings(run), ['stopping the run: all 2 hosts of batch 2 of 3 failed; not started: e'])
  })

  test('hosts that failed in an earlier play count for no batch', async () => {
    const early = `- hosts: all\n  tasks:\n    - fail: { msg: early }\n      when: inventory_hostname != "c"\n`
    const run = await folder.run(early + failing('serial: 1', []), hosts('a,b,c'))
    assert.equal(run.outcomes['later'], 'ok')
    const limited = await folder.run(early + failing('max_fail_percentage: 50', []), hosts('a,b,c'))
    assert.equal(limited.outcomes['later'], 'ok')
    assert.deepEqual(warnings(limited), [])
  })

  test('max_fail_percentage ends the run when more hosts of a batch have failed', async () => {
    const run = async (limit: number, names: readonly string[], serial = ''): Promise<LocalRun> =>
      folder.run(failing(`max_fail_percentage: ${limit}\n  ${serial}`, names), {
        ...hosts('a,b,c,d'),
        forks: 1,
      })
    const equal = await run(50, ['a', 'b'])
    assert.equal(equal.outcomes['later'], 'ok')
    const more = await run(49, ['a', 'b'])
    assert.deepEqual(steps(more), ['a task failed', 'b task failed'])
    assert.deepEqual(warnings(more), [
      'stopping the run: 2 of 4 hosts of play "First" failed, more than the 49% of max_fail_percentage',
    ])
    assert.equal(more.exitCode, 7)
    assert.deepEqual(warnings(await run(0, ['b'], 'serial: 2')), [
      'stopping the run: 1 of 2 hosts of batch 1 of 2 failed, more than the 0% of max_fail_percentage; not started: c, d',
    ])
  })

  test('an unreachable host counts as failed', async () => {
    folder.write(
      'gone.yml',
      'all: { hosts: { a: { connection: openssh, address: 127.0.0.1, port: 1 }, b: { connection: local } } }\n',
    )
    const playbook = failing('max_fail_percentage: 0\n  serial: 1', [])
    const run = await folder.run(
      playbook.replace('fail: { msg: no }\n      when: inventory_hostname in []', 'command: "true"'),
      {
        inventories: [`${folder.path}/gone.yml`],
      },
    )
    assert.deepEqual(warnings(run), [
      'stopping the run: 1 of 1 hosts of batch 1 of 2 failed, more than the 0% of max_fail_percentage; not started: b',
    ])
    assert.equal(run.exitCode, 3)
  })

  test('any_errors_fatal of a task ends the run, and of a play not for a task that sets false', async () => {
    const task = (play: string, own: string): string =>
      failing(play, ['a']).replace('      when:', `      any_errors_fatal: ${own}\n      when:`)
    const ended = await folder.run(task('strategy: free', 'true'), hosts('a,b'))
    assert.equal(ended.outcomes['later'], undefined)
    assert.deepEqual(warnings(ended), [
      'stopping the run on all hosts: this host failed, and "task" sets any_errors_fatal',
    ])
    const other = await folder.run(task('any_errors_fatal: true', 'false'), hosts('a,b'))
    assert.equal(other.outcomes['later'], 'ok')
    assert.equal(other.exitCode, 7)
  })

  test('a container in an earlier batch than its node is a mistake with a place', async () => {
    folder.write(
      'nodes.yml',
      'all: { hosts: { ct1: { connection: pct, node: pve1, ctid: 101 }, pve1: { connection: local } } }\n',
    )
    const playbook = '- hosts: all\n  name: All\n  serial: 1\n  tasks: [{ debug: { msg: x } }]\n'
    const inventories = [`${folder.path}/nodes.yml`]
    await assert.rejects(folder.run(playbook, { inventories }), (error: unknown) => {
      assert.ok(error instanceof InputError)
      assert.deepEqual(report(error.problems), [
        'site.yml:3:11 container-before-node: play "All" has ct1 in batch 1 and its node pve1 in batch 2, but a container starts after its node (set "after: node", which puts containers into the batch of their node)',
      ])
      return true
    })
  })

  describe('of nodes with their containers', () => {
    const fleet = (): readonly string[] => {
      const container = (node: string, ctid: number): string =>
        `ct${ctid}: { connection: local, node: ${node}, ctid: ${ctid} }`
      const nodes = ['pve1', 'pve2'].map((node) => `${node}: { connection: local }`)
      const containers = [container('pve1', 101), container('pve2', 201), container('pve1', 102)]
      folder.write('fleet.yml', `all: { hosts: { ${[...nodes, ...containers].join(', ')} } }\n`)
      return [`${folder.path}/fleet.yml`]
    }
    const play = (fails: string, module = 'fail'): string => `
- hosts: all
  name: All
  after: node
  serial: 1
  max_fail_percentage: 0
  tasks:
    - name: first
      ${module}: { msg: no }
      when: inventory_hostname == "${fails}"
    - name: second
      debug: { msg: x }
`
    const batches = ['batch 1 of 2: pve1 ct101 ct102', 'batch 2 of 2: pve2 ct201'] as const
    const both = (name: string): readonly string[] => [`${name} first skipped`, `${name} second ok`]

    test('a container belongs to the batch of its node, and only other hosts count', async () => {
      const run = await folder.run(play('none'), { inventories: fleet(), forks: 1 })
      assert.deepEqual(steps(run), [
        batches[0],
        ...both('pve1'),
        ...both('ct101'),
        ...both('ct102'),
        batches[1],
        ...both('pve2'),
        ...both('ct201'),
      ])
      const limited = await folder.run(play('none'), { inventories: fleet(), forks: 1, limit: 'pve2:ct*' })
      assert.deepEqual(
        limited.events.flatMap((event) => (event.type === 'batch.started' ? [event.hosts.join(' ')] : [])),
        ['pve2 ct201', 'ct101', 'ct102'],
      )
    })

    test('a container that fails leaves the next nodes untouched, and its neighbours finish', async () => {
      const run = await folder.run(play('ct101'), { inventories: fleet(), forks: 1 })
      assert.deepEqual(steps(run), [batches[0], ...both('pve1'), 'ct101 first failed', ...both('ct102')])
      assert.deepEqual(warnings(run), [
        'stopping the run: 1 of 3 hosts of batch 1 of 2 failed, more than the 0% of max_fail_percentage; not started: pve2, ct201',
      ])
    })

    test('a node that fails leaves its containers untouched, unless it only fails a verification', async () => {
      const lost = await folder.run(play('pve1'), { inventories: fleet(), forks: 1 })
      assert.deepEqual(steps(lost), [batches[0], 'pve1 first failed'])
      const verdict = { ...fail, name: 'verdict', verifies: true }
      const unsound = await folder.run(
        play('pve1', 'verdict'),
        { inventories: fleet(), forks: 1 },
        { modules: [...modules, verdict] },
      )
      assert.deepEqual(steps(unsound), [batches[0], 'pve1 first failed', ...both('ct101'), ...both('ct102')])
      assert.equal(unsound.exitCode, 7)
    })
  })
})
