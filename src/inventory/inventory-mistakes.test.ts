/** Mistakes in an inventory: found, placed and explained. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from '../language/testing/report.ts'
import { inventoryOf, mistakes, read } from './testing/inventories.ts'

const wrong: readonly (readonly [name: string, yaml: string, expected: readonly string[]])[] = [
  [
    'groups that contain each other',
    'a: {children: {b: }}\nb: {children: {c: }}\nc: {children: {a: }}\n',
    [
      'hosts.yml:3:16 cyclic-groups: these groups contain each other: a -> b -> c -> a (take one of them out of the children of another)',
    ],
  ],
  [
    'a node that is no host',
    'all:\n  hosts:\n    pve1:\n    ct: {node: pev1, ctid: 101}\n',
    [
      'hosts.yml:4:16 unknown-node: there is no host "pev1" that could be the node of "ct" (did you mean "pve1"?)',
    ],
  ],
  [
    'a node that is a container, and one that is itself',
    'all:\n  hosts:\n    pve1:\n    a: {node: pve1, ctid: 101}\n    b: {node: a, ctid: 102}\n    c: {node: c, ctid: 103}\n',
    [
      'hosts.yml:5:15 invalid-node: "a" is itself a container and cannot be the node of "b" (name the host that runs Proxmox VE)',
      'hosts.yml:6:15 invalid-node: "c" cannot be its own node (name the host that runs Proxmox VE)',
    ],
  ],
  [
    'two containers of one node with one id',
    'all:\n  hosts:\n    pve1:\n    a: {node: pve1, ctid: 101}\n    b: {node: pve1, ctid: "101"}\n',
    [
      'hosts.yml:5:27 duplicate-ctid: "b" and "a" are both container 101 of the node "pve1" (the other one is at /i/hosts.yml:4; give one of them its own ctid)',
    ],
  ],
  [
    'two containers of one cluster with one id',
    'all:\n  vars: {pve_cluster: lab}\n  hosts:\n    pve1:\n    pve2:\n    a: {node: pve1, ctid: 101}\n    b: {node: pve2, ctid: 101}\n',
    [
      'hosts.yml:7:27 duplicate-ctid: "b" and "a" are both container 101 of the cluster "lab" (the other one is at /i/hosts.yml:6; give one of them its own ctid)',
    ],
  ],
  [
    'a container without a node, and one without an id',
    'all:\n  hosts:\n    pve1:\n    a: {ctid: 101}\n    b: {node: pve1}\n    c: {connection: pct}\n',
    [
      'hosts.yml:4:9 missing-node: the container "a" does not say on which node it is (add "node: NAME", where NAME is a host of this inventory)',
      'hosts.yml:5:5 missing-ctid: "b" is a container and has no "ctid" (add "ctid: 101"; if "node" is a variable of your application, give it another name (/i/hosts.yml:5))',
      'hosts.yml:6:5 missing-ctid: "c" is a container and has no "ctid" (add "ctid: 101", or remove "connection" (/i/hosts.yml:6))',
    ],
  ],
  [
    'a port, an id, a connection and a boolean that cannot be',
    'all:\n  hosts:\n    a: {port: 70000, become: yes}\n    b: {port: ssh, connection: shh}\n    c: {ctid: 99, node: a}\n',
    [
      'hosts.yml:3:15 invalid-variable: "port" must be at most 65535, and is 70000 (a port is a number from 1 to 65535)',
      'hosts.yml:3:30 invalid-variable: "become" must be true or false, and yes is text in YAML 1.2 (write true)',
      'hosts.yml:4:15 invalid-variable: "port" is "ssh", which is not valid (a port is a number from 1 to 65535)',
      'hosts.yml:4:32 invalid-variable: "connection" must be one of ssh, openssh, local, pct, and is "shh" (did you mean "ssh"?)',
      'hosts.yml:5:15 invalid-variable: "ctid" must be at least 100, and is 99 (a container id is a number from 100 on)',
    ],
  ],
  [
    'a misspelt key of a group, and hosts that are a list',
    'all:\n  hots: {a: }\n  children:\n    web: {hosts: [a, b]}\n',
    [
      'hosts.yml:2:3 unknown-keyword: a group has hosts, children and vars, and no "hots" (did you mean "hosts"?)',
      'hosts.yml:4:18 invalid-inventory: "hosts" must be a map (write each name as a key: "pve1:")',
    ],
  ],
  [
    'a range that runs backwards, and a name that cannot be one',
    'all:\n  hosts:\n    web[3:1]:\n    "a b":\n',
    [
      'hosts.yml:3:5 invalid-range: the range in "web[3:1]" runs backwards (write [01:20] or [a:c])',
      'hosts.yml:4:5 invalid-name: "a b" cannot be the name of a host (use letters, digits, dots and dashes; a range is written [01:20])',
    ],
  ],
  [
    'a variable that no expression could read',
    'all:\n  vars: {gpu-count: 1}\n',
    [
      'hosts.yml:2:10 invalid-name: "gpu-count" cannot be the name of a variable (use letters, digits and underscores: gpu_count)',
    ],
  ],
]

for (const [name, yaml, expected] of wrong) {
  test(`finds ${name}`, () => {
    assert.deepEqual(mistakes(yaml), expected)
  })
}

test('finds mistakes in INI at their columns', () => {
  const { problems } = read({ '/i/hosts.ini': '[web:vrs]\n[web]\na port=x b\n' }, ['/i/hosts.ini'])
  assert.deepEqual(report(problems), [
    'hosts.ini:1:2 invalid-inventory: there is no section "[web:vrs]" (did you mean "vars"?)',
    'hosts.ini:3:8 invalid-variable: "port" is "x", which is not valid (a port is a number from 1 to 65535)',
    'hosts.ini:3:10 invalid-inventory: "b" is not a variable (write name=value)',
  ])
})

test('the same id on two standalone nodes is no mistake, and ids may be templates', () => {
  const inventory = inventoryOf({
    '/i/hosts.yml': `all:
  hosts:
    pve1:
    pve2:
    a: {node: pve1, ctid: 101}
    b: {node: pve2, ctid: "{{number}}", number: 101}
`,
  })
  assert.equal(inventory.hosts.size, 4)
  assert.deepEqual(
    mistakes(
      'all:\n  hosts:\n    pve1:\n    a: {node: pve1, ctid: 101}\n    b: {node: "{{host}}", host: pve1, ctid: "{{number}}", number: 101}\n',
    ),
    [
      'hosts.yml:5:45 duplicate-ctid: "b" and "a" are both container 101 of the node "pve1" (the other one is at /i/hosts.yml:4; give one of them its own ctid)',
    ],
  )
})

test('a mistake in group variables is reported once, not once for each host', () => {
  assert.deepEqual(mistakes('all:\n  vars: {node: "{{nothing}}", ctid: 101}\n  hosts: {a: , b: }\n'), [
    'hosts.yml:2:19 undefined-variable: "nothing" is not defined (give it a value, or write {{default nothing "..."}})',
  ])
})

test('a file in group_vars that belongs to no group is a warning with what was meant', () => {
  const inventory = inventoryOf({
    '/i/hosts.yml': 'containers: {hosts: {a: }}\n',
    '/i/group_vars/contaners.yml': 'x: 1\n',
    '/i/host_vars/a.yml': 'x: 1\n',
  })
  assert.deepEqual(report(inventory.warnings), [
    'contaners.yml:1:1 unused-variables: there is no group "contaners", so "/i/group_vars/contaners.yml" is not used (did you mean "containers"?)',
  ])
})

test('a node that no host could be says so, and no list of hosts is empty', () => {
  assert.deepEqual(mistakes('all:\n  hosts:\n    w1: {node: alpha, ctid: 101}\n'), [
    'hosts.yml:3:16 unknown-node: there is no host "alpha" that could be the node of "w1" (add "alpha" to the inventory as a host of its own)',
  ])
})

test('groups that nobody declares are reported with what was meant', () => {
  const { problems } = read({ '/i/hosts': '[web]\na\n[all2:children]\nwbe\n[wob:vars]\nx=1\n' }, ['/i/hosts'])
  assert.deepEqual(report(problems), [
    'hosts:4:1 unknown-group: there is no group "wbe" (did you mean "web"?)',
    'hosts:5:2 unknown-group: there is no group "wob" (did you mean "web"?)',
  ])
})

test('a number where text is needed says how text is written in INI', () => {
  const { problems } = read({ '/i/hosts': '[a]\nh ansible_user=580.10\n[a:vars]\nansible_host=5\n' }, [
    '/i/hosts',
  ])
  assert.deepEqual(report(problems), [
    `hosts:2:16 invalid-variable: "ansible_user" must be text, and 580.10 is read as the number 580.1 (quote it: ansible_user="'580.10'")`,
    'hosts:4:14 invalid-variable: "ansible_host" must be text, and 5 is a number (quote it: ansible_host="5")',
  ])
})

test('what is odd in an inventory is a warning', () => {
  const inventory = inventoryOf(
    {
      '/i/hosts': '[a]\nh groups=1\n[a:vars]\nx=b # c\n',
      '/i/more.ini': 'k\n',
      '/i/sub/hosts': 'l\n',
      '/i/sub/group_vars/a.yml': 'y: 1\n',
    },
    ['/i'],
  )
  assert.deepEqual(report(inventory.warnings), [
    'unused-variables: "/i/sub/group_vars" is not read: only the folder after -i has group_vars and host_vars (move it up, or add -i /i/sub)',
    'unused-file: "/i/more.ini" is not read: as in Ansible, .ini files in a folder are left out (rename it, or add it with -i if it is an inventory)',
    'hosts:2:3 reserved-name: "groups" is set by gpuplay itself, so this value is not used (choose another name, such as groups_value)',
    'hosts:4:3 comment-in-value: the comment is part of the value of "x", as it is in Ansible (quote the value, or put the comment on a line of its own)',
  ])
  assert.deepEqual([...inventory.hosts.keys()], ['h', 'l'])
})

test('a host that has the name of a group is a warning', () => {
  const inventory = inventoryOf({ '/i/hosts.yml': 'web: {hosts: {web: , a: }}\n' })
  assert.deepEqual(report(inventory.warnings), [
    'hosts.yml:1:15 same-name: "web" is a host and a group, and a pattern selects both (give one of them another name)',
  ])
})

test('what cannot be an inventory here says which command makes one', () => {
  const { problems } = read({ '/i/a.yml': 'plugin: constructed\n', '/i/b.toml': '[a.hosts]\n' }, [
    '/i/a.yml',
    '/i/b.toml',
  ])
  assert.deepEqual(report(problems), [
    'a.yml:1:1 not-yet-supported: inventory plugins of Ansible are not supported (write its hosts to a file: ansible-inventory -i /i/a.yml --list > hosts.json; then -i hosts.json)',
    'b.toml:1:1 invalid-inventory: inventories in TOML are not supported (write it as YAML: ansible-inventory -i /i/b.toml --list --yaml > hosts.yml)',
  ])
})

test('sources that are not there, are empty or are programs are reported', () => {
  const files = { '/i/hosts.yml': '', '/j/readme.md': '', '/k/run': '#!/bin/sh\n', '/m/hosts.ini': 'a\n' }
  const { problems } = read(files, ['/i/hots.yml', '/j', '/k/run', '/m'])
  assert.deepEqual(report(problems), [
    'missing-file: there is no inventory "/i/hots.yml" (did you mean "hosts.yml"?)',
    'missing-file: the folder "/j" holds no inventory (put a file such as hosts.yml into it)',
    'missing-file: the folder "/m" holds no inventory (files whose names end with .ini are not read in a folder, as in Ansible; write -i /m/hosts.ini)',
    'run:1:1 not-yet-supported: inventories that are programs are not yet supported (write what it prints to a file: /k/run --list > hosts.json; then -i hosts.json)',
  ])
})
