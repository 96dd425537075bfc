/** Plays with `strategy: linear`: all hosts of a batch finish a task before the next one starts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blockPlay, fail, say } from './testing/block-plays.ts'
import { folderOfTests, type LocalRun } from './testing/local-run.ts'

const hosts = (names: string) => ({ inventories: [names], extraVars: ['connection=local'] })
const linear = '  strategy: linear\n'

/** `HOST TASK` of each task that was not skipped, in the order of their ends. */
function order({ events }: LocalRun): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'task.finished' && event.outcome !== 'skipped' ? [`${event.host} ${event.task.name}`] : [],
  )
}

/** The tasks in the order in which the first host started and the last one ended each. */
function isLockstep(run: LocalRun, tasks: readonly string[]): boolean {
  const seen = order(run).map((line) => line.split(' ')[1] ?? '')
  const places = seen.map((task) => tasks.indexOf(task)).filter((at) => at >= 0)
  return places.every((place, index) => index === 0 || place >= (places[index - 1] ?? 0))
}

describe('strategy: linear', () => {
  const folder = folderOfTests()
  const slow = (name: string, on: string): string =>
    `{ name: ${name}, command: !cel 'inventory_hostname == "${on}" ? "sleep 0.5" : "true"' }`
  const tasks = `
- ${slow('one', 'a')}
- ${slow('two', 'b')}
- ${say('three')}
`

  test('no host is a task ahead', async () => {
    const free = await folder.run(blockPlay(tasks), hosts('a,b,c'))
    assert.equal(isLockstep(free, ['one', 'two', 'three']), false)
    const run = await folder.run(blockPlay(tasks, linear), { ...hosts('a,b,c'), forks: 2 })
    assert.equal(order(run).length, 9)
    assert.ok(isLockstep(run, ['one', 'two', 'three']), order(run).join(', '))
    assert.equal(run.exitCode, 0)
  })

  test('a task sees what other hosts have registered in the task before it, in a dry run too', async () => {
    for (const check of [false, true]) {
      const run = await folder.run(
        blockPlay(
          `
- { name: asks, command: { cmd: !cel '"sleep " + (inventory_hostname == "b" ? "0.5" : "0")', reads: true }, register: asked }
- ${say('sees', '{{ hostvars.b.asked.rc }}')}
`,
          linear,
        ),
        { ...hosts('a,b'), check },
      )
      assert.deepEqual(run.messages, ['0', '0'])
    }
  })

  test('hosts that fail, rescue, or end the play do not hold up the others', async () => {
    const run = await folder.run(
      blockPlay(
        `
- { name: end, meta: end_host, when: inventory_hostname == "d" }
- { name: breaks, fail: { msg: no }, when: inventory_hostname == "a" }
- block:
    - { name: bad, fail: { msg: no }, when: inventory_hostname == "b" }
    - ${say('inside')}
  rescue: [${say('saves')}]
- ${say('after')}
`,
        linear,
      ),
      hosts('a,b,c,d'),
    )
    assert.deepEqual(
      order(run).filter((line) => /inside|saves|after/.test(line)),
      ['c inside', 'b saves', ...order(run).filter((line) => line.endsWith('after'))],
    )
    assert.deepEqual(
      order(run)
        .filter((line) => line.endsWith('after'))
        .toSorted(),
      ['b after', 'c after'],
    )
    assert.equal(run.exitCode, 7)
  })

  test('with any_errors_fatal no host starts the next task', async () => {
    const run = await folder.run(
      blockPlay(
        `
- { name: breaks, fail: { msg: no }, when: inventory_hostname == "b" }
- ${say('never')}
`,
        `${linear}  any_errors_fatal: true\n`,
      ),
      hosts('a,b,c'),
    )
    assert.deepEqual(order(run), ['b breaks'])
  })

  test('with handlers, run_once, batches and blocks the play comes to its end', async () => {
    const run = await folder.run(
      `${blockPlay(
        `
- { name: change, command: 'true', notify: handler, when: inventory_hostname != "a" }
- { name: flush, meta: flush_handlers }
- { name: once, command: 'true', run_once: true, throttle: 1 }
- block: [${fail('bad', ', when: false')}]
  always: [${say('always')}]
`,
        `${linear}  serial: 2\n`,
      )}  handlers: [${say('handler')}]\n`,
      { ...hosts('a,b,c,d'), forks: 2 },
    )
    assert.equal(run.exitCode, 0)
    assert.deepEqual(order(run).toSorted(), [
      'a always',
      'a flush',
      'a once',
      'b always',
      'b change',
      'b flush',
      'b handler',
      'c always',
      'c change',
      'c flush',
      'c handler',
      'c once',
      'd always',
      'd change',
      'd flush',
      'd handler',
    ])
  })
})
