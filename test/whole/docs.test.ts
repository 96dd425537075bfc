/** The documentation agrees with the code. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { exitCodes } from '../../src/base/errors.ts'
import { ansibleNames, hostVariableSchemas } from '../../src/inventory/connection-variables.ts'
import { containerSchemas, driverSchemas } from '../../src/inventory/phoenix/phoenix-schemas.ts'
import { blockKeywords, handlerKeywords, playKeywords, roleKeywords } from '../../src/language/keywords.ts'
import { modules } from '../../src/modules/catalogue.ts'
import { stateWords } from '../../src/modules/gpu-verify/gpu-table.ts'
import { fromAnsiblePage } from '../../scripts/from-ansible-page.ts'
import { modulesPage } from '../../scripts/modules-page.ts'
import { describedRoles, rolesPage } from '../../scripts/roles-page.ts'
import { repository } from './command-line.ts'
import { anchorsOf, linksOf, readPage } from './support/markdown.ts'

const text = (path: string): string => readFileSync(join(repository, path), 'utf8')

test('docs/roles.md matches the roles (npm run schemas)', async () => {
  const roles = describedRoles(join(repository, 'roles'))
  assert.equal(text('docs/roles.md'), await rolesPage(roles))
})

test('docs/from-ansible.md matches the answers to playbooks of Ansible (npm run schemas)', async () => {
  assert.equal(text('docs/from-ansible.md'), await fromAnsiblePage(modules.map(({ name }) => name)))
})

test('docs/modules.md matches the modules (npm run schemas)', async () => {
  assert.equal(text('docs/modules.md'), await modulesPage(modules))
})

for (const folder of ['roles', 'examples/roles', 'examples/project/roles'])
  for (const { name, description, variables } of describedRoles(join(repository, folder))) {
    test(`the files of ${name} describe the role, each variable and the reason of each default`, () => {
      assert.notEqual(description, '')
      const named = variables.map((variable) => variable.name)
      assert.deepEqual(
        variables.filter((variable) => variable.description === '').map((variable) => variable.name),
        [],
        'variables without a description',
      )
      assert.deepEqual(
        variables
          .filter((variable) => variable.default?.comment.match(/(^| )Why: \S/) === null)
          .map((variable) => variable.name),
        [],
        'defaults without "Why: ..."',
      )
      const defaults: Readonly<Record<string, unknown>> = parse(defaultsOf(join(folder, name))) ?? {}
      assert.deepEqual(
        Object.keys(defaults).filter((variable) => !named.includes(variable)),
        [],
        'defaults that meta/arguments.yml does not declare',
      )
    })
  }

function defaultsOf(role: string): string {
  const file = `${role}/defaults/main.yml`
  return existsSync(join(repository, file)) ? text(file) : ''
}

test('docs/playbooks.md has every connection variable with its Ansible names', () => {
  const rows = text('docs/playbooks.md').split('\n')
  for (const name of Object.keys(hostVariableSchemas)) {
    const row = rows.find((candidate) => candidate.startsWith(`| \`${name}\` `)) ?? ''
    const missing = [name, ...(ansibleNames[name] ?? [])].filter((one) => !row.includes(`\`${one}\``))
    assert.deepEqual(missing, [], name)
  }
})

test('docs/playbooks.md has every key of Phoenix configurations that gpuplay uses', () => {
  const section =
    text('docs/playbooks.md').split('\n### Phoenix configurations\n')[1]?.split('\n### ')[0] ?? ''
  const keys = Object.keys({ ...containerSchemas, ...driverSchemas }).filter(
    (key) => !new RegExp(`[\`.]${key}\`|^\\| CTID, \`${key}`, 'm').test(section),
  )
  assert.deepEqual(keys, [])
})

/** The words in backticks in the table row whose first cell is `first`. */
function wordsOfRow(page: string, first: string): readonly string[] {
  const row = page.split('\n').find((line) => new RegExp(`^\\| ${first} +\\|`).test(line)) ?? ''
  return [...row.matchAll(/`([^`]+)`/g)].flatMap(([, words = '']) => words.split(' '))
}

const sorted = (words: Iterable<string>): readonly string[] => [...new Set(words)].sort()

for (const [row, keywords] of [
  ['play', playKeywords],
  ['task', handlerKeywords],
  ['role', roleKeywords],
  ['block', blockKeywords],
] as const) {
  test(`docs/playbooks.md has the keywords of a ${row} and no others`, () => {
    const page = text('docs/playbooks.md')
    const rows = [row, 'all', ...(row === 'play' ? [] : ['all but plays'])]
    assert.deepEqual(sorted(rows.flatMap((one) => wordsOfRow(page, one))), sorted(keywords))
  })
}

test('docs/command-line.md has the exit codes and no others', () => {
  const section = text('docs/command-line.md').split('\n## Exit codes\n')[1]?.split('\n## ')[0] ?? ''
  const codes = [...section.matchAll(/^\| (\d+) +\| \S/gm)].map(([, code]) => Number(code))
  assert.deepEqual(codes, Object.values(exitCodes))
})

test('docs/command-line.md has the states of the table of status and no others', () => {
  const section = text('docs/command-line.md').split('\n## Status\n')[1]?.split('\n## ')[0] ?? ''
  const states = [...section.matchAll(/^\| `([^`]+)` +\| \S/gm)].map(([, state = '']) => state)
  assert.deepEqual(sorted(states), sorted(Object.values(stateWords)))
})

