/**
 * The same inventories read by ansible-inventory and by gpuplay: what `--list` prints, the order of hosts and
 * groups, and what patterns select.
 *
 * Ansible's answers are recorded in answers.jsonl, so the test needs no Ansible. If the Debian package
 * ansible-core is installed, the test also compares them with its answers; GPUPLAY_WRITE_ANSWERS=1 records
 * them again. Every difference is in deliberate-differences.ts.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { defined, mapped } from '../../base/defined.ts'
import type { Value } from '../../language/model.ts'
import { diskFiles, type Files } from '../../language/read-files.ts'
import { memoryFiles } from '../../language/testing/memory-files.ts'
import { readInventory } from '../inventory.ts'
import { groupNames, type Inventory } from '../inventory-model.ts'
import { listing } from '../listing.ts'
import { resolvePattern } from '../pattern.ts'
import type { ParityCase } from './cases.ts'
import { constructedCases } from './constructed-cases.ts'
import { differences } from './deliberate-differences.ts'
import { differencesPage } from './differences-page.ts'
import { folderCases } from './folder-cases.ts'
import { iniCases } from './ini-cases.ts'
import { patternCases } from './pattern-cases.ts'
import { programCases } from './program-cases.ts'
import { publicCases } from './public-cases.ts'
import { yamlCases } from './yaml-cases.ts'

interface Read {
  /** As `ansible-inventory --list` prints it. */
  readonly list: { readonly _meta: { readonly hostvars: Readonly<Record<string, Record<string, unknown>>> } }
  readonly groupNames: Readonly<Record<string, readonly string[]>>
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly patterns: Readonly<Record<string, readonly string[] | 'refused'>>
}

const cases: readonly ParityCase[] = [
  ...iniCases,
  ...yamlCases,
  ...folderCases,
  ...programCases,
  ...constructedCases,
  ...publicCases,
  ...patternCases,
]
// Answers are recorded by name.
assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
const python = '/usr/bin/python3'
const release = spawnSync(python, ['-c', 'import ansible.release as r; print(r.__version__)'], {
  cwd: '/',
  encoding: 'utf8',
}).stdout
const skip = release.startsWith('2.14.') ? false : 'ansible-core 2.14 is not installed (a Debian package)'

const answersFile = new URL('answers.jsonl', import.meta.url)
if (process.env['GPUPLAY_WRITE_ANSWERS'] !== undefined) writeFileSync(answersFile, askAnsible())
const answers = new Map(
  readFileSync(answersFile, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => [String(JSON.parse(line).name), line] as const),
)

/** Ansible's answer for a case. */
function byAnsible({ name }: ParityCase): Read | 'refused' {
  const answer: unknown = JSON.parse(answers.get(name) ?? 'null')
  assert.ok(typeof answer === 'object' && answer !== null, `no answer is recorded for "${name}"`)
  if ('refused' in answer) return 'refused'
  assert.ok('list' in answer && 'groups' in answer)
  const { name: _, ...read } = JSON.parse(JSON.stringify(answer))
  return read
}

test('the recorded answers are the answers of the installed Ansible', { skip }, () => {
  assert.deepEqual(askAnsible().split('\n'), [...answers.values(), ''])
})

test('there are answers for these inventories and no others', () => {
  assert.deepEqual(
    [...answers.keys()],
    cases.map(({ name }) => name),
  )
  assert.ok(cases.length >= 150)
})

test('every difference has a case that proves it', () => {
  const proved = new Set(cases.map(({ differs }) => differs))
  assert.deepEqual(
    Object.keys(differences).filter((name) => !proved.has(name as never)),
    [],
  )
})

test('docs/inventory-differences.md lists the differences (npm run schemas)', () => {
  const page = fileURLToPath(new URL('../../../docs/inventory-differences.md', import.meta.url))
  assert.equal(readFileSync(page, 'utf8'), differencesPage())
})

test('the list of each inventory is an inventory with the same hosts, groups and variables', () => {
  for (const one of cases) {
    const read = byUs(one)
    if (read === 'refused') continue
    const files = memoryFiles({ '/i/list.json': JSON.stringify(read.list) })
    const { inventory, problems } = readInventory(['/i/list.json'], { files })
    assert.deepEqual(problems, [], one.name)
    assert.ok(inventory)
    // As in Ansible, the list does not tell hosts of `all` from those of its children.
    const sorted = ({ groups, ...more }: Read) => ({
      ...more,
      groups: { ...groups, all: [...(groups['all'] ?? [])].sort() },
    })
    assert.deepEqual(sorted(readOf(inventory, Object.keys(read.patterns))), sorted(read), one.name)
  }
})

