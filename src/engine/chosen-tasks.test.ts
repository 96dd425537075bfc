/** Options that choose which tasks of a run start. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import type { StepAnswer } from '../task/confirmations.ts'
import { blockPlay, fail, say, steps } from './testing/block-plays.ts'
import { type Folder, localFolder } from './testing/local-run.ts'

const two = { inventories: ['a,b'], extraVars: ['connection=local'] }

describe('the tasks of a run', () => {
  let folder: Folder
  before(() => {
    folder = localFolder()
    folder.write('roles/web/tasks/main.yml', `- ${say('Install')}\n- ${say('Start it')}\n`)
  })
  after(() => folder.remove())

  describe('--start-at-task', () => {
    const playbook = `- hosts: all
  name: First
  tasks: [${say('Early')}]
- hosts: all
  name: Second
  roles: [web]
  tasks:
    - ${say('Between')}
    - block:
        - ${say('In the block')}
        - ${fail('Breaks')}
      rescue:
        - ${say('Save')}
      always:
        - ${say('Clean up')}
`
    for (const [name, expected] of [
      ['Between', ['Between ok', 'In the block ok', 'Breaks failed (rescued)', 'Save ok', 'Clean up ok']],
      ['web : Start it', ['web : Start it ok', 'Between ok', 'In the block ok']],
      ['Start*', ['web : Start it ok', 'Between ok']],
      ['Breaks', ['Breaks failed (rescued)', 'Save ok', 'Clean up ok']],
      ['Clean up', ['Clean up ok']],
      ['Early', ['Early ok', 'web : Install ok']],
    ] as const) {
      test(`begins with "${name}" and leaves out all tasks before it`, async () => {
        const run = await folder.run(playbook, { startAt: name })
        assert.deepEqual(steps(run).slice(0, expected.length), expected)
      })
    }

    test('a name that no task has, and a task under rescue, are mistakes', async () => {
      const problemsOf = async (startAt: string): Promise<InputError['problems']> => {
        const error: unknown = await folder.run(playbook, { startAt }).catch((thrown: unknown) => thrown)
        assert.ok(error instanceof InputError)
        return error.problems
      }
      const [typo] = await problemsOf('Betwen')
      assert.equal(typo?.message, 'there is no task "Betwen"')
      assert.equal(typo.hint, 'did you mean "Between"?')
      const [rescue] = await problemsOf('Save')
      assert.equal(rescue?.message, 'a run cannot start at "Save", which is under "rescue"')
      assert.equal(rescue.where?.line, 13)
    })

    test('with --tags it begins with a task that has one of them', async () => {
      const tagged = `- hosts: all
  tasks:
    - { name: Same, debug: { msg: x }, tags: one }
    - { name: Same, debug: { msg: x }, tags: two }
`
      const run = await folder.run(tagged, { startAt: 'Same', tags: { tags: ['two'], skipTags: [] } })
      assert.deepEqual(steps(run), ['Same ok'])
      assert.equal(run.events.find((event) => event.type === 'task.finished')?.task.id.endsWith('1]'), true)
    })
  })

  describe('--step', () => {
    const asked = (answers: readonly StepAnswer[]) => {
      const questions: string[] = []
      const step = (question: string): Promise<StepAnswer> => {
        questions.push(question)
        return Promise.resolve(answers[questions.length - 1] ?? 'skip')
      }
      return { questions, dependencies: { step, confirm: () => Promise.resolve(false) } }
    }
    const playbook = `${blockPlay(`
- ${say('One')}
- { name: Two, debug: { msg: x }, changed_when: true, notify: Tell }
- { name: Never, debug: { msg: x }, when: false }
- { name: Three, debug: { msg: x }, loop: [1, 2] }
`)}  handlers:\n    - ${say('Tell')}\n`

    test('asks once for each task that would run, and leaves out those that are declined', async () => {
      const { questions, dependencies } = asked(['run', 'skip', 'run'])
      const run = await folder.run(playbook, {}, dependencies)
      assert.deepEqual(questions, ['Run "One"?', 'Run "Two"?', 'Run "Three"?'])
      assert.deepEqual(steps(run), ['One ok', 'Two skipped', 'Never skipped', 'Three ok'])
      const why = run.events.flatMap((event) =>
        event.type === 'task.finished' && event.task.name === 'Two' ? [event.detail.why] : [],
      )
      assert.deepEqual(why, ['the answer was no (--step)'])
    })

    test('asks before a handler, and a declined one stays pending for the next run', async () => {
      const { questions, dependencies } = asked(['skip', 'run', 'skip', 'skip'])
      const changing = playbook.replace('debug: { msg: x }, changed_when: true', "command: 'true'")
      const first = await folder.run(changing, {}, dependencies)
      assert.deepEqual(questions.at(-1), 'Run "Tell"?')
      assert.deepEqual(steps(first), ['One skipped', 'Two changed', 'Never skipped', 'Three skipped'])
      const next = await folder.run(changing.replace(', notify: Tell', ''))
      assert.equal(next.outcomes['Tell'], 'ok')
    })

    test('asks no more after "continue", and an answer counts for all hosts', async () => {
      const { questions, dependencies } = asked(['skip', 'all'])
      const run = await folder.run(playbook, two, dependencies)
      assert.deepEqual(questions, ['Run "One"?', 'Run "Two"?'])
      const outcomes = run.events.flatMap((event) =>
        event.type === 'task.finished' ? [`${event.host} ${event.task.name} ${event.outcome}`] : [],
      )
      for (const host of ['a', 'b'])
        assert.deepEqual(
          outcomes.filter((line) => line.startsWith(host)),
          [
            `${host} One skipped`,
            `${host} Two changed`,
            `${host} Never skipped`,
            `${host} Three ok`,
            `${host} Tell ok`,
          ],
        )
    })
  })

  describe('handlers after a failure', () => {
    const playbook = (more: string): string =>
      `${blockPlay(
        `
- { name: Change, command: 'true', notify: Tell }
- { name: Break, fail: { msg: no }, when: 'inventory_hostname != "b"' }
- ${say('Later')}
`,
        more,
      )}  handlers:\n    - ${say('Tell')}\n`

    test('wait for the next run', async () => {
      const run = await folder.run(playbook(''))
      assert.deepEqual(steps(run), ['Change changed', 'Break failed'])
    })

    for (const [what, more, request] of [
      ['--force-handlers', '', { forceHandlers: true }],
      ['force_handlers', '  force_handlers: true\n', {}],
    ] as const) {
      test(`run at once with ${what}, and the run still fails`, async () => {
        const run = await folder.run(playbook(more), request)
        assert.deepEqual(steps(run), ['Change changed', 'Break failed', 'Tell ok'])
        assert.equal(run.exitCode, 7)
      })
    }

    test('run with force_handlers on hosts that a failure elsewhere has stopped', async () => {
      const run = await folder.run(playbook('  force_handlers: true\n  any_errors_fatal: true\n'), two)
      const told = run.events.flatMap((event) =>
        event.type === 'task.finished' && event.task.name === 'Tell'
          ? [`${event.host} ${event.outcome}`]
          : [],
      )
      assert.deepEqual(told.sort(), ['a ok', 'b ok'])
    })

    test('a dry run shows them with force_handlers too', async () => {
      const run = await folder.run(playbook('  force_handlers: true\n'), { check: true })
      assert.equal(run.outcomes['Tell'], 'unknown')
    })
  })
})
