/** Defaults of options from gpuplay.yml and the environment. */
import assert from 'node:assert/strict'
import fs, { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { InputError, type Problem } from '../base/errors.ts'
import { scratchFolder } from '../connection/testing/programs.ts'
import { configured, type TypedOptions, readConfiguration } from './configuration.ts'
import { keys, variableOf } from './configuration-keys.ts'
import { gpuplay } from './testing/command-line.ts'

const world = { ...({} as Parameters<typeof configured>[0]['world']) }

/** A working folder with this gpuplay.yml, and what to pass for it. */
function place(text?: string, environment: Readonly<Record<string, string>> = {}) {
  const folder = scratchFolder()
  if (text !== undefined) writeFileSync(join(folder, 'gpuplay.yml'), text)
  return {
    folder,
    context: { world: { ...world, workingDirectory: folder, environment }, shipped: '/shipped' },
  }
}

function problemsOf(text: string, environment: Readonly<Record<string, string>> = {}): readonly Problem[] {
  const { context } = place(text, environment)
  try {
    configured(context, {})
    return []
  } catch (error) {
    assert.ok(error instanceof InputError)
    return error.problems
  }
}

/** A value for each key: as in the file, as in the environment, and as commands see it. */
const samples: Readonly<Record<keyof typeof keys, readonly [file: string, text: string, value: unknown]>> = {
  inventory: ['[/etc/a, /etc/b]', '/etc/c', ['/etc/c']],
  connection: ['local', 'openssh', 'openssh'],
  user: ['ann', 'bob', 'bob'],
  privateKey: ['~/.ssh/one', '/etc/two', '/etc/two'],
  hostKeyChecking: ['strict', 'off', 'off'],
  connectTimeout: ['5', '6', 6],
  become: ['true', 'false', false],
  becomeUser: ['ann', 'bob', 'bob'],
  forks: ['5', '6', 6],
  forceHandlers: ['true', 'false', false],
  output: ['plain', 'jsonl', 'jsonl'],
  color: ['never', 'always', 'always'],
  diff: ['true', 'false', false],
  keepRuns: ['0', '7', 7],
  ageIdentities: ['[/etc/a, /etc/b]', '/etc/c', ['/etc/c']],
  ageRecipients: ['[age1a]', 'age1b, age1c', ['age1b', 'age1c']],
  vaultPasswordFiles: ['/etc/a', '/etc/c', ['/etc/c']],
  lintSkip: ['[unnamed-play]', 'unnamed-task, unnamed-play', ['unnamed-task', 'unnamed-play']],
}

describe('a key', () => {
  for (const [name, [file, text, value]] of Object.entries(samples)) {
    const key = Object.entries(keys).find(([known]) => known === name)?.[1]
    test(`${key?.name} comes from the file, the environment before it, the command line before both`, () => {
      assert.ok(key)
      const yaml = `${key.name}: ${file}\n`
      const only = readConfiguration(place(yaml).context)
      assert.deepEqual(only.problems, [])
      const origins = Object.entries(only.origins)
      assert.equal(origins.find(([known]) => known === name)?.[1].kind, 'file')
      const both = readConfiguration(place(yaml, { [variableOf(key.name)]: text }).context)
      assert.deepEqual(Object.entries(both.configuration).find(([known]) => known === name)?.[1], value)
      assert.notDeepEqual(Object.entries(only.configuration).find(([known]) => known === name)?.[1], value)
      const typed = name === 'inventory' ? ['typed'] : 'typed'
      const given: TypedOptions = { [name]: typed }
      const last = configured(place(yaml, { [variableOf(key.name)]: text }).context, given)
      assert.deepEqual(Object.entries(last).find(([known]) => known === name)?.[1], typed)
    })
  }
})

describe('a mistake', () => {
  test('in a key is reported at its place, with the nearest key', () => {
    const [problem, ...others] = problemsOf('forks: 4\nfroks: 5\n')
    assert.deepEqual(others, [])
    assert.equal(problem?.message, 'there is no key "froks"')
    assert.equal(problem.hint, 'did you mean "forks"?')
    assert.deepEqual([problem.where?.line, problem.where?.column], [2, 1])
  })

  for (const [text, message, hint] of [
    ['forks: 0', 'forks is 0, not a whole number above 0', 'set it to a whole number above 0'],
    ['forks: many', 'forks is "many", not a whole number above 0', 'set it to a whole number above 0'],
    ['keep_runs: -1', 'keep_runs is -1, not a whole number', 'set it to a whole number'],
    ['diff: yes', 'diff is "yes", not true or false', 'set it to true or false'],
    ['output: pretty', 'output is "pretty", not auto, plain or jsonl', 'set it to auto, plain or jsonl'],
    ['user: [a]', 'user is ["a"], not a text', 'set it to a text'],
    [
      'inventory: []',
      'inventory is [], not a path or a list of paths',
      'set it to a path or a list of paths',
    ],
    [
      '- forks',
      'gpuplay.yml must be a map',
      'write keys and values, such as "forks: 20"; a playbook needs another name',
    ],
  ] as const) {
    test(`in "${text}" is reported with what to write`, () => {
      const [problem] = problemsOf(text)
      assert.deepEqual([problem?.message, problem?.hint], [message, hint])
      assert.equal(problem?.where?.line, 1)
    })
  }

  test('in a variable is reported with its name', () => {
    assert.equal(
      problemsOf('', { GPUPLAY_KEEP_RUNS: 'many' })[0]?.message,
      'GPUPLAY_KEEP_RUNS is "many", not a whole number',
    )
  })

  test('in the file ends every command that reads it', async () => {
    const { folder } = place('forks: none\n')
    for (const words of [
      ['run', 'site.yml', '-i', 'here,'],
      ['status', '-i', 'here,'],
      ['facts', 'all', '-i', 'here,'],
      ['exec', 'all', '-i', 'here,', '--', 'true'],
      ['inventory', '-i', 'here,'],
      ['runs', '-i', 'here,'],
      ['explain', 'var', 'x', '--host', 'here', '-i', 'here,'],
      ['lint', '.'],
      ['config'],
    ]) {
      const { exitCode, errors } = await gpuplay(folder, words)
      assert.match(errors, /^gpuplay\.yml:1:8: error: forks is "none", not a whole number above 0\n/)
      assert.equal(exitCode, 2)
    }
  })
})

describe('gpuplay.yml', () => {
  test('is the one in the working folder, else beside the playbook, else beside the inventory', () => {
    const { folder, context } = place('forks: 1\n')
    for (const name of ['plays', 'fleet']) mkdirSync(join(folder, name))
    writeFileSync(join(folder, 'plays', 'gpuplay.yml'), 'forks: 2\n')
    writeFileSync(join(folder, 'fleet', 'gpuplay.yml'), 'forks: 3\n')
    const given = { inventory: [join(folder, 'fleet')] }
    const forks = (): number => configured(context, given, [join(folder, 'plays', 'site.yml')]).forks
    const found = [forks()]
    for (const name of ['.', 'plays', 'fleet']) {
      rmSync(join(folder, name, 'gpuplay.yml'))
      found.push(forks())
    }
    assert.deepEqual(found, [1, 2, 3, 50])
  })

  test('is the one that GPUPLAY_CONFIG names, which must exist', () => {
    const { folder, context } = place('forks: 1\n')
    writeFileSync(join(folder, 'other.yml'), 'forks: 2\n')
    const named = (name: string) => ({
      ...context,
      world: { ...context.world, environment: { GPUPLAY_CONFIG: name } },
    })
    assert.equal(configured(named('other.yml'), {}).forks, 2)
    assert.match(readConfiguration(named('none.yml')).problems[0]?.message ?? '', /^there is no file ".*none/)
  })

  test('has paths relative to its folder', () => {
    const { folder, context } = place('inventory: [hosts, "a,b", /etc/x]\nprivate_key: key\n')
    const { inventory, privateKey } = configured(context, {})
    assert.deepEqual(inventory, [join(folder, 'hosts'), 'a,b', '/etc/x'])
    assert.equal(privateKey, join(folder, 'key'))
  })

  test('is refused if another user may have written it', { skip: process.getuid?.() !== 0 }, () => {
    const { folder, context } = place('forks: 1\n')
    chmodSync(join(folder, 'gpuplay.yml'), 0o666)
    assert.match(readConfiguration(context).problems[0]?.message ?? '', /can be written by every user$/)
    chmodSync(join(folder, 'gpuplay.yml'), 0o644)
    chownSync(join(folder, 'gpuplay.yml'), 4711, 4711)
    assert.match(readConfiguration(context).problems[0]?.message ?? '', /belongs to another user \(4711\)$/)
    const sudo = { ...context, world: { ...context.world, environment: { SUDO_UID: '4711' } } }
    assert.equal(configured(sudo, {}).forks, 1)
  })

  test('is refused if somebody replaces it while it is read', (context) => {
    const { folder, context: here } = place('forks: 1\n')
    const path = join(folder, 'gpuplay.yml')
    const real = fs.statSync
    let looks = 0
    // The first look finds the file, and the second one is the last before it is opened.
    context.mock.method(fs, 'statSync', (...given: Parameters<typeof fs.statSync>) => {
      const status = real(...given)
      if (given[0] === path && (looks += 1) === 2) {
        writeFileSync(`${path}.new`, 'forks: 2\n')
        chmodSync(`${path}.new`, 0o666)
        renameSync(`${path}.new`, path)
      }
      return status
    })
    syncBuiltinESMExports()
    try {
      assert.match(readConfiguration(here).problems[0]?.message ?? '', /can be written by every user$/)
    } finally {
      context.mock.restoreAll()
      syncBuiltinESMExports()
    }
  })

  test('is no inventory', async () => {
    const { folder } = place('forks: 1\n')
    writeFileSync(join(folder, 'hosts.yml'), 'all: { hosts: { here: {} } }\n')
    const { output, errors } = await gpuplay(folder, ['inventory', '-i', folder, '--graph'])
    assert.deepEqual([output, errors], ['@all\n  @ungrouped\n    here\n', ''])
  })

  test('sets what a run does', async () => {
    const { folder } = place('inventory: hosts.yml\noutput: jsonl\nkeep_runs: 0\n')
    writeFileSync(join(folder, 'hosts.yml'), 'all: { hosts: { here: { connection: local } } }\n')
    writeFileSync(join(folder, 'site.yml'), '- hosts: all\n  tasks: [{ debug: { msg: x } }]\n')
    const run = await gpuplay(folder, ['run', join(folder, 'site.yml')])
    assert.match(run.output, /^\{"v":1,/)
    const { output } = await gpuplay(folder, ['runs'])
    assert.equal(output, 'no run is recorded for this inventory\n')
    const explained = await gpuplay(folder, ['explain', 'var', 'connection', '--host', 'here'])
    assert.match(explained.output, /local/)
  })
})

test('the page of the command line lists every key with its variable', () => {
  const page = readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` +\| `(GPUPLAY_\w+)` +\|/gm)].map(([, key, name]) => [key, name])
  assert.deepEqual(
    rows,
    Object.values(keys).map(({ name }) => [name, variableOf(name)]),
  )
})

describe('gpuplay config', () => {
  test('shows each value and where it was set, and variables without effect', async () => {
    const { folder } = place('forks: 7\ninventory: hosts.yml\n')
    const { output, errors, exitCode } = await gpuplay(folder, ['config'])
    assert.match(
      output,
      /^file: gpuplay\.yml\n\nKEY +VALUE +SET BY\ninventory +\["hosts\.yml"\] +gpuplay\.yml:2:12\n/,
    )
    assert.match(output, /\nforks +7 +gpuplay\.yml:1:8\n/)
    assert.match(output, /\nkeep_runs +50 +default\n/)
    assert.match(output, /\nuser +- +default\n/)
    assert.deepEqual([errors, exitCode], ['', 0])
    const data: { readonly keys: Readonly<Record<string, unknown>> } = JSON.parse(
      (await gpuplay(folder, ['config', '--json'])).output,
    )
    assert.deepEqual(
      Object.keys(data.keys),
      Object.values(keys).map(({ name }) => name),
    )
  })
})
