import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fix } from '../base/errors.ts'
import { applyFix } from './apply-fix.ts'
import { SourceFile } from './source.ts'

/** Applies a fix at the first `|` of the text, which marks the place. */
function applied(marked: string, fix: Fix, file = '/p/site.yml'): string | undefined {
  const at = marked.indexOf('|')
  const text = marked.slice(0, at) + marked.slice(at + 1)
  return applyFix(text, new SourceFile(file, text).position(at), fix)
}

const lower: Fix = { kind: 'text', from: 'x', to: 'yy' }

test('the occurrence at the place changes, and no other one', () => {
  assert.equal(applied('a: x x |x x # x\n', lower), 'a: x x yy x # x\n')
  assert.equal(applied('a: "x \\u0041 |x"\n', lower), 'a: "x \\u0041 yy"\n')
  assert.equal(applied('a: |b\n', lower), undefined)
})

test('text in a place that escapes hide changes if it is there only once', () => {
  const quotes: Fix = { kind: 'text', from: 'it "is"', to: 'was' }
  assert.equal(applied('a: |"it \\"is\\" so"\n', quotes), "a: 'was so'\n")
})

test('quotes are added or changed if the text needs them', () => {
  const fix = (to: string): Fix => ({ kind: 'text', from: 'x', to })
  assert.equal(applied('a: |x\n', fix('!b')), "a: '!b'\n")
  assert.equal(applied('a: |x\n', fix('b: c')), "a: 'b: c'\n")
  assert.equal(applied('a: |x\n', fix('b # c')), "a: 'b # c'\n")
  assert.equal(applied('a: |x\n', fix('true')), "a: 'true'\n")
  assert.equal(applied('a: [|x, x]\n', fix('b, c')), "a: ['b, c', x]\n")
  assert.equal(applied('a: "|x"\n', fix('"b"')), `a: '"b"'\n`)
  assert.equal(applied("a: '|x'\n", fix("'b'")), `a: '''b'''\n`)
})

test('tags, anchors and line ends stay', () => {
  assert.equal(applied("a: &b !cel '|x' # c\r\nd: *b\r\n", lower), "a: &b !cel 'yy' # c\r\nd: *b\r\n")
})

test('a key is renamed, but not a value with the same text', () => {
  const key: Fix = { kind: 'key', from: 'x', to: 'y' }
  assert.equal(applied('- |x: x\n', key), '- y: x\n')
  assert.equal(applied('- "|x": 1\n', key), '- "y": 1\n')
  assert.equal(applied('- x: |x\n', key), undefined)
  // It would be there twice.
  assert.equal(applied('- { |x: 1, y: 2 }\n', key), undefined)
})

test('a value gets another kind, but never one that the text does not describe', () => {
  const yes: Fix = { kind: 'yaml', from: 'yes', to: 'true' }
  assert.equal(applied('a: |yes # b\n', yes), 'a: true # b\n')
  assert.equal(applied('a: "|yes"\n', yes), 'a: true\n')
  assert.equal(applied('a: |yes\n', { ...yes, to: "!cel 'b'" }), "a: !cel 'b'\n")
})

test('a change that would move the lines below is refused', () => {
  assert.equal(applied('a: |x\n  more\n', { kind: 'text', from: 'x more', to: 'y' }), undefined)
})

test('a template is text whose placeholder must be at the place', () => {
  const template = '/p/roles/a/templates/b.yml'
  assert.equal(applied('a: [ {{|x}}\n', lower, template), 'a: [ {{yy}}\n')
  assert.equal(applied('a: |{{x}}\n', lower, template), undefined)
  assert.equal(applied('a: |x\n', { kind: 'key', from: 'x', to: 'y' }, template), undefined)
})
