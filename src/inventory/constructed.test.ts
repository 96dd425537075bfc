/** Constructed groups and variables. parity.test.ts compares them with Ansible. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from '../language/testing/report.ts'
import { inventoryOf, read, valueOf } from './testing/inventories.ts'

const hosts =
  'all:\n  hosts:\n    a: {gpus: [{model: A2, memory: 16}], zone: north, api_token: abcdefgh}\n    b: {gpus: [], zone: south}\n    c: {zone: north}\n'

const sources = ['/i/hosts.yml', '/i/groups.yml']

function withGroups(text: string, more: Readonly<Record<string, string>> = {}) {
  return { '/i/hosts.yml': hosts, '/i/groups.yml': `plugin: constructed\n${text}`, ...more }
}

/** The mistakes of a constructed source. */
function mistakesIn(text: string): readonly string[] {
  return report(read(withGroups(text), sources).problems)
}

test('groups and variables are constructed with the functions of CEL', () => {
  const inventory = inventoryOf(
    withGroups(
      [
        'compose:',
        '  memory: default(gpus, []).map(gpu, gpu.memory)',
        '  shown: inventory_hostname + " in " + zone',
        'groups:',
        '  gpu_nodes: default(gpus, []).size() > 0',
        '  everywhere: true',
        'keyed_groups:',
        '  - {key: zone, prefix: zone, parent_group: zones}',
        '  - {key: "default(gpus, []).map(gpu, gpu.model)", prefix: model}',
        '',
      ].join('\n'),
      { '/i/group_vars/zone_north.yml': 'power: 2\n' },
    ),
    sources,
  )
  const { groups } = inventory
  assert.deepEqual(groups.get('gpu_nodes')?.hosts, ['a'])
  assert.deepEqual(groups.get('everywhere')?.hosts, ['a', 'b', 'c'])
  assert.deepEqual(groups.get('zones')?.children, ['zone_north', 'zone_south'])
  assert.deepEqual(groups.get('zone_north')?.hosts, ['a', 'c'])
  assert.deepEqual(groups.get('model_A2')?.hosts, ['a'])
  assert.deepEqual(valueOf(inventory, 'a', 'memory'), [16])
  assert.equal(valueOf(inventory, 'c', 'shown'), 'c in north')
  assert.equal(valueOf(inventory, 'c', 'power'), 2)
})

test('a group that no host belongs to exists', () => {
  const inventory = inventoryOf(withGroups('groups: {far: zone == "west"}\n'), sources)
  assert.deepEqual(inventory.groups.get('far')?.hosts, [])
})

test('a composed variable is stronger than that of the host, and weaker than host_vars and -e', () => {
  const contents = withGroups('compose: {zone: zone + "!", gpus: zone}\n', {
    '/i/host_vars/b.yml': 'zone: file\n',
  })
  const inventory = inventoryOf(contents, sources)
  assert.deepEqual(
    ['a', 'b', 'c'].map((host) => valueOf(inventory, host, 'zone')),
    ['north!', 'file', 'north!'],
  )
})

test('a composed value may depend on facts and secrets: it is evaluated when something reads it', () => {
  const inventory = inventoryOf(
    withGroups('strict: false\ncompose: {kernel: facts.kernel, header: "\'Bearer \' + api_token"}\n'),
    sources,
  )
  const kinds = [...inventory.hosts.values()].map(({ variables }) => variables.get('kernel')?.value.kind)
  assert.deepEqual(kinds, ['expression', 'expression', 'expression'])
  const a = [...inventory.hosts.values()][0]
  assert.equal(a?.variables.get('header')?.value.kind, 'expression')
})

