import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SourceFile } from './source.ts'
import { report } from './testing/report.ts'
import { readYaml, yamlData, type YamlNode } from './yaml.ts'

function read(text: string) {
  return readYaml(new SourceFile('f.yml', text))
}

function plain(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plain)
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]))
}

const mistakes: readonly (readonly [text: string, expected: string])[] = [
  [
    'a: {{ x }}\n',
    'f.yml:1:4 unquoted-template: a value that starts with "{{" must be quoted (quote it: "{{ x }}")',
  ],
  [
    '- name: x\n  msg: {{ x }} y\n',
    'f.yml:2:8 unquoted-template: a value that starts with "{{" must be quoted (quote it: "{{ x }} y")',
  ],
  ['a: 1\nb: 2\na: 3\n', 'f.yml:3:1 duplicate-key: this key appears twice in one map (remove one of them)'],
  ['a:\n\tb: 1\n', 'f.yml:2:1 invalid-yaml: a tab is used for indentation (indent with spaces)'],
  [
    'a: !vault x\n',
    'f.yml:1:11 not-encrypted: this value is not encrypted with Ansible Vault (encrypt it with "ansible-vault encrypt_string")',
  ],
  [
    'shell: echo a: b\n',
    'f.yml:1:8 invalid-yaml: YAML reads the ": " inside this value as a second key (put quotes around the value)',
  ],
  ['a: *b\n', 'f.yml:1:4 unknown-alias: there is no anchor "&b" in this file'],
  ['a: &a [*a]\n', 'f.yml:1:7 cyclic-alias: this alias contains itself'],
  [
    'a: 1\n---\nb: 2\n',
    'f.yml:2:1 invalid-yaml: this file contains more than one YAML document (keep one; remove the "---" between them)',
  ],
]

for (const [text, expected] of mistakes) {
  test(`${JSON.stringify(text)} is reported at its position with a hint`, () => {
    assert.deepEqual(report(read(text).problems), [expected])
  })
}

test('an excerpt shows the line, the line before it, and a caret below the mistake', () => {
  const [problem] = read('a: 1\nb: {{ x }}\n').problems
  assert.equal(problem?.excerpt, '1 | a: 1\n2 | b: {{ x }}\n  |    ^^^^^^^')
})

test('values follow YAML 1.2: yes is text, versions with three parts are text, and numbers keep their source text', () => {
  const { root } = read('mode: 0644\nyes: yes\nversion: 580.95.05\n')
  assert.deepEqual(plain(root), { mode: 644, yes: 'yes', version: '580.95.05' })
  assert.ok(root?.kind === 'map')
  const mode = root.entries.get('mode')?.value
  assert.equal(mode?.kind === 'scalar' ? mode.source : '', '0644')
})

test('a whole number with too many digits for JavaScript keeps them as text', () => {
  const { root } = readYaml(
    new SourceFile('a.yml', 'x: 12345678901234567890\ny: 1e30\nz: 9007199254740991\n'),
  )
  assert.ok(root)
  assert.deepEqual(yamlData(root), { x: '12345678901234567890', y: 1e30, z: 9007199254740991 })
})

test('merged maps are read, their own keys take precedence, and aliases are resolved', () => {
  const { root, problems } = read('base: &b {x: 1, y: 2}\nown: {<<: *b, y: 3}\nlist: [*b]\n')
  assert.deepEqual(report(problems), [])
  assert.deepEqual(plain(root), { base: { x: 1, y: 2 }, own: { y: 3, x: 1 }, list: [{ x: 1, y: 2 }] })
})

test('aliases that expand to too many values are refused', () => {
  const levels = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const lines = levels.map((name, index) => {
    const below = index === 0 ? '1' : `*${levels[index - 1] ?? ''}`
    return `${name}: &${name} [${Array.from({ length: 9 }, () => below).join(', ')}]`
  })
  const { problems } = read(lines.join('\n'))
  assert.deepEqual(
    problems.map((found) => found.code),
    ['yaml-too-large'],
  )
})

test('an empty file has no root and no problems', () => {
  assert.deepEqual(read('# nothing\n'), { root: undefined, problems: [] })
})

test('a position inside quoted, plain and block text is found', () => {
  const { root } = read('a: "x {{y}}"\nb: x {{y}}\nc: |\n  one\n  two {{y}}\n')
  assert.ok(root?.kind === 'map')
  const placeOf = (key: string) => {
    const node = root.entries.get(key)?.value
    assert.ok(node?.kind === 'scalar')
    const { line, column } = node.at(String(node.value).indexOf('y}}'), 1)
    return [line, column]
  }
  assert.deepEqual(
    [placeOf('a'), placeOf('b'), placeOf('c')],
    [
      [1, 9],
      [2, 8],
      [5, 9],
    ],
  )
})

test('if an unquoted condition begins with !, the hint suggests quotes', () => {
  assert.deepEqual(report(read('when: !defined(x)\n').problems), [
    'f.yml:1:7 unknown-tag: unknown tag "!defined(x)" (put quotes around an expression that starts with "!"; the tags are !cel, !age and !vault)',
  ])
})
