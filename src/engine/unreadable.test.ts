/**
 * Files that exist but cannot be read are mistakes. They never count as empty, and gpuplay never waits for a
 * writer.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { createSecrets } from '../base/secrets.ts'
import { facts } from '../host/facts.ts'
import { diskFiles } from '../language/read-files.ts'
import { modules } from '../modules/catalogue.ts'
import { load } from './load.ts'
import type { RunRequest } from './request.ts'
import { localReach, plainRequest, testWorld } from './testing/local-run.ts'

const project = {
  'site.yml': `- hosts: all
  roles: [r]
  tasks:
    - import_tasks: more.yml
    - template: { src: page.hbs, dest: /x }
`,
  'more.yml': '- debug: { msg: more }\n',
  'templates/page.hbs': 'text\n',
  'inventory/hosts': 'here\n',
  'inventory/group_vars/all.yml': 'x: 5\n',
  'inventory/host_vars/here/a.yml': 'y: 6\n',
  'roles/r/tasks/main.yml': '- debug: { msg: role }\n',
  'roles/r/defaults/main.yml': 'z: 1\n',
  'roles/r/meta/arguments.yml': 'type: object\nproperties: {}\n',
  'limit.txt': 'here\n',
  'vars.yml': 'v: 1\n',
}
type Name = keyof typeof project

interface Prepared {
  readonly folder: string
  path(name: string): string
  /** Returns the problems of loading `site.yml` as a user other than root. */
  problems(request?: Partial<RunRequest>): readonly string[]
  [Symbol.dispose](): void
}

function prepare(): Prepared {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-unreadable-'))
  chmodSync(folder, 0o755)
  const path = (name: string): string => join(folder, name)
  for (const [name, text] of Object.entries(project)) {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), text)
  }
  return {
    folder,
    path,
    problems: (request = {}) =>
      asNobody(() => problemsOf(folder, request)).map((text) => text.replaceAll(`${folder}/`, '')),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function problemsOf(folder: string, request: Partial<RunRequest>): readonly string[] {
  const world = testWorld(folder)
  try {
    const { problems } = load(
      {
        ...plainRequest,
        playbooks: [join(folder, 'site.yml')],
        inventories: [join(folder, 'inventory')],
        extraVars: [`@${join(folder, 'vars.yml')}`],
        limit: `@${join(folder, 'limit.txt')}`,
        ...request,
      },
      {
        world,
        files: diskFiles,
        modules,
        facts,
        reach: localReach(world),
        sinks: [],
        signal: new AbortController().signal,
      },
      createSecrets(),
    )
    return problems.map(({ message }) => message)
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ message }) => message)
    throw error
  }
}

/** Root may read everything. `work` is synchronous, so no other code of this process sees the change. */
function asNobody<T>(work: () => T): T {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return work()
  } finally {
    process.seteuid?.(0)
  }
}

test('the project of these tests loads', () => {
  using prepared = prepare()
  assert.deepEqual(prepared.problems(), [])
})

const locked: readonly (readonly [what: string, path: string])[] = [
  ['a playbook', 'site.yml'],
  ['a file of import_tasks', 'more.yml'],
  ['a template', 'templates/page.hbs'],
  ['an inventory', 'inventory/hosts'],
  ['the directory of an inventory', 'inventory'],
  ['a file of group variables', 'inventory/group_vars/all.yml'],
  ['the directory of group variables', 'inventory/group_vars'],
  ["the directory of a host's variables", 'inventory/host_vars/here'],
  ['the tasks of a role', 'roles/r/tasks/main.yml'],
  ['the directory of the tasks of a role', 'roles/r/tasks'],
  ['the defaults of a role', 'roles/r/defaults/main.yml'],
  ['the arguments of a role', 'roles/r/meta/arguments.yml'],
  ['the directory of a role', 'roles/r'],
  ['a file of -e', 'vars.yml'],
  ['a file of --limit', 'limit.txt'],
]
for (const [what, path] of locked) {
  test(`${what} without permission to read is an error`, () => {
    using prepared = prepare()
    chmodSync(prepared.path(path), 0o000)
    const problems = prepared.problems()
    chmodSync(prepared.path(path), 0o755)
    assert.ok(problems.includes(`cannot read "${path}": permission denied`), problems.join('\n'))
  })
}

const files: readonly Name[] = [
  'site.yml',
  'more.yml',
  'templates/page.hbs',
  'inventory/hosts',
  'inventory/group_vars/all.yml',
  'roles/r/tasks/main.yml',
  'vars.yml',
  'limit.txt',
]
for (const [what, make] of [
  ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
  ['a device', (path: string) => symlinkSync('/dev/zero', path)],
] as const) {
  for (const name of files) {
    test(`${what} in place of ${name} is an error at once`, { timeout: 10_000 }, () => {
      using prepared = prepare()
      rmSync(prepared.path(name))
      make(prepared.path(name))
      const problems = prepared.problems()
      assert.ok(problems.includes(`cannot read "${name}": it is ${what}`), problems.join('\n'))
    })
  }
}

test('a link whose target does not exist is an error, not an absent file', () => {
  using prepared = prepare()
  const names = ['inventory/group_vars/all.yml', 'roles/r/tasks/main.yml', 'roles/r/defaults/main.yml']
  for (const name of names) {
    rmSync(prepared.path(name))
    symlinkSync('nowhere', prepared.path(name))
  }
  const why = 'it is a symbolic link, and its target does not exist'
  assert.deepEqual(
    prepared.problems().toSorted(),
    names.map((name) => `cannot read "${name}": ${why}`).toSorted(),
  )
})

test('a directory is no playbook, no variables and no limit', () => {
  using prepared = prepare()
  const { folder } = prepared
  const why = `cannot read "${folder}": it is a directory`
  assert.deepEqual(prepared.problems({ playbooks: [folder] }), [why])
  assert.deepEqual(prepared.problems({ extraVars: [`@${folder}`] }), [why])
  assert.deepEqual(prepared.problems({ limit: `@${folder}` }), [why])
})

test('text that is not UTF-8 is an error, not a text with other characters', () => {
  using prepared = prepare()
  writeFileSync(prepared.path('templates/page.hbs'), Buffer.from('gr\xfc\xdfe\n', 'latin1'))
  assert.deepEqual(prepared.problems(), ['cannot read "templates/page.hbs": it is not UTF-8 text'])
})

for (const name of files) {
  test(`${name} encrypted with Ansible Vault is recognized by its first line`, () => {
    using prepared = prepare()
    writeFileSync(prepared.path(name), '$ANSIBLE_VAULT;1.2;AES256;prod\n33363965\n')
    const isVariables = name === 'vars.yml' || name.includes('_vars/') || name.startsWith('inventory/')
    const message = isVariables
      ? `cannot decrypt "${name}": it is damaged: it is not what "ansible-vault encrypt" writes`
      : `cannot read "${name}": it is encrypted with Ansible Vault, and gpuplay decrypts only inventories and files of variables`
    assert.ok(prepared.problems().includes(message), prepared.problems().join('\n'))
  })
}
