/**
 * The same inventories read by Ansible and by gpuplay: hosts, groups with their order, variables, and what
 * patterns select.
 *
 * Ansible's answers are recorded in answers.json, so the test needs no Ansible. If the Debian package
 * ansible-core is installed, the test also compares them with its answers; GPUPLAY_WRITE_ANSWERS=1 records
 * them again. The cases contain deliberate differences with their reasons, which are also checked.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import type { Value } from '../../language/model.ts'
import { memoryFiles } from '../../language/testing/memory-files.ts'
import { readInventory } from '../inventory.ts'
import { groupNames } from '../inventory-model.ts'
import { resolvePattern } from '../pattern.ts'
import type { ParityCase } from './cases.ts'
import { iniCases } from './ini-cases.ts'
import { otherCases } from './other-cases.ts'

interface Read {
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly groupNames: Readonly<Record<string, readonly string[]>>
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly patterns: Readonly<Record<string, readonly string[]>>
}

const cases = [...iniCases, ...otherCases]
// Answers are recorded by name.
assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
const python = '/usr/bin/python3'
const release = spawnSync(python, ['-c', 'import ansible.release as r; print(r.__version__)'], {
  cwd: '/',
  encoding: 'utf8',
}).stdout
const skip = release.startsWith('2.14.') ? false : 'ansible-core 2.14 is not installed (a Debian package)'

const answersFile = new URL('answers.json', import.meta.url)
if (process.env['GPUPLAY_WRITE_ANSWERS'] !== undefined) {
  const answers = askAnsible().map((answer, index) => [cases[index]?.name, answer])
  writeFileSync(answersFile, `${JSON.stringify(Object.fromEntries(answers), null, 1)}\n`)
}
const answers: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(answersFile, 'utf8'))

/** Ansible's answer for a case. */
function byAnsible({ name }: ParityCase): Read | 'refused' {
  const answer = answers[name]
  assert.ok(typeof answer === 'object' && answer !== null)
  if ('refused' in answer) return 'refused'
  assert.ok('hosts' in answer && 'groups' in answer && 'patterns' in answer)
  return JSON.parse(JSON.stringify(answer))
}

test('the recorded answers are the answers of the installed Ansible', { skip }, () => {
  const asked = askAnsible()
  for (const [index, { name }] of cases.entries()) assert.deepEqual(asked[index], answers[name], name)
})

/** One process for all cases, because it takes long to start. */
function askAnsible(): readonly unknown[] {
  const input = JSON.stringify(
    cases.map((one) => ({ files: one.files, sources: sourcesOf(one), patterns: one.patterns ?? [] })),
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
  const parsed: unknown = JSON.parse(stdout)
  assert.ok(Array.isArray(parsed))
  return parsed
}

function sourcesOf({ files, sources }: ParityCase): readonly string[] {
  return sources ?? Object.keys(files).slice(0, 1)
}

function byUs(one: ParityCase): Read | 'refused' {
  const paths = Object.entries(one.files).map(([path, text]) => [`/i/${path}`, text] as const)
  const sources = sourcesOf(one).map((source) => (source.endsWith(',') ? source : `/i/${source}`))
  const { inventory, problems } = readInventory(sources, { files: memoryFiles(Object.fromEntries(paths)) })
  if (inventory === undefined || problems.length > 0) return 'refused'
  const hosts = [...inventory.hosts.values()].map(({ name, variables }) => [
    name,
    Object.fromEntries([...variables].map(([variable, { value }]) => [variable, written(value)])),
  ])
  const patterns = (one.patterns ?? []).map((pattern) => [
    pattern,
    resolvePattern(inventory, pattern)
      .hosts.map(({ name }) => name)
      .sort(),
  ])
  return JSON.parse(
    JSON.stringify({
      hosts: Object.fromEntries(hosts),
      groupNames: Object.fromEntries(
        [...inventory.hosts.values()].map((host) => [host.name, groupNames(host)]),
      ),
      groups: Object.fromEntries([...inventory.groups.values()].map((group) => [group.name, group.hosts])),
      patterns: Object.fromEntries(patterns),
    }),
  )
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
  test(`Ansible and gpuplay differ because ${differs}: ${name}`, () => {
    assert.notDeepEqual(byUs(one), byAnsible(one))
  })
  test(`gpuplay has its own result: ${name}`, () => {
    const read = byUs(one)
    if (read === 'refused' || ours === 'refused') {
      assert.equal(read, ours)
      return
    }
    for (const [key, value] of Object.entries(ours ?? {})) {
      assert.deepEqual(read.patterns[key] ?? read.hosts['h']?.[key], value)
    }
  })
}
