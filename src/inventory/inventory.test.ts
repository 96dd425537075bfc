import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hostName } from '../base/brand.ts'
import { inventoryOf, settingValue, valueOf } from './testing/inventories.ts'

const example = `all:
  children:
    nodes:
      vars: { pve_cluster: lab }
      hosts:
        pve1: { address: 192.0.2.11 }
        pve2:
    containers:
      vars: { node: pve1 }
      hosts:
        jellyfin: { ctid: 101, gpu_assignment: "0" }
    spare:
      hosts:
        "ct[02:03]": { gpu_assignment: none }
`

test('groups, children, ranges and variables are read from YAML in order', () => {
  const inventory = inventoryOf({
    '/i/hosts.yml': example,
  })
  assert.deepEqual([...inventory.hosts.keys()], ['pve1', 'pve2', 'jellyfin', 'ct02', 'ct03'])
  assert.deepEqual([...inventory.groups.keys()], ['all', 'ungrouped', 'nodes', 'containers', 'spare'])
  assert.deepEqual(inventory.groups.get('nodes')?.hosts, ['pve1', 'pve2'])
  assert.equal(valueOf(inventory, 'pve2', 'pve_cluster'), 'lab')
  assert.equal(valueOf(inventory, 'jellyfin', 'node'), 'pve1')
  assert.equal(inventory.hosts.get(hostName('jellyfin'))?.variables.get('node')?.where.line, 9)
  assert.ok(inventory.variableNames.has('gpu_assignment'))
})

test('groups, children, variables, ranges, ports and Ansible names are read from INI', () => {
  const inventory = inventoryOf(
    {
      '/i/hosts': `# comment
lonely
[nodes]
pve[1:2] ansible_host=192.0.2.1 ansible_become=yes note='two words # no comment'
far:2222 driver=580.95 count=3 flag=True mode=0644 items=["a", 1] text="5" # comment
[containers]
ct1 node=pve1 ctid=101
[site:children]
nodes
containers
[site:vars]
ansible_user = root
url=http://{{inventory_hostname}}/
`,
    },
    ['/i/hosts'],
  )
  assert.deepEqual([...inventory.hosts.keys()], ['lonely', 'pve1', 'pve2', 'far', 'ct1'])
  assert.deepEqual(inventory.groups.get('ungrouped')?.hosts, ['lonely'])
  assert.deepEqual(inventory.groups.get('site')?.hosts, ['pve1', 'pve2', 'far', 'ct1'])
  assert.deepEqual(inventory.hosts.get(hostName('ct1'))?.groups, ['site', 'containers'])
  const values = ['driver', 'count', 'flag', 'mode', 'items', 'text', 'ansible_port', 'ansible_user'].map(
    (name) => valueOf(inventory, 'far', name),
  )
  assert.deepEqual(values, [580.95, 3, true, '0644', ['a', 1], 5, 2222, 'root'])
  assert.deepEqual(
    ['address', 'become', 'user'].map((name) => settingValue(inventory, 'pve2', name)),
    ['192.0.2.1', true, 'root'],
  )
  assert.equal(settingValue(inventory, 'far', 'port'), 2222)
  assert.equal(valueOf(inventory, 'pve2', 'note'), 'two words # no comment')
})

test('precedence is the same as in Ansible: each added source overrides all earlier ones', () => {
  const group = (name: string, value: string) => `    ${name}:\n      vars: {x: ${value}}\n`
  const sources: readonly (readonly [path: string, text: string])[] = [
    ['/i/all-file', ''],
    ['/i/parent-file', ''],
    ['/i/child-file', ''],
    ['/i/group_vars/all.yml', 'x: group_vars all\n'],
    ['/p/group_vars/all/one.yml', 'x: playbook group_vars all\n'],
    ['/i/group_vars/parent.yml', 'x: group_vars parent\n'],
    ['/i/group_vars/child', 'x: group_vars child\n'],
    ['/p/group_vars/parent.yml', 'x: playbook group_vars parent\n'],
    ['/i/host-file', ''],
    ['/i/host_vars/h.yml', 'x: host_vars\n'],
    ['/p/host_vars/h.yml', 'x: playbook host_vars\n'],
  ]
  const present = fc.subarray(
    sources.map((_, index) => index),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(present, (chosen) => {
      const has = (path: string) => chosen.some((index) => sources[index]?.[0] === path)
      const hosts = [
        'all:\n',
        has('/i/all-file') ? '  vars: {x: all}\n' : '',
        '  children:\n',
        has('/i/child-file') ? group('child', 'child') : '    child:\n',
        has('/i/parent-file') ? group('parent', 'parent') : '    parent:\n',
        'parent:\n  children: {child: }\n',
        `child:\n  hosts:\n    h: ${has('/i/host-file') ? '{x: host}' : ''}\n`,
      ].join('')
      const contents = Object.fromEntries(sources.filter(([path, text]) => text !== '' && has(path)))
      const inventory = inventoryOf(
        { ...contents, '/i/hosts.yml': hosts, '/p/site.yml': '' },
        ['/i/hosts.yml'],
        {
          playbookDirectories: ['/p'],
        },
      )
      const strongest = sources[chosen.at(-1) ?? 0]
      const written: Readonly<Record<string, string>> = {
        '/i/all-file': 'all',
        '/i/parent-file': 'parent',
        '/i/child-file': 'child',
        '/i/host-file': 'host',
      }
      const expected = written[strongest?.[0] ?? ''] ?? strongest?.[1].slice(3, -1)
      assert.equal(valueOf(inventory, 'h', 'x'), expected)
    }),
  )
})

test('a later source overrides an earlier one; folders and lists of hosts are sources too', () => {
  const inventory = inventoryOf(
    {
      '/i/one/10-hosts.yml': 'nodes: {hosts: {pve1: {x: 1, y: 1}}}\n',
      '/i/one/20-more.yml': 'nodes: {hosts: {pve1: {y: 2}, pve2: }}\n',
      '/i/one/group_vars/nodes/main.yml': 'z: 1\n',
      '/i/two.yml': 'nodes: {hosts: {pve1: {x: 3}}}\n',
    },
    ['/i/one', '/i/two.yml', 'extra1,extra2'],
  )
  assert.deepEqual([...inventory.hosts.keys()], ['pve1', 'pve2', 'extra1', 'extra2'])
  assert.deepEqual(
    ['x', 'y', 'z'].map((name) => valueOf(inventory, 'pve1', name)),
    [3, 2, 1],
  )
})

test('localhost always exists, uses a local connection, and is not in the group all', () => {
  const inventory = inventoryOf({ '/i/hosts.yml': 'all: {hosts: {a: }, vars: {user: root, address: x}}\n' })
  const { settings } = inventory.localhost.connection
  assert.equal(settings.get('connection')?.value.kind, 'literal')
  assert.deepEqual([...settings.keys()].sort(), ['connection', 'user'])
  assert.deepEqual(inventory.groups.get('all')?.hosts, ['a'])
})