test('every exit code is used', () => {
  const sources = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('testing/'))
    .map((path) => text(join('src', path)))
  const unused = Object.entries(exitCodes).filter(
    ([name, code]) =>
      !sources.some((source) => new RegExp(`exitCodes\\.${name}\\b|exitCode: ${code}\\b`).test(source)),
  )
  assert.deepEqual(unused, [])
})

test('links in the documentation lead to existing files and headings', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'test/lab/README.md',
    'test/lab/STANDINS.md',
    'bench/README.md',
    'examples/README.md',
    ...readdirSync(join(repository, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  const broken = pages.flatMap((page) =>
    linksOf(readPage(text(page)))
      .filter((link) => !/^https?:/.test(link) && !leads(page, link))
      .map((link) => `${page}: ${link}`),
  )
  assert.deepEqual(broken, [])
})

function leads(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(repository, target))) return false
  return anchor === undefined || anchorsIn(target).has(anchor)
}

/** Pages are read once: some have hundreds of links to their own headings. */
const anchorsByPage = new Map<string, ReadonlySet<string>>()

function anchorsIn(page: string): ReadonlySet<string> {
  const known = anchorsByPage.get(page) ?? anchorsOf(readPage(text(page)))
  anchorsByPage.set(page, known)
  return known
}

test('docs/architecture.md and CONTRIBUTING.md name existing files', () => {
  for (const page of ['docs/architecture.md', 'CONTRIBUTING.md']) {
    const named = [...text(page).matchAll(/`((?:src|test|roles|docs|bench)\/[\w./-]*)`/g)].map(
      ([, path = '']) => path,
    )
    assert.ok(named.length > 5, page)
    for (const path of named)
      assert.doesNotThrow(() => readdirOrFile(join(repository, path)), `${page}: ${path}`)
  }
})

function readdirOrFile(path: string): void {
  try {
    readFileSync(path)
  } catch {
    readdirSync(path)
  }
}

test('SECURITY.md names existing files and tests', () => {
  const page = text('SECURITY.md').replaceAll(/\s+/g, ' ')
  const named = [...page.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path = '']) => path)
  assert.ok(named.length > 10)
  assert.deepEqual(
    named.filter((path) => !existsSync(join(repository, path))),
    [],
  )
  const quoted = [...page.matchAll(/`([^`]+\.test\.ts)` \(([^)]*)\)/g)].flatMap(([, path = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ path, name })),
  )
  assert.ok(quoted.length > 3)
  const written = (name: string): string => name.replace('NAME', '${name}').replace('SEED', '${seed}')
  assert.deepEqual(
    quoted.filter(({ path, name }) => !text(path).includes(written(name))),
    [],
  )
})
