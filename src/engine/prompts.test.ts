/** `vars_prompt` in a run on this machine. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import type { RunDependencies, RunRequest } from './request.ts'
import { folderOfTests } from './testing/local-run.ts'

describe('vars_prompt', () => {
  const folder = folderOfTests()

  /** Runs with a user who types these lines, and returns the questions; hidden ones end with `*`. */
  async function run(
    playbook: string,
    lines: readonly (string | undefined)[],
    request: Partial<RunRequest> = {},
  ) {
    const questions: string[] = []
    const left = [...lines]
    const ask: RunDependencies['ask'] = (question, secret) => {
      questions.push(`${question}${secret ? '*' : ''}`)
      assert.ok(left.length > 0, 'an unexpected question')
      return Promise.resolve(left.shift())
    }
    const ended = await folder.run(playbook, request, { ask })
    return { ...ended, questions }
  }

  const play = (prompts: string, more = ''): string =>
    `- hosts: localhost\n  vars: { who: Bob }\n${more}  vars_prompt: ${prompts}\n  tasks: [{ name: show, debug: { msg: '{{who}}' } }]\n`

  test('the answer is a variable of the play', async () => {
    const open = await run(play("[{ name: who, prompt: 'Who is it?', private: false }]"), ['{{Ada}}'])
    assert.deepEqual([open.questions, open.messages], [['Who is it?: '], ['{{Ada}}']])
  })

  /** Writes the answer to a file, and returns the questions and the text of the file; no event contains it. */
  async function written(prompts: string, line: string): Promise<readonly unknown[]> {
    const file = join(folder.path, 'answer')
    const name = /name: (\w+)/.exec(prompts)?.[1]
    const task = `- { name: show, copy: { content: '{{${name}}}', dest: ${file} } }`
    const ran = await run(play(prompts).replace(/tasks: .*/, `tasks:\n    ${task}`), [line])
    assert.equal(ran.exitCode, 0)
    const text = readFileSync(file, 'utf8')
    assert.ok(!JSON.stringify(ran.events).includes(text))
    return [ran.questions, text]
  }

  test('it is a secret unless private is false; a name of a secret is one in any case', async () => {
    assert.deepEqual(await written('[{ name: who }]', 'hunter22'), [['who: *'], 'hunter22'])
    assert.deepEqual(await written('[{ name: db_password, private: false }]', 'hunter23'), [
      ['db_password: *'],
      'hunter23',
    ])
  })

  test('Enter takes the default, which is only shown if the answer is no secret', async () => {
    const open = await run(play('[{ name: who, default: Eve, private: false }]'), [''])
    assert.deepEqual([open.questions, open.messages], [['who [Eve]: '], ['Eve']])
    assert.deepEqual(await written('[{ name: who, default: Eveline }]', ''), [
      ['who [Enter for the default]: *'],
      'Eveline',
    ])
    assert.deepEqual((await run(play('[{ name: who, private: false }]'), [''])).messages, [''])
  })

  test('confirm asks until both answers are equal', async () => {
    const found = await run(play('[{ name: who, confirm: true, private: false }]'), ['a', 'b', 'c', 'c'])
    assert.deepEqual(found.questions, ['who: ', 'Again: who: ', 'The answers differ. who: ', 'Again: who: '])
    assert.deepEqual(found.messages, ['c'])
  })

  test('-e answers a question; plays that ask the same share the answer; plays without hosts ask nothing', async () => {
    assert.deepEqual((await run(play('[{ name: who }]'), [], { extraVars: ['who=Zoe'] })).messages, ['Zoe'])
    const twice = play('[{ name: who, private: false }]')
    const other = play('[{ name: who, prompt: Once more, private: false }]')
    const found = await run(`${twice}${twice}${other}`, ['Ada', 'Ann'])
    assert.deepEqual(
      [found.questions, found.messages],
      [
        ['who: ', 'Once more: '],
        ['Ada', 'Ada', 'Ann'],
      ],
    )
    const none = play('[{ name: who }]').replace('localhost', 'nobody')
    assert.deepEqual((await run(none, [])).questions, [])
  })

  test('an answer may name the hosts', async () => {
    const found = await run(
      play('[{ name: who, private: false }]').replace('hosts: localhost', 'hosts: "{{who}}"'),
      ['localhost'],
    )
    assert.deepEqual(found.messages, ['localhost'])
  })

  test('a plan asks once, and so does its run; another answer is not part of the plan', async () => {
    const file = join(folder.path, 'planned')
    folder.write('write.yml', `- copy: { dest: "${file}{{ number }}", content: '{{ who }}' }\n`)
    const tasks = "- include_tasks: write.yml\n      loop: [1, 2]\n      vars: { number: '{{ item }}' }"
    const text = play('[{ name: who }]').replace(/tasks: .*/, `tasks:\n    ${tasks}`)
    const typed = (
      answer: string,
    ): Required<Pick<RunDependencies, 'ask'>> & { readonly count: () => number } => {
      let asked = 0
      const ask = (): Promise<string> => {
        asked += 1
        return Promise.resolve(answer)
      }
      return { ask, count: () => asked }
    }
    const first = typed('hunter22')
    const { plan } = await folder.plan(text, {}, { ask: first.ask })
    assert.ok(!JSON.stringify(plan).includes('hunter22'))
    assert.equal((await folder.apply(plan, {}, { ask: typed('another').ask })).exitCode, 9)
    const second = typed('hunter22')
    assert.equal((await folder.apply(plan, {}, { ask: second.ask })).exitCode, 0)
    assert.deepEqual([first.count(), second.count()], [1, 1])
    assert.deepEqual(
      [readFileSync(`${file}1`, 'utf8'), readFileSync(`${file}2`, 'utf8')],
      ['hunter22', 'hunter22'],
    )
  })

  test('roles check the answer before anything connects', async () => {
    folder.write('roles/r/meta/arguments.yml', 'type: object\nproperties: { who: { enum: [Ada] } }\n')
    folder.write('roles/r/tasks/main.yml', '- debug: { msg: "{{who}}" }\n')
    const playbook = play('[{ name: who, private: false }]', '  roles: [r]\n')
    assert.deepEqual((await run(playbook, ['Ada'])).messages, ['Ada', 'Ada'])
    await assert.rejects(run(playbook, ['Eve']), InputError)
  })

  test('mistakes in the files are reported before a question', async () => {
    const found = run(play('[{ name: who }]').replace('{{who}}', '{{woh}}'), [])
    await assert.rejects(found, (error) => {
      assert.ok(error instanceof InputError)
      assert.match(report(error.problems).join(), /"woh" is not defined/)
      return true
    })
  })

  const mistakes: readonly (readonly [prompts: string, message: string])[] = [
    [
      '[{ name: who, private: false }]',
      'site.yml:3:25 no-terminal: cannot ask for "who": there is no terminal, or --output is jsonl (pass it with -e who=VALUE)',
    ],
    [
      '[{ name: who }]',
      'site.yml:3:25 no-terminal: cannot ask for "who": there is no terminal, or --output is jsonl (set it in a file: -e @FILE)',
    ],
  ]
  for (const [prompts, message] of mistakes) {
    test(`without a terminal, ${prompts} is an error`, async () => {
      await assert.rejects(folder.run(play(prompts)), (error) => {
        assert.ok(error instanceof InputError)
        assert.deepEqual(report(error.problems), [message])
        return true
      })
    })
  }

  test('without a terminal, a default is the answer; a question that the user cancels ends the run', async () => {
    const prompts = play('[{ name: who, default: Eve, private: false }]')
    assert.deepEqual((await folder.run(prompts)).messages, ['Eve'])
    await assert.rejects(run(prompts, [undefined]), (error) => {
      assert.ok(error instanceof InputError)
      assert.deepEqual(report(error.problems), [
        'site.yml:3:25 no-answer: nobody has answered the question for "who" (start the run again; nothing has happened yet)',
      ])
      return true
    })
  })
})
