/** The documentation names what there is. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { exitCodes } from '../../src/base/errors.ts'
import { taskKeywords, playKeywords } from '../../src/language/keywords.ts'
import { repository } from './command-line.ts'

const text = (path: string): string => readFileSync(join(repository, path), 'utf8')

for (const role of readdirSync(join(repository, 'roles'))) {
  test(`docs/roles.md has every variable of ${role}`, () => {
    const { properties }: { readonly properties: object } = parse(text(`roles/${role}/meta/arguments.yml`))
    const section =
      text('docs/roles.md')
        .split('\n## ')
        .find((part) => part.startsWith(`${role}\n`)) ?? ''
    const missing = Object.keys(properties).filter((name) => !section.includes(`| \`${name}\` `))
    assert.deepEqual(missing, [])
  })
}

test('docs/playbooks.md has every keyword', () => {
  const page = text('docs/playbooks.md')
  const missing = [...taskKeywords, ...playKeywords].filter((word) => !new RegExp(`\\b${word}\\b`).test(page))
  assert.deepEqual(missing, [])
})

test('the README has every exit code', () => {
  const readme = text('README.md')
  for (const code of Object.values(exitCodes)) assert.match(readme, new RegExp(`^\\| ${code} +\\| \\S`, 'm'))
})

test('what the pages link to is there', () => {
  for (const page of [
    'README.md',
    'CONTRIBUTING.md',
    'docs/architecture.md',
    'docs/playbooks.md',
    'docs/roles.md',
  ]) {
    for (const [, target = ''] of text(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.doesNotThrow(() => readdirOrFile(join(repository, dirname(page), target)), `${page}: ${target}`)
    }
  }
})

function readdirOrFile(path: string): void {
  try {
    readFileSync(path)
  } catch {
    readdirSync(path)
  }
}
