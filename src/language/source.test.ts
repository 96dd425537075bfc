import assert from 'node:assert/strict'
import { test } from 'node:test'
import { excerptOf, SourceFile } from './source.ts'

/** The last line of an excerpt that points at the end of this text. */
function shown(text: string, file = 'vars.yml'): string {
  const source = new SourceFile(file, `${text}\nnext`)
  const lines = excerptOf(source.position(text.length + 1))?.split('\n') ?? []
  return lines[0]?.slice(4) ?? ''
}

test('an excerpt hides values whose names mark them as secret', () => {
  assert.equal(shown('db_password: correct horse "battery"'), 'db_password: (secret)')
  assert.equal(shown('  - api_token: "open\\"sesame"'), '  - api_token: (secret)')
  assert.equal(shown('{"door_token":"open \\"sesame", "port": 1}'), '{"door_token":(secret), "port": 1}')
  assert.equal(shown('one: { user: ann, password: [a, b] }'), 'one: { user: ann, password: (secret)')
  assert.equal(shown('one ansible_password=sesame port=22'), 'one ansible_password=(secret) port=22')
})

test('an excerpt shows all other text unchanged', () => {
  for (const text of [
    'db_password: "{{ other }}"',
    'name: my_password is not here',
    '- get_url: { url: "https://x/y", dest: /x, headers: { X-A: "b" } }',
    'when: db_password == ""',
  ])
    assert.equal(shown(text), text)
})

test('an excerpt leaves out the lines of a value that begins after a secret name', () => {
  for (const [text, expected] of [
    ['db_password: |\n  open\n\n  sesame', '  (secret)'],
    ['all:\n  db_password:\n  - sesame', '  - (secret)'],
    ['all:\n  db_password:\n    - user: ann\n      word: sesame', '      (secret)'],
    ['- api_token: >-\n    open\n    sesame: {{ x }}', '    (secret)'],
    ['db_password:\n  "{{ other }}"', '  "{{ other }}"'],
    ['- db_password: x\n  user: ann', '  user: ann'],
    ['db_password: x\nuser: ann', 'user: ann'],
    ['all:\n  db_password: x\nlist:\n  - ann', '  - ann'],
    ['db_password:\nlist:\n- ann', '- ann'],
  ] as const)
    assert.equal(shown(text).trimStart(), expected.trimStart(), text)
})

test('the caret of an excerpt is where the meant text is shown', () => {
  for (const [text, meant, expected] of [
    ['user=ann password="open sesame" prot=1', 'prot', 'user=ann password=(secret) prot=1'],
    ['user=ann password="open sesame" port=1', 'ann', 'user=ann password=(secret) port=1'],
    ['db_password: open {{ sesame', '{{', 'db_password: (secret)'],
  ] as const) {
    const [line = '', caret = ''] =
      excerptOf(new SourceFile('vars.yml', text).position(text.indexOf(meant), meant.length))?.split('\n') ??
      []
    assert.equal(line, `1 | ${expected}`)
    const pointed = line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)
    assert.equal(pointed, meant === '{{' ? '(s' : meant)
  }
})

test('an excerpt shows no line of a secrets file', () => {
  assert.equal(shown('door: sesame', 'group_vars/all/vault.yml'), '(a line of a secrets file)')
})
