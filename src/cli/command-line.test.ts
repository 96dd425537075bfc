/** Command lines and the answers to them. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../connection/testing/programs.ts'
import { gpuplay } from './testing/command-line.ts'

const folder = scratchFolder()
const type = (...words: readonly string[]) => gpuplay(folder, words)
const commands = [
  'run',
  'plan',
  'show',
  'apply',
  'lint',
  'graph',
  'status',
  'metrics',
  'runs',
  'report',
  'inventory',
  'explain',
  'modules',
  'schema',
  'facts',
  'exec',
  'test-module',
  'init',
  'secrets',
  'config',
  'completion',
]

test('every help text fits 80 columns and loses no words', async () => {
  for (const words of [['--help'], ...commands.map((command) => [command, '--help'])]) {
    const { output, exitCode } = await type(...words)
    assert.equal(exitCode, 0)
    for (const line of output.split('\n')) assert.ok(line.length <= 80, line)
  }
  const { output } = await type('run', '--help')
  assert.match(
    output.replaceAll(/\s+/g, ' '),
    /Inventory file or directory; can be repeated\. Default: see gpuplay config/,
  )
  assert.match(
    output,
    /\n {5}\[--host-key-checking\] {7}Unknown host keys: strict refuses them,\n {33}accept-new/,
  )
})

const vault = 'vault-password-file vault-id ask-vault-pass'

/** Every option of every command: a removed one is missing in its help. */
const options: Readonly<Record<string, string>> = {
  run: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass output color verbose quiet check diff limit rerun-failed tags skip-tags start-at-task force-handlers
    forks step list-hosts list-tasks list-tags syntax-check fail-on-change step-by-step profile`,
  plan: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass output color verbose quiet out diff limit rerun-failed tags skip-tags start-at-task force-handlers forks`,
  show: 'output color verbose',
  apply: `extra-vars output color verbose quiet diff forks profile ${vault}`,
  lint: 'inventory skip fix diff color',
  graph: 'format',
  status: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass limit forks output color`,
  metrics: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass limit forks output`,
  runs: 'inventory output diff color verbose',
  report: 'inventory out',
  inventory: `inventory extra-vars ${vault} list graph host limit`,
  explain: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass host`,
  modules: 'json',
  schema: '',
  facts: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass forks only`,
  exec: `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user ask-pass
    ask-become-pass forks shell`,
  'test-module': `inventory extra-vars ${vault} connection user private-key host-key-checking connect-timeout become become-user
    ask-pass ask-become-pass host`,
  init: 'inventory-only',
  secrets: `recipient values ${vault}`,
  config: 'inventory json',
  completion: '',
}

