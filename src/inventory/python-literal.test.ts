import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PythonLiteral, pythonLiteral } from './python-literal.ts'

function dataOf(literal: PythonLiteral | undefined): unknown {
  if (literal === undefined) return undefined
  switch (literal.kind) {
    case 'scalar':
      return literal.value
    case 'list':
      return literal.items.map(dataOf)
    case 'map':
      return Object.fromEntries([...literal.entries].map(([key, value]) => [key, dataOf(value)]))
  }
}

/**
 * `undefined` means that the text is not a literal. Values are those of `ast.literal_eval` of Python 3.11,
 * unless a comment says otherwise.
 */
const literals: readonly (readonly [text: string, data: unknown])[] = [
  ['8080', 8080],
  ['8080 # all members', 8080],
  ["False # 'all' is 'top' parent", false],
  ['None', null],
  ['-5', -5],
  ['+5', 5],
  ['1.5', 1.5],
  ['.5', 0.5],
  ['5.', 5],
  ['1.10', 1.1],
  ['1e3', 1000],
  ['0x10', 16],
  ['0o17', 15],
  ['0b11', 3],
  ['1_000', 1000],
  ['0', 0],
  ['00', 0],
  ['0644', undefined],
  ['1__0', undefined],
  ['580.95.05', undefined],
  ['10.0.0.1', undefined],
  ['1a', undefined],
  ['true', undefined],
  ['abc # def', undefined],
  ['', undefined],
  ['# x', undefined],
  ["'a' 'b'", 'ab'],
  ["'a\\n\\x41\\u00e9'", 'a\nAé'],
  ["'a", undefined],
  ["'''a'''", undefined],
  ["[{'data': 'lv1'}]", [{ data: 'lv1' }]],
  ["{'a': 1, 'b': [1, 2,],}", { a: 1, b: [1, 2] }],
  ['{1: 2}', { 1: 2 }],
  ['(1, 2)', [1, 2]],
  ['(1,)', [1]],
  ['(1)', 1],
  ['()', []],
  ["{'a', 'b'}", ['a', 'b']],
  ['{}', {}],
  ['[1 2]', undefined],
  ['[1', undefined],
  ['[a]', undefined],
  ['{[]: 1}', undefined],
  ['[1] x', undefined],
  // In Python this is a tuple; here it is text.
  ['1,2', undefined],
  // JSON's words are undefined names in Python.
  ['[true, null]', [true, null]],
  // Python keeps all digits of a number; JavaScript does not, so it is text.
  ['12345678901234567890', undefined],
  ['[['.repeat(60), undefined],
]

for (const [text, data] of literals) {
  test(`${text.slice(0, 30)} is read as ${data === undefined ? 'text' : JSON.stringify(data)}`, () => {
    assert.deepEqual(dataOf(pythonLiteral(text)), data)
  })
}