/** One process for all cases, because it takes long to start. Returns a line of JSON for each. */
function askAnsible(): string {
  const input = JSON.stringify(
    cases.map(({ name, files, sources, patterns = [], playbook }) => ({
      name,
      files,
      sources: sources ?? Object.keys(files).slice(0, 1),
      patterns,
      ...defined({ playbook }),
    })),
  )
  const script = fileURLToPath(new URL('read_with_ansible.py', import.meta.url))
  const { stdout, status, stderr } = spawnSync(python, [script], {
    input,
    cwd: '/',
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: 120_000,
  })
  assert.equal(status, 0, stderr)
  return stdout
}

/** Programs need files on disk. */
function withFiles<T>({ files }: ParityCase, work: (folder: string, files: Files) => T): T {
  const contents = Object.entries(files)
  if (!contents.some(([, text]) => text.startsWith('#!'))) {
    return work('/i', memoryFiles(Object.fromEntries(contents.map(([path, text]) => [`/i/${path}`, text]))))
  }
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-parity-'))
  try {
    for (const [path, text] of contents) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
      if (text.startsWith('#!')) chmodSync(join(folder, path), 0o755)
    }
    return work(folder, diskFiles)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function byUs(one: ParityCase): Read | 'refused' {
  const sources = one.sources ?? Object.keys(one.files).slice(0, 1)
  const { inventory, problems } = withFiles(one, (folder, files) =>
    readInventory(
      sources.map((source) =>
        source.includes(',') && files.kind(join(folder, source)) === undefined
          ? source
          : join(folder, source),
      ),
      {
        files,
        ...defined({ playbookDirectories: mapped(one.playbook, (playbook) => [join(folder, playbook)]) }),
      },
    ),
  )
  if (inventory === undefined || problems.length > 0) return 'refused'
  return readOf(inventory, one.patterns ?? [])
}

function readOf(inventory: Inventory, asked: readonly string[]): Read {
  const hosts = [...inventory.hosts.values()]
  const patterns = asked.map((pattern) => [
    pattern,
    resolvePattern(inventory, pattern)
      .hosts.map(({ name }) => name)
      .sort(),
  ])
  return JSON.parse(
    JSON.stringify({
      list: withoutEmpty(
        listing(inventory, hosts, ({ variables }) =>
          Object.fromEntries([...variables].map(([variable, { value }]) => [variable, written(value)])),
        ),
      ),
      groupNames: Object.fromEntries(hosts.map((host) => [host.name, groupNames(host)])),
      groups: Object.fromEntries([...inventory.groups.values()].map((group) => [group.name, group.hosts])),
      patterns: Object.fromEntries(patterns),
    }),
  )
}

/** Ansible leaves hosts without variables out. */
function withoutEmpty(list: ReturnType<typeof listing>): unknown {
  const { _meta, ...groups } = JSON.parse(JSON.stringify(list))
  const hostvars = Object.entries<object>(_meta.hostvars).filter(([, own]) => Object.keys(own).length > 0)
  return { _meta: { hostvars: Object.fromEntries(hostvars) }, ...groups }
}

/** A value before its templates are rendered, as in Ansible's answers. */
function written(value: Value): unknown {
  switch (value.kind) {
    case 'literal':
      return value.value
    case 'list':
      return value.items.map(written)
    case 'map':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, written(entry.value)]))
    case 'template':
    case 'expression':
      return value.source
    case 'sealed':
      return '(secret)'
  }
}

for (const one of cases) {
  const { name, differs, ours } = one
  if (differs === undefined) {
    test(`Ansible and gpuplay agree: ${name}`, () => {
      assert.deepEqual(byUs(one), byAnsible(one))
    })
    continue
  }
  test(`Ansible and gpuplay differ (${differs}): ${name}`, () => {
    const read = byUs(one)
    assert.notDeepEqual(read, byAnsible(one))
    if (read === 'refused' || ours === 'refused') {
      assert.equal(read, ours)
      return
    }
    for (const [key, value] of Object.entries(ours ?? {})) {
      assert.deepEqual(read.patterns[key] ?? read.list._meta.hostvars['h']?.[key], value)
    }
  })
}
