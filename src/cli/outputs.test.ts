/** Several outputs of one run, on real programs of this machine. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv } from 'ajv'
import { scratchFolder } from '../connection/testing/programs.ts'
import { eventSchema } from '../../scripts/event-schema.ts'
import { numbered } from '../view/testing/sample-events.ts'
import { gpuplay } from './testing/command-line.ts'

const folder = scratchFolder()
const at = (name: string): string => join(folder, name)
writeFileSync(
  at('hosts.yml'),
  'all: { hosts: { one: {}, two: { broken: true } }, vars: { connection: local, api_token: s3cret-value } }\n',
)
writeFileSync(
  at('site.yml'),
  `- name: Some tasks
  hosts: all
  tasks:
    - name: Say
      shell: { cmd: 'echo out; echo err >&2; exit 4' }
      changed_when: false
      failed_when: false
    - name: Hide
      command: { argv: [cat], stdin: '{{api_token}}' }
      changed_when: false
    - name: Quiet
      shell: { cmd: 'printf hid; printf den' }
      changed_when: false
      no_log: true
    - name: Each
      debug: { msg: '{{item}}' }
      loop: [a, b]
    - name: Try
      block:
        - { name: Miss, fail: { msg: first }, when: 'default(broken, false)' }
      rescue:
        - { name: Mend, debug: { msg: mended } }
    - { name: Ignore, fail: { msg: second }, ignore_errors: true }
    - { name: Break, fail: { msg: 'third & last' }, when: 'default(broken, false)' }
`,
)
const run = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
  gpuplay(folder, ['run', at('site.yml'), '-i', at('hosts.yml'), ...words])
const eventsIn = (text: string): readonly Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('gpuplay run --output', () => {
  const schema = eventSchema()
  const valid = new Ajv({ allowUnionTypes: true }).compile(schema)
  const check = (events: readonly unknown[]): void => {
    for (const event of events)
      assert.ok(valid(event), `${JSON.stringify(event)}: ${JSON.stringify(valid.errors)}`)
  }

  test('shows the run on the screen, and writes its other forms into files', async () => {
    const files = ['junit=report.xml', 'jsonl=events.jsonl', 'plain=run.log']
    const { exitCode, output } = await run(...files.flatMap((file) => ['--output', file]))
    assert.equal(exitCode, 7)
    assert.match(output, /^FAILED {4}two {2}Break$/m)
    assert.equal(readFileSync(at('run.log'), 'utf8'), output)
    const events = eventsIn(readFileSync(at('events.jsonl'), 'utf8'))
    assert.equal(events.at(-1)?.['type'], 'run.finished')
    check(events)
    const report = readFileSync(at('report.xml'), 'utf8')
    assert.match(report, /<testsuite name="two" [^>]*failures="1" errors="0"/)
    assert.match(report, /<failure type="[a-z-]+" message="third &amp; last">/)
  })

  test('events say where a task is written and how its program ended, but nothing that is secret', async () => {
    const { output } = await run('--output', 'jsonl', '--limit', 'one')
    const events = eventsIn(output)
    check(events)
    const ends = events.filter(({ type }) => type === 'task.finished')
    const named = (name: string) =>
      ends.find(({ task }) => (task as { name: string }).name === name) as {
        readonly task: { readonly where: string }
        readonly detail: { readonly program?: object }
      }
    assert.equal(named('Say').task.where, `${at('site.yml')}:4`)
    assert.deepEqual(named('Say').detail.program, { rc: 4, stdout: 'out', stderr: 'err' })
    for (const name of ['Hide', 'Quiet']) assert.deepEqual(Object.keys(named(name).detail), ['why'])
    assert.doesNotMatch(output, /s3cret|hidden"/)
  })

  test('all kinds of events are in the schema', () => {
    const kinds = (
      schema as { anyOf: readonly { properties: { type: { const?: string; enum?: string[] } } }[] }
    ).anyOf.flatMap(({ properties: { type } }) => type.enum ?? type.const)
    assert.ok(kinds.includes('program.log') && kinds.includes('prompt.started') && kinds.length > 20)
    assert.equal(valid(numbered([{ type: 'play.finished', play: 'x' }])[0]), true)
    assert.equal(valid({ ...numbered([{ type: 'play.finished', play: 'x' }])[0], more: 1 }), false)
  })

  test('schemas/events.json is current', () => {
    const generated: unknown = JSON.parse(
      readFileSync(new URL('../../schemas/events.json', import.meta.url), 'utf8'),
    )
    assert.deepEqual(generated, JSON.parse(JSON.stringify(schema)), 'run: npm run schemas')
  })

  test('a file that cannot be written when the run ends has the exit code of invalid input', async () => {
    writeFileSync(
      at('spoil.yml'),
      `- hosts: one
  gather_facts: false
  tasks:
    - { name: Take its name, command: { argv: [mkdir, -p, '${at('spoiled.xml')}/x'], creates: '${at('spoiled.xml')}' } }
    - { name: Break, fail: { msg: broken }, when: 'default(fails, false)' }
`,
    )
    const words = ['run', at('spoil.yml'), '-i', at('hosts.yml'), '--output', 'junit=spoiled.xml']
    const spoiled = await gpuplay(folder, words)
    assert.match(spoiled.errors, /^error: cannot write .*spoiled\.xml: /m)
    assert.equal(spoiled.exitCode, 2)
    rmSync(at('spoiled.xml'), { recursive: true })
    const broken = await gpuplay(folder, [...words, '-e', 'fails=true'])
    assert.match(broken.errors, /^error: cannot write /m)
    assert.equal(broken.exitCode, 7, 'a failure of the run says more')
  })

  test('mistakes in the files are in the reports too', async () => {
    const { exitCode } = await gpuplay(folder, [
      'run',
      at('none.yml'),
      '-i',
      at('hosts.yml'),
      '--output',
      'junit=mistakes.xml',
    ])
    assert.equal(exitCode, 2)
    assert.match(
      readFileSync(at('mistakes.xml'), 'utf8'),
      /errors="1"[^]*<error type="[a-z-]+" message="[^"]*none.yml/,
    )
  })

  mkdirSync(at('taken'))
  for (const [words, message, hint] of [
    [
      ['plain', 'jsonl'],
      'the screen cannot show both plain and jsonl',
      'send one to a file, such as --output jsonl=FILE',
    ],
    [['plain=a.log', 'jsonl=a.log'], 'two outputs have the same file: a.log', undefined],
    [['junit=taken'], 'cannot write taken: it is a directory', 'name a file in it'],
    [['junit'], '--output cannot be "junit"', undefined],
    [['xml=a'], '--output cannot be "xml=a"', undefined],
  ] as const) {
    test(`${words.join(' and ')} is refused before the run`, async () => {
      const { exitCode, output, errors } = await run(...words.flatMap((word) => ['--output', word]))
      assert.equal(exitCode, 2)
      assert.equal(output.includes('PLAY'), false)
      assert.ok(errors.includes(message), errors)
      if (hint !== undefined) assert.ok(errors.includes(hint), errors)
    })
  }

  test('--quiet prints only failures, warnings and the end', async () => {
    const { output } = await run('--quiet')
    assert.match(output, /^Running [^\n]*\nFAILED {4}two {2}Break\n {2}error: third & last\n/)
    assert.doesNotMatch(output, /^(ok|PLAY|ignored|rescue)/m)
    const { errors, exitCode } = await run('-q', '-v')
    assert.match(errors, /--quiet prints less, and --verbose more/)
    assert.equal(exitCode, 2)
  })
})
