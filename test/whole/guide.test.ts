/**
 * The tables of docs/troubleshooting.md have exact symptoms, and docs/guide.md has a place or a reason for every
 * wish of the origin notes.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { repository } from './command-line.ts'
import { readPage, rowsBelow } from './support/markdown.ts'

const guide = readPage(readFileSync(join(repository, 'docs/guide.md'), 'utf8'))
const troubleshooting = readPage(readFileSync(join(repository, 'docs/troubleshooting.md'), 'utf8'))

/** Wishes of the origin notes, numbered without a gap. */
const wishes = 106

test('the guide has every wish of the origin notes, each with a place or a reason', () => {
  const rows = rowsBelow(guide, 'What the origin notes ask for')
  assert.deepEqual(
    rows.map(([number]) => Number(number?.text)),
    Array.from({ length: wishes }, (_, index) => index + 1),
  )
  // docs.test.ts resolves the links.
  const reason = /^Left out: \S+ \S+ \S+/
  assert.deepEqual(
    rows
      .filter(([, wish, place]) => {
        const placed = place?.links.some((link) => link !== undefined) ?? false
        return wish?.text === '' || !(placed || reason.test(place?.text ?? ''))
      })
      .map(([number]) => number?.text),
    [],
  )
  assert.deepEqual(
    rows.flatMap((cells) => cells.flatMap(({ links, text }) => (links.includes(undefined) ? [text] : []))),
    [],
    'references without a definition',
  )
})

/** Texts of programs that neither gpuplay nor the lab prints. */
const foreign = ['nvcc: command not found']

test('symptoms are exact texts of gpuplay or of programs that the lab imitates', () => {
  const rows = rowsBelow(troubleshooting, 'Troubleshooting')
  assert.ok(rows.length > 60)
  const texts = sources()
  assert.deepEqual(
    rows
      .flatMap(([symptom]) => symptom?.codes ?? [])
      .filter((text) => !foreign.includes(text) && !texts.some((source) => source.includes(text))),
    [],
  )
  for (const [symptom, cause, cure] of rows) assert.ok(cause?.text !== '' && cure?.text !== '', symptom?.text)
})

/** Code and roles, with `...` for the variable parts of texts. */
function sources(): readonly string[] {
  return ['src', 'roles', 'test/lab', 'test/full'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => withoutValues(readFileSync(join(entry.parentPath, entry.name), 'utf8'))),
  )
}

function withoutValues(text: string): string {
  const shorter = text.replaceAll(/\$\{[^{}]*\}/g, '...')
  return shorter === text ? text.replaceAll(/\\(['"`])/g, '$1') : withoutValues(shorter)
}