test('each mistake is reported once, with the hosts, the place and a hint', () => {
  const cure = 'or write strict: false, which leaves such hosts out'
  assert.deepEqual(mistakesIn('groups: {many: gpus.size() > 1}\n'), [
    `groups.yml:2:16 undefined-variable: "gpus" is not defined (host "c") (set it, or test it with defined(gpus); ${cure})`,
  ])
  assert.deepEqual(mistakesIn('groups: {many: nope > 1}\n'), [
    `groups.yml:2:16 undefined-variable: "nope" is not defined (host "a" and 2 more) (set it, or test it with defined(nope); ${cure})`,
  ])
  assert.deepEqual(mistakesIn('strict: false\ngroups: {many: gpus.size() > 1}\n'), [])
  assert.deepEqual(mistakesIn('strict: false\ngroups: {many: zone > 1}\n'), [
    'groups.yml:3:16 wrong-type: cannot compare text with a number: zone is text, 1 is a number (host "a" and 2 more) (compare values of the same type: text with text ("0"), numbers with numbers (0))',
  ])
  assert.deepEqual(mistakesIn('groups: {many: zone}\n'), [
    'groups.yml:2:16 not-a-condition: a condition must be true or false, but "zone" is the text "north" (host "a" and 1 more) (compare it: zone != "")',
    'groups.yml:2:16 not-a-condition: a condition must be true or false, but "zone" is the text "south" (host "b") (compare it: zone != "")',
  ])
  assert.deepEqual(mistakesIn('groups: {many: facts.memory > 1}\nkeyed_groups: [{key: facts.kernel}]\n'), [
    'groups.yml:2:16 unknown-value: "groups" cannot read "facts", which is known only during a run (use variables of the inventory; a task can test the value in "when")',
    'groups.yml:3:22 unknown-value: "keyed_groups" cannot read "facts", which is known only during a run (use variables of the inventory; a task can test the value in "when")',
  ])
  assert.deepEqual(mistakesIn('strict: false\nkeyed_groups: [{key: api_token}]\n'), [
    'groups.yml:3:22 unknown-value: "api_token" cannot determine groups: it depends on a secret (host "a") (use other variables of the inventory)',
  ])
  assert.deepEqual(mistakesIn('strict: false\nkeyed_groups: [{key: gpus}]\n'), [
    'groups.yml:3:22 wrong-type: "gpus" must be text to name a group, but it is or contains a map (host "a") (choose one value of it: gpu.model, or gpus.map(gpu, gpu.model))',
  ])
  assert.deepEqual(mistakesIn('keyed_groups: [{key: "\'\'", prefix: p}]\n'), [
    `groups.yml:2:22 empty-key: the value of "''" is empty, so it cannot name a group (host "a" and 2 more) (write default_value: NAME, or strict: false, which leaves such hosts out)`,
  ])
  assert.deepEqual(mistakesIn('leading_separator: false\nkeyed_groups: [{key: "\'5\'"}]\n'), [
    'groups.yml:3:22 invalid-name: "5" is not a valid group name (host "a" and 2 more) (add a prefix: "prefix: NAME")',
  ])
})

test('mistakes in the form of the file are reported at their places', () => {
  assert.deepEqual(mistakesIn('group: {}\n'), [
    'groups.yml:2:1 unknown-keyword: there is no "group" here (did you mean "groups"?)',
  ])
  assert.deepEqual(mistakesIn('groups: {big server: true}\n'), [
    'groups.yml:2:10 invalid-name: "big server" is not a valid group name (use letters, digits and underscores)',
  ])
  assert.deepEqual(mistakesIn('compose: {facts: "1", a-b: "2"}\n'), [
    'groups.yml:2:11 invalid-name: "facts" is a built-in variable and cannot be redefined (choose another name, such as facts_value)',
    'groups.yml:2:23 invalid-name: "a-b" is not a valid variable name (use letters, digits and underscores: a_b)',
  ])
  assert.deepEqual(mistakesIn('compose: {x: [1]}\n'), [
    `groups.yml:2:14 invalid-inventory: "x" must be an expression (write it as text: 'gpu_count > 1'; text in it needs quotes of its own)`,
  ])
  assert.match(
    mistakesIn('compose: {x: zone | upper}\n').join('\n'),
    /^groups\.yml:2:\d+ jinja: .*zone\.upper\(\)/,
  )
  assert.match(mistakesIn('groups: {x: "zone == "}\n').join('\n'), /^groups\.yml:2:\d+ invalid-expression: /)
  const entry = 'write a list of maps: "- key: EXPRESSION", "prefix: TEXT" below it'
  assert.deepEqual(mistakesIn('keyed_groups: [zone, {prefix: z}]\n'), [
    `groups.yml:2:16 invalid-inventory: an entry of "keyed_groups" must be a map (${entry})`,
    `groups.yml:2:22 missing-keyword: this entry has no "key" (${entry})`,
  ])
  assert.deepEqual(mistakesIn('keyed_groups: [{key: zone, default_value: x, trailing_separator: false}]\n'), [
    'groups.yml:2:46 exclusive-keywords: "default_value" and "trailing_separator" exclude each other (remove one of them)',
  ])
  assert.deepEqual(mistakesIn('keyed_groups: [{key: zone, prefix: z, parent_group: z_north}]\n'), [
    'groups.yml:2:22 cyclic-groups: these groups contain each other: z_north -> z_north (remove one of them from the children of another)',
  ])
})