test('every command has its options', async () => {
  assert.deepEqual(Object.keys(options).sort(), [...commands].sort())
  for (const command of commands) {
    const { output } = await type(command, '--help')
    const shown = [...output.matchAll(/^ {2}(?:-\w| {2})? *\[?(--[a-z-]+)/gm)].flatMap(([, name = '']) =>
      ['--help', '--'].includes(name) ? [] : [name.slice(2)],
    )
    assert.deepEqual(shown, (options[command] ?? '').split(/\s+/).filter(Boolean), command)
  }
})

test('every help ends with examples, whose options exist', async () => {
  const elsewhere = scratchFolder()
  for (const command of commands) {
    const [, examples = ''] = (await type(command, '--help')).output.split('\nEXAMPLES\n')
    const lines = examples.split('\n\n')[0]?.split('\n') ?? []
    const typed = lines.filter((line) => line.startsWith('  gpuplay '))
    assert.ok(typed.length > 0, command)
    for (const line of typed) {
      assert.equal(line.split(' ')[3], command)
      const words = line.trim().split(' ').slice(1)
      const end = words.includes('>') ? words.indexOf('>') : undefined
      const { errors } = await gpuplay(elsewhere, words.slice(0, end))
      assert.doesNotMatch(errors, /has no option|unexpected argument|needs a value|there is no command/, line)
    }
  }
})

test('the list of commands fits on a screen, and has every command once', async () => {
  const lines = (await type('--help')).output.split('\n')
  assert.ok(lines.length < 36, String(lines.length))
  assert.deepEqual(lines.slice(0, 3), ['USAGE', '  gpuplay <command> ...', '  gpuplay help <command>'])
  for (const command of commands)
    assert.equal(lines.filter((line) => new RegExp(`^  ${command} +[A-Z]`).test(line)).length, 1, command)
})

test('gpuplay help means --help, also with a command', async () => {
  assert.deepEqual(await type('help'), await type('--help'))
  assert.deepEqual(await type('help', 'exec'), await type('exec', '--help'))
})

test('gpuplay modules shows the types of all alternatives of an argument', async () => {
  assert.match((await type('modules', 'sysctl')).output, /\n {2}value +string or integer +Its value/)
  assert.match((await type('modules', 'apt')).output, /\n {2}name +string or array of string +Packages/)
})

test('the help of run lists the shipped playbooks', async () => {
  const { output } = await type('run', '--help')
  for (const name of [
    'containers',
    'doctor',
    'nodes',
    'rollback',
    'site',
    'status',
    'uninstall',
    'upgrade',
    'verify',
  ])
    assert.match(output, new RegExp(`\\n  ${name}\\.yml +[A-Z]`))
  // A sentence that continues on the next line of the comment would be cut at a comma or semicolon.
  for (const line of output.slice(output.indexOf('PLAYBOOKS')).trim().split('\n').slice(1))
    assert.match(line, /[\w)]$/)
})

for (const [words, message, hint] of [
  [
    ['site.yml', '-i', 'my hosts'],
    'there is no command "site.yml"',
    "type: gpuplay run site.yml -i 'my hosts'",
  ],
  [['-i', 'x', 'run', 'a.yml'], 'the command must come before the option -i', 'type: gpuplay run -i x a.yml'],
  [['rum'], 'there is no command "rum"', 'did you mean "run"?'],
  [['ping'], 'there is no command "ping"', 'type: gpuplay exec all -- true'],
  [
    ['frobnicate'],
    'there is no command "frobnicate"',
    'the commands are run, plan, show, apply, lint, graph, status, metrics, runs, report, inventory, explain, modules, schema, facts, exec, test-module, init, secrets, config, completion; see "gpuplay help"',
  ],
  [['run'], 'no playbook was given', 'type: gpuplay run site.yml'],
  [['exec', 'all'], 'no command was given', 'type: gpuplay exec all -- uptime'],
  [['facts'], 'no hosts were given', 'type: gpuplay facts all'],
  [['run', 'a.yml', '--chek'], '"gpuplay run" has no option --chek', 'did you mean "--check"?'],
  [
    ['run', 'a.yml', '--conect-timeout', '1'],
    '"gpuplay run" has no option --conect-timeout',
    'did you mean "--connect-timeout"?',
  ],
  [['run', 'a.yml', '--frobnicate'], '"gpuplay run" has no option --frobnicate', 'see "gpuplay run --help"'],
  [
    ['run', 'a.yml', '--output', 'pretty'],
    '--output cannot be "pretty"',
    'use auto, plain, jsonl, or a file: plain=FILE, jsonl=FILE, junit=FILE',
  ],
  [['run', 'a.yml', '--limit'], '--limit needs a value', 'see "gpuplay run --help"'],
  [['run', 'a.yml', '-l', 'a', '-l', 'b'], '--limit is given more than once', 'give it once'],
  [['inventory', 'web'], 'unexpected argument "web"', 'see "gpuplay inventory --help"'],
] as const) {
  test(`gpuplay ${words.join(' ')} is answered with what to type`, async () => {
    const { exitCode, errors, output } = await type(...words)
    assert.equal(errors, `error: ${message}\n  help: ${hint}\n`)
    assert.deepEqual([exitCode, output], [2, ''])
  })
}

