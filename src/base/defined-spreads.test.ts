/** Members that may be absent are written with `defined`, never as a spread of `{}`. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

const refused: readonly string[] = [
  `{ ...(a === undefined ? {} : { a }) }`,
  `{ ...(a ? { a: f(b) } : {}) }`,
  `{\n  ...(\n    (a ?? b)\n      ? {}\n      : { b },\n  ),\n}`,
  `{ ...(a && { a }) }`,
]

const fine: readonly string[] = [
  `{ ...defined({ a: b ? {} : undefined }) }`,
  `{ ...(a ? b : c) }`,
  `[...(a ? [] : [b])]`,
  `[...(a ?? list.map(() => ({})))]`,
]

test('a spread of a conditional object is recognized', () => {
  for (const text of refused) assert.equal(conditionalSpreads(text).length, 1, text)
  for (const text of fine) assert.equal(conditionalSpreads(text).length, 0, text)
})

test('no file spreads a conditional object', () => {
  const found = ['src', 'bench', 'test/soak', 'test/conformance', 'test/whole'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(root, folder, path))
      .filter((path) => path !== import.meta.filename)
      .flatMap((path) =>
        conditionalSpreads(readFileSync(path, 'utf8')).map((at) => `${relative(root, path)}: ${at}`),
      ),
  )
  assert.deepEqual(found, [])
})

/** Returns the spreads of a parenthesized expression that is an object only under a condition. */
function conditionalSpreads(source: string): readonly string[] {
  return [...source.matchAll(/\.\.\.\(/g)]
    .map(({ index }) => source.slice(index, closing(source, index + 3) + 1))
    .filter((spread) => /\?\s*\{\}\s*:\s*\{|\?\s*\{[^]*\}\s*:\s*\{\}[\s,]*\)$|&&\s*\{/.test(spread))
}

/** Returns the offset of the parenthesis that closes the one at `open`. */
function closing(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    if (source[at] === '(') depth++
    if (source[at] === ')') depth--
    if (depth === 0) return at
  }
  return source.length
}
