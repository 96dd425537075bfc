/** Mistakes in an inventory, with their positions and hints. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from '../language/testing/report.ts'
import { inventoryOf, mistakes, read } from './testing/inventories.ts'

const wrong: readonly (readonly [name: string, yaml: string, expected: readonly string[]])[] = [
  [
    'groups that contain each other',
    'a: {children: {b: }}\nb: {children: {c: }}\nc: {children: {a: }}\n',
    [
      'hosts.yml:3:16 cyclic-groups: these groups contain each other: a -> b -> c -> a (remove one of them from the children of another)',
    ],
  ],
  [
    'a node that is not a host',
    'all:\n  hosts:\n    pve1:\n    ct: {node: pev1, ctid: 101}\n',
    [
      'hosts.yml:4:16 unknown-node: "pev1", the node of "ct", is not a host of the inventory (did you mean "pve1"?)',
    ],
  ],
  [
    'a node that is a container, and a host that is its own node',
    'all:\n  hosts:\n    pve1:\n    a: {node: pve1, ctid: 101}\n    b: {node: a, ctid: 102}\n    c: {node: c, ctid: 103}\n',
    [
      'hosts.yml:5:15 invalid-node: "a" is itself a container and cannot be the node of "b" (name the host that runs Proxmox VE)',
      'hosts.yml:6:15 invalid-node: "c" cannot be its own node (name the host that runs Proxmox VE)',
    ],
  ],
  [
    'two containers with the same ID on one node',
    'all:\n  hosts:\n    pve1:\n    a: {node: pve1, ctid: 101}\n    b: {node: pve1, ctid: "101"}\n',
    [
      'hosts.yml:5:27 duplicate-ctid: "b" and "a" are both container 101 of the node "pve1" (the other one is at /i/hosts.yml:4; give one of them another ctid)',
    ],
  ],
  [
    'two containers with the same ID in one cluster',
    'all:\n  vars: {pve_cluster: lab}\n  hosts:\n    pve1:\n    pve2:\n    a: {node: pve1, ctid: 101}\n    b: {node: pve2, ctid: 101}\n',
    [
      'hosts.yml:7:27 duplicate-ctid: "b" and "a" are both container 101 of the cluster "lab" (the other one is at /i/hosts.yml:6; give one of them another ctid)',
    ],
  ],
  [
    'a container without a node, and one without an ID',
    'all:\n  hosts:\n    pve1:\n    a: {ctid: 101}\n    b: {node: pve1}\n    c: {connection: pct}\n',
    [
      'hosts.yml:4:9 missing-node: the container "a" has no "node" (add "node: NAME", where NAME is a host of this inventory)',
      'hosts.yml:5:5 missing-ctid: the container "b" has no "ctid" (add "ctid: 101"; if "node" is a variable of your application, rename it (/i/hosts.yml:5))',
      'hosts.yml:6:5 missing-ctid: the container "c" has no "ctid" (add "ctid: 101", or remove "connection" (/i/hosts.yml:6))',
    ],
  ],
  [
    'an invalid port, ID, connection and boolean',
    'all:\n  hosts:\n    a: {port: 70000, become: yes}\n    b: {port: ssh, connection: shh}\n    c: {ctid: 99, node: a}\n',
    [
      'hosts.yml:3:15 invalid-variable: "port" must be at most 65535, not 70000 (a port is a number from 1 to 65535)',
      'hosts.yml:3:30 invalid-variable: "become" must be true or false, but yes is text in YAML 1.2 (write true)',
      'hosts.yml:4:15 invalid-variable: "port" is "ssh", which is not valid (a port is a number from 1 to 65535)',
      'hosts.yml:4:32 invalid-variable: "connection" must be one of ssh, openssh, local, pct, not "shh" (did you mean "ssh"?)',
      'hosts.yml:5:15 invalid-variable: "ctid" must be at least 100, not 99 (a container id is a number, 100 or higher)',
    ],
  ],
  [
    'a misspelt key of a group, and a list of hosts',
    'all:\n  hots: {a: }\n  children:\n    web: {hosts: [a, b]}\n',
    [
      'hosts.yml:2:3 unknown-keyword: a group has no key "hots", only hosts, children and vars (did you mean "hosts"?)',
      'hosts.yml:4:18 invalid-inventory: "hosts" must be a map (write each name as a key: "pve1:")',
    ],
  ],
  [
    'a range that runs backwards, and an invalid host name',
    'all:\n  hosts:\n    web[3:1]:\n    "a b":\n',
    [
      'hosts.yml:3:5 invalid-range: the range in "web[3:1]" runs backwards (write [01:20] or [a:c])',
      'hosts.yml:4:5 invalid-name: "a b" is not a valid host name (use letters, digits, dots and dashes; a range is written [01:20])',
    ],
  ],
  [
    'an invalid variable name',
    'all:\n  vars: {gpu-count: 1}\n',
    [
      'hosts.yml:2:10 invalid-name: "gpu-count" is not a valid variable name (use letters, digits and underscores: gpu_count)',
    ],
  ],
]

for (const [name, yaml, expected] of wrong) {
  test(`${name}: reported at its position`, () => {
    assert.deepEqual(mistakes(yaml), expected)
  })
}

test('mistakes in INI are reported at their columns', () => {
  const { problems } = read({ '/i/hosts.ini': '[web:vrs]\n[web]\na port=x b\n' }, ['/i/hosts.ini'])
  assert.deepEqual(report(problems), [
    'hosts.ini:1:2 invalid-inventory: there is no section "[web:vrs]" (did you mean "vars"?)',
    'hosts.ini:3:8 invalid-variable: "port" is "x", which is not valid (a port is a number from 1 to 65535)',
    'hosts.ini:3:10 invalid-inventory: "b" is not a variable (write name=value)',
  ])
})

test('two standalone nodes can have containers with the same ID, and an ID can be a template', () => {
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
      'hosts.yml:5:45 duplicate-ctid: "b" and "a" are both container 101 of the node "pve1" (the other one is at /i/hosts.yml:4; give one of them another ctid)',
    ],
  )
})

test('a mistake in group variables is reported once, not once per host', () => {
  assert.deepEqual(mistakes('all:\n  vars: {node: "{{nothing}}", ctid: 101}\n  hosts: {a: , b: }\n'), [
    'hosts.yml:2:19 undefined-variable: "nothing" is not defined (give it a value, or write {{default nothing "..."}})',
  ])
})

test('a file in group_vars without a matching group causes a warning with a suggestion', () => {
  const inventory = inventoryOf({
    '/i/hosts.yml': 'containers: {hosts: {a: }}\n',
    '/i/group_vars/contaners.yml': 'x: 1\n',
    '/i/host_vars/a.yml': 'x: 1\n',
  })
  const warnings = inventory.unusedFiles.map(({ warning }) => warning)
  assert.deepEqual(report(warnings), [
    'contaners.yml:1:1 unused-variables: there is no group "contaners", so "/i/group_vars/contaners.yml" is not used (did you mean "containers"?)',
  ])
})

test('a node that is not in the inventory is reported, without an empty list of hosts', () => {
  assert.deepEqual(mistakes('all:\n  hosts:\n    w1: {node: alpha, ctid: 101}\n'), [
    'hosts.yml:3:16 unknown-node: "alpha", the node of "w1", is not a host of the inventory (add "alpha" to the inventory as a host)',
  ])
})

test('undeclared groups are reported with a suggestion', () => {
  const { problems } = read({ '/i/hosts': '[web]\na\n[all2:children]\nwbe\n[wob:vars]\nx=1\n' }, ['/i/hosts'])
  assert.deepEqual(report(problems), [
    'hosts:4:1 unknown-group: there is no group "wbe" (did you mean "web"?)',
    'hosts:5:2 unknown-group: there is no group "wob" (did you mean "web"?)',
  ])
})

test('if a number is given instead of text, the hint shows how to write text in INI', () => {
  const { problems } = read({ '/i/hosts': '[a]\nh ansible_user=580.10\n[a:vars]\nansible_host=5\n' }, [
    '/i/hosts',
  ])
  assert.deepEqual(report(problems), [
    `hosts:2:16 invalid-variable: "ansible_user" must be text, but 580.10 is read as the number 580.1 (quote it: ansible_user="'580.10'")`,
    'hosts:4:14 invalid-variable: "ansible_host" must be text, but 5 is a number (quote it: ansible_host="5")',
  ])
})

test('unusual but valid inventories cause warnings', () => {
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
    'unused-variables: "/i/sub/group_vars" is ignored: in an inventory folder, group_vars and host_vars must be at the top level (move it up, or add -i /i/sub)',
    'unused-file: "/i/more.ini" is ignored: as in Ansible, .ini files in a folder are not read (if it is an inventory, rename it or add it with -i)',
    'hosts:2:3 reserved-name: gpuplay sets "groups" itself and ignores this value (choose another name, such as groups_value)',
    'hosts:4:3 comment-in-value: the comment is part of the value of "x", as in Ansible (quote the value, or put the comment on its own line)',
  ])
  assert.deepEqual([...inventory.hosts.keys()], ['h', 'l'])
})

test('a host with the name of a group causes a warning', () => {
  const inventory = inventoryOf({ '/i/hosts.yml': 'web: {hosts: {web: , a: }}\n' })
  assert.deepEqual(report(inventory.warnings), [
    'hosts.yml:1:15 same-name: "web" is both a host and a group, and a pattern selects both (give one of them another name)',
  ])
})

test('for unsupported kinds of inventories, the hint names a command that converts them', () => {
  const { problems } = read({ '/i/a.yml': 'plugin: aws_ec2\n', '/i/b.toml': '[a.hosts]\n' }, [
    '/i/a.yml',
    '/i/b.toml',
  ])
  assert.deepEqual(report(problems), [
    'a.yml:1:1 not-yet-supported: Ansible inventory plugins are not supported (save its hosts to a file: ansible-inventory -i /i/a.yml --list > hosts.json; then -i hosts.json)',
    'b.toml:1:1 invalid-inventory: TOML inventories are not supported (convert it to YAML: ansible-inventory -i /i/b.toml --list --yaml > hosts.yml)',
  ])
})

test('a section with spaces, or with a semicolon behind it, is reported', () => {
  const { problems } = read({ '/i/hosts': '[ a b ]\nh\n[c] ; first\ni\n' }, ['/i/hosts'])
  assert.deepEqual(report(problems), [
    'hosts:1:1 invalid-inventory: "[ a b ]" is not a valid section (write [a_b])',
    'hosts:3:1 invalid-inventory: "[c] ; first" is not a valid section (after a section, # starts a comment: [c] # ...)',
  ])
})

test('missing and empty sources are reported', () => {
  const files = { '/i/hosts.yml': '', '/j/readme.md': '', '/m/hosts.ini': 'a\n' }
  const { problems } = read(files, ['/i/hots.yml', '/j', '/m'])
  assert.deepEqual(report(problems), [
    'missing-file: there is no inventory "/i/hots.yml" (did you mean "hosts.yml"?)',
    'missing-file: the folder "/j" contains no inventory (put a file such as hosts.yml into it)',
    'missing-file: the folder "/m" contains no inventory (as in Ansible, .ini files in a folder are not read; write -i /m/hosts.ini)',
  ])
})

test('any number of comments and empty lines before the first host is read at once', () => {
  const comments = '# about the hosts\n\n#\n; more\n'.repeat(1000)
  const started = performance.now()
  assert.deepEqual([...inventoryOf({ '/i/hosts': `${comments}a\n` }, ['/i/hosts']).hosts.keys()], ['a'])
  inventoryOf({ '/i/hosts': `${comments.replaceAll(';', '#')}all:\n  hosts:\n    a:\n` }, ['/i/hosts'])
  assert.ok(performance.now() - started < 2000)
  const { problems } = read({ '/i/hosts.yml': `${comments}[web]\na\n` })
  assert.deepEqual(report(problems), [
    'hosts.yml:4001:1 invalid-inventory: this file contains INI, but its name says YAML (rename the file to hosts.ini)',
  ])
})
