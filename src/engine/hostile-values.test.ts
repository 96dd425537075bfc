/**
 * A hostile answer that a playbook passes on fails only the task of that host, with a message. Other hosts
 * are unaffected, and the run ends normally.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { defined, mapped } from '../base/defined.ts'
import type { Problem } from '../base/errors.ts'
import { actions } from '../host/plan.ts'
import { modules } from '../modules/catalogue.ts'
import type { Module } from '../modules/module.ts'
import { type Folder, localFolder, localReach, type LocalRun, testWorld } from './testing/local-run.ts'

/** Fails like a parser with a bug, at the point that its argument names. */
const breaks = {
  name: 'breaks',
  summary: 'Breaks.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['at'],
    properties: { at: { enum: ['probe', 'plan', 'report'], description: 'Where it breaks' } },
  },
  result: { type: 'object' },
  probe: ({ at }) => (at === 'probe' ? Promise.reject(new TypeError('parser broke')) : Promise.resolve({})),
  plan({ at }) {
    if (at === 'plan') throw new RangeError('parser broke')
    return actions([])
  },
  report({ at }) {
    if (at === 'report') throw new SyntaxError('parser broke')
    return {}
  },
} satisfies Module<{ readonly at: string }, object>

const shared = `- hosts: all
  tasks:
    - name: Say
      shell: { cmd: "printf -- '{{ said }}'" }
      register: r
    - name: Take
      TASK
    - name: Go on
      debug: { msg: "gone on" }
`

