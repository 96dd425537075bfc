/** The JSON of inventory programs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { report } from '../language/testing/report.ts'
import { unreadableSettings } from './relations.ts'
import { inventoryOf, read, settingValue, valueOf } from './testing/inventories.ts'

test('the output of an inventory program is read', () => {
  const inventory = inventoryOf(
    {
      '/i/hosts.json': JSON.stringify({
        _meta: { hostvars: { a: { ansible_host: '192.0.2.1', x: [1] }, alone: { y: 2 } } },
        all: { children: ['web', 'ungrouped'], vars: { z: 3 } },
        web: { hosts: ['a', 'b'], children: ['inner'], vars: { z: 4 } },
        inner: ['c'],
      }),
    },
    ['/i/hosts.json'],
  )
  assert.deepEqual(inventory.groups.get('web')?.hosts, ['a', 'b', 'c'])
  assert.deepEqual(inventory.groups.get('ungrouped')?.hosts, ['alone'])
  assert.equal(settingValue(inventory, 'a', 'address'), '192.0.2.1')
  assert.deepEqual(
    [valueOf(inventory, 'a', 'x'), valueOf(inventory, 'c', 'z'), valueOf(inventory, 'alone', 'z')],
    [[1], 4, 3],
  )
})

test('a value that was omitted from the output is reported where it is used', () => {
  const list = (variables: object) => ({
    '/i/hosts.json': JSON.stringify({ _meta: { hostvars: { a: variables } }, all: { hosts: ['a'] } }),
  })
  const { inventory, problems } = read(list({ password: '(secret)' }), ['/i/hosts.json'])
  assert.deepEqual(problems, [])
  assert.ok(inventory)
  const given = { extra: new Map(), localSources: { environment: {}, files: memoryFiles({}), folders: [] } }
  assert.deepEqual(report(unreadableSettings(inventory, [hostName('a')], given)), [
    'hosts.json:1:39 missing-value: this list omits the value of "password" because it is secret (set it in host_vars next to this file, or with -e)',
  ])
  assert.deepEqual(report(read(list({ app: { token: '(secret)' } }), ['/i/hosts.json']).problems), [])
})

test('output in another format is reported', () => {
  const { problems } = read(
    { '/i/hosts.json': '{"_meta": {"hostvars": {}}, "web": {"hosts": {"a": {}}, "children": "x"}, "db": 1}' },
    ['/i/hosts.json'],
  )
  const hint = '(a group has lists under "hosts" and "children", and a map under "vars")'
  assert.deepEqual(report(problems), [
    `hosts.json:1:46 invalid-inventory: "hosts" does not match the output format of inventory programs ${hint}`,
    `hosts.json:1:69 invalid-inventory: "children" does not match the output format of inventory programs ${hint}`,
    `hosts.json:1:81 invalid-inventory: the group "db" does not match the output format of inventory programs ${hint}`,
  ])
})

test('a marked text is no template, at any depth', () => {
  const inventory = inventoryOf(
    {
      '/i/hosts.json': JSON.stringify({
        _meta: {
          hostvars: { a: { x: { __ansible_unsafe: '{{y}}' }, z: [{ k: { __ansible_unsafe: '{{' } }] } },
        },
        all: { hosts: ['a'] },
      }),
    },
    ['/i/hosts.json'],
  )
  assert.equal(valueOf(inventory, 'a', 'x'), '{{y}}')
  assert.deepEqual(valueOf(inventory, 'a', 'z'), [{ k: '{{' }])
})