test('--fail-on-change without --check is refused, because it has no effect', async () => {
  const { exitCode, errors } = await type('run', '--fail-on-change', 'site.yml')
  assert.match(errors, /^error: --fail-on-change works only together with --check\n {2}help: add --check,/)
  assert.equal(exitCode, 2)
})

test('with --output jsonl the problems of the files are events too, and the last event is the end of the run', async () => {
  const words = ['run', join(folder, 'none.yml'), '-i', join(folder, 'no-hosts'), '--output', 'jsonl']
  const { exitCode, output, errors } = await type(...words)
  const events: readonly Record<string, unknown>[] = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    events.map(({ type: kind, seq }) => [kind, seq]),
    [
      ['problem', 1],
      ['problem', 2],
      ['run.finished', 3],
    ],
  )
  const [first] = events
  assert.deepEqual(Object.keys(first ?? {}).slice(0, 5), ['v', 'run', 'seq', 'time', 'type'])
  assert.deepEqual(events[2]?.['exitCode'], 2)
  assert.equal(exitCode, 2)
  assert.match(errors, /\n2 problems;/)
})

test('facts reports a host that does not answer on one line, and does not claim that no host was contacted', async () => {
  const words = ['facts', 'all', '-i', 'localhost,there', '-e', '{connection: local}', '--only', 'kernel']
  const { exitCode, output, errors } = await type(...words)
  const read: object = JSON.parse(output)
  assert.deepEqual(Object.keys(read), ['localhost', 'there'])
  assert.deepEqual([exitCode, errors], [0, ''])
  const one = await type(
    'facts',
    'all',
    '-i',
    'localhost,there',
    '-e',
    'private_key=/none',
    '--only',
    'kernel',
  )
  assert.equal(one.exitCode, 3)
  const answered: object = JSON.parse(one.output)
  assert.deepEqual(Object.keys(answered), ['localhost'])
  assert.match(one.errors, /^there \| error: /)
  assert.doesNotMatch(one.errors, /no host was contacted/)
})

test('a pattern of exec or facts that selects no hosts is reported without an option that nobody typed', async () => {
  for (const words of [
    ['exec', 'nope', '-i', 'localhost,', '--', 'true'],
    ['facts', 'nope', '-i', 'localhost,'],
  ])
    assert.match((await type(...words)).errors, /^error: there is no host or group "nope"\n/)
  const empty = await type('exec', '', '-i', 'localhost,', '--', 'true')
  assert.deepEqual([empty.exitCode, empty.output], [2, ''])
  assert.match(empty.errors, /^error: "" names no hosts\n/)
})

test('a whole command line in quotes gets a hint about --shell', async () => {
  const words = ['exec', 'localhost', '-i', 'localhost,', '--', 'echo a | tr a b']
  const { errors } = await type(...words)
  assert.match(errors, /help: gpuplay got the whole command as one word; remove the quotes, or add --shell/)
  const { output } = await type(...words.slice(0, -2), '--shell', '--', ...words.slice(-1))
  assert.equal(output, 'localhost | exit 0\n  b\n')
})

test('a shipped playbook is found by name', async () => {
  const inventory = join(import.meta.dirname, '../../inventory/example')
  const { errors } = await type('run', 'verify.yml', '-i', inventory, '-l', 'nobody')
  assert.match(errors, /^--limit: error: there is no host or group "nobody"\n/)
  assert.match(errors, /\n1 problem;/)
  const { errors: none } = await type('run', 'xyzzy.yml', '-i', inventory)
  const shipped = readdirSync(join(import.meta.dirname, '../../playbooks'))
    .sort()
    .join(', ')
  assert.ok(none.includes(`help: these come with gpuplay: ${shipped}\n`), none)
})