describe('what a host answers', () => {
  let folder: Folder
  before(() => {
    folder = localFolder()
    mkdirSync(join(folder.path, 'out'))
  })
  after(() => folder.remove())

  /** Two hosts; only the first says `said`. */
  async function run(
    task: string,
    { said = 'fine', check = false, reach }: { said?: string; check?: boolean; reach?: string } = {},
  ): Promise<LocalRun> {
    const hosts = { bad: { said }, good: { said: 'good' } }
    const inventory = folder.write(
      'inventory.yml',
      JSON.stringify({ all: { hosts, vars: { connection: 'local' } } }),
    )
    return folder.run(
      shared.replace('TASK', task.replaceAll('\n', '\n      ')),
      { inventories: [inventory], check },
      {
        modules: [...modules, breaks],
        ...defined({ reach: mapped(reach, (reach) => localReach(testWorld(folder.path), reach)) }),
      },
    )
  }

  function problemsOf({ events }: LocalRun): readonly Problem[] {
    return events.flatMap((event) => {
      if (event.type === 'task.finished') return event.detail.problem ?? []
      return event.type === 'host.unreachable' ? event.problem : []
    })
  }

  function assertGoodOneWentOn({ events }: LocalRun): void {
    const ended = events.filter((event) => event.type === 'task.finished' && event.host === 'good')
    assert.equal(ended.length, 3)
    assert.equal(events.at(-1)?.type, 'run.finished')
  }

  const nul = 'a\\000b'
  const lines = 'a\\nb'
  const values: readonly (readonly [name: string, said: string, task: string, message: RegExp])[] = [
    [
      'a path with a line break',
      lines,
      'copy: { content: x, dest: "{{ out }}/{{ r.stdout }}" }',
      /^"dest" is .*, which contains a line break$/,
    ],
    [
      'a path with a NUL',
      nul,
      'stat: { path: "{{ out }}/{{ r.stdout }}" }',
      /^"path" is .*, which contains a NUL character$/,
    ],
    [
      'an argument with a NUL',
      nul,
      'command: { argv: [echo, "{{ r.stdout }}"] }',
      /^a value contains a NUL character/,
    ],
    [
      'an argument of a program that reads',
      nul,
      'command: { argv: [echo, "{{ r.stdout }}"], reads: true }',
      /^a value contains a NUL character/,
    ],
    [
      'an environment with a NUL',
      nul,
      'command: { argv: [env] }\nenvironment: { A: "{{ r.stdout }}" }',
      /^the environment variable A contains a NUL character/,
    ],
    [
      'an owner that is an option',
      '-x',
      'copy: { content: x, dest: "{{ out }}/o", owner: "{{ r.stdout }}" }',
      /^"owner" is "-x", which is not valid$/,
    ],
    [
      'the target of a link',
      nul,
      'file: { path: "{{ out }}/l", src: "{{ r.stdout }}", state: link }',
      /NUL character/,
    ],
    [
      'a user',
      nul,
      'command: { argv: [id] }\nbecome: true\nbecome_user: "{{ r.stdout }}"',
      /^cannot become .*: the user does not exist$/,
    ],
  ]
  for (const [name, said, task, message] of values) {
    test(`${name} fails the task of that host alone`, async () => {
      const ended = await run(task.replaceAll('{{ out }}', join(folder.path, 'out')), { said })
      const problems = problemsOf(ended).filter((problem) => message.test(problem.message))
      assert.equal(problems.length, 1, JSON.stringify(problemsOf(ended)))
      assert.ok(problems[0]?.hint)
      assert.ok([3, 7].includes(ended.exitCode), `exit ${ended.exitCode}`)
      assert.equal(ended.events.at(-1)?.type, 'run.finished')
      const took = ended.events.flatMap((event) =>
        event.type === 'task.finished' && event.task.name === 'Go on' ? [event.host] : [],
      )
      assert.deepEqual(took.includes('bad'), false)
    })
  }

  for (const at of ['probe', 'plan', 'report']) {
    for (const check of [false, true]) {
      test(`${check ? 'a dry run of ' : ''}a parser that breaks (${at}) fails that host alone`, async () => {
        const ended = await run(`breaks: { at: ${at} }\nwhen: inventory_hostname == "bad"`, { check })
        const [problem] = problemsOf(ended)
        assert.equal(problem?.code, 'internal-error')
        assert.equal(problem.message, 'gpuplay failed to process an answer of the host: parser broke')
        if (at !== 'report') assert.equal(problem.where?.line, 6)
        assert.equal(ended.exitCode, 7)
        assertGoodOneWentOn(ended)
      })
    }
  }

  const forged: readonly (readonly [name: string, script: string, message: RegExp])[] = [
    [
      'answers for nothing that it was asked',
      `printf 'x\\0zzzz\\0y\\0'`,
      /^cannot read \/etc: the host reported nothing about it$/,
    ],
    [
      'prints a line of 9 MB',
      'head -c 9000000 /dev/zero | tr "\\0" x',
      /^the answer from \w+ was too long or cut short \(stat\)$|^cannot read \/etc: /,
    ],
    [
      'prints what is no UTF-8',
      `printf '/etc\\0\\377\\376\\200\\0\\0'`,
      /^cannot read \/etc: invalid answer from stat: /,
    ],
    [
      'prints controls',
      `printf '/etc\\0\\033[2J\\302\\2332J\\342\\200\\256\\0\\0'`,
      /^cannot read \/etc: invalid answer from stat: /,
    ],
    ['drips', 'for x in a b c d e f; do printf "$x\\0"; sleep 0.1; done', /^cannot read \/etc: /],
    ['dies', 'kill -KILL $$', /^cannot read \/etc: /],
  ]
  for (const [name, script, message] of forged) {
    test(`a stat that ${name} fails the task with a sentence`, async () => {
      const bin = mkdtempSync(join(folder.path, 'bin-'))
      writeFileSync(join(bin, 'stat'), `#!/bin/sh\n${script}\n`)
      chmodSync(join(bin, 'stat'), 0o755)
      const ended = await run('stat: { path: /etc }', { reach: bin })
      assert.match(problemsOf(ended)[0]?.message ?? '', message)
      assert.equal(ended.exitCode, 7)
      assert.equal(ended.events.at(-1)?.type, 'run.finished')
    })
  }
})
