/** Hosts, groups, variables and connections of `plugin: proxmox`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { report } from '../../language/testing/report.ts'
import type { InventoryOptions } from '../inventory.ts'
import type { Inventory } from '../inventory-model.ts'
import { inventoryOf, read, settingValue, valueOf } from '../testing/inventories.ts'
import type { ClusterListing, ListedContainer } from './cluster-listing.ts'

const container: ListedContainer = {
  ctid: 101,
  name: 'ollama',
  node: 'pve1',
  status: 'running',
  isTemplate: false,
  tags: ['gpu', 'Lab-1'],
  pool: 'ai',
  config: {
    settings: {
      hostname: 'ollama',
      memory: 2048,
      net0: 'name=eth0,bridge=vmbr0',
      dev0: '/dev/nvidia0,mode=0666',
    },
    lxc: [],
  },
}

const plain: ListedContainer = {
  ...container,
  ctid: 102,
  name: 'web',
  node: 'pve2',
  status: 'stopped',
  tags: [],
  pool: undefined,
  config: { settings: { hostname: 'web' }, lxc: [] },
}

const listing: ClusterListing = {
  cluster: 'lab',
  nodes: [
    {
      name: 'pve1',
      isOnline: true,
      isLocal: true,
      address: '192.0.2.11',
      gpus: [{ id: '0000:01:00.0', name: 'GA104GL [RTX A4000]' }],
    },
    { name: 'pve2', isOnline: false, isLocal: false, address: '192.0.2.12', gpus: undefined },
  ],
  containers: [container, plain, { ...plain, ctid: 900, name: 'base', isTemplate: true }],
  warnings: [],
}

const overShell = 'plugin: proxmox\naddress: pve1.example.com\nuser: root\nprivate_key: ~/.ssh/lab\n'

function options(found: ClusterListing = listing): InventoryOptions {
  return { clusters: () => ({ kind: 'listing', listing: found }) }
}

function clusterOf(
  text = overShell,
  more: Readonly<Record<string, string>> = {},
  found = listing,
): Inventory {
  return inventoryOf({ '/i/proxmox.yml': text, ...more }, ['/i'], options(found))
}

function groupsWithHosts({ groups }: Inventory): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...groups.values()]
      .filter(({ name, hosts }) => name !== 'all' && hosts.length > 0)
      .map(({ name, hosts }) => [name, hosts]),
  )
}

function mistakesOf(text: string, found = listing): readonly string[] {
  return report(read({ '/i/proxmox.yml': text }, ['/i'], options(found)).problems)
}

describe('a cluster', () => {
  test('gives groups by kind, node, status, tag, pool and GPU', () => {
    assert.deepEqual(groupsWithHosts(clusterOf()), {
      proxmox_nodes: ['pve1', 'pve2'],
      proxmox_all_lxc: ['ollama', 'web'],
      proxmox_all_running: ['ollama'],
      proxmox_all_stopped: ['web'],
      proxmox_all_templates: ['base'],
      proxmox_gpu_nodes: ['pve1'],
      proxmox_gpu_containers: ['ollama'],
      proxmox_all_online: ['pve1'],
      proxmox_all_offline: ['pve2'],
      proxmox_pve1_lxc: ['ollama'],
      proxmox_pve2_lxc: ['web'],
      proxmox_pool_ai: ['ollama'],
      proxmox_tag_gpu: ['ollama'],
      proxmox_tag_lab_1: ['ollama'],
    })
  })

  test('gives containers their node, ctid and configuration, and nodes their way and cards', () => {
    const inventory = clusterOf()
    const names = ['node', 'ctid', 'proxmox_name', 'proxmox_status', 'proxmox_tags_parsed', 'proxmox_pool']
    assert.deepEqual(
      names.map((name) => valueOf(inventory, 'ollama', name)),
      ['pve1', 101, 'ollama', 'running', ['gpu', 'Lab-1'], 'ai'],
    )
    assert.deepEqual(valueOf(inventory, 'ollama', 'proxmox_gpu_devices'), ['/dev/nvidia0'])
    assert.deepEqual(valueOf(inventory, 'ollama', 'proxmox_net0'), { name: 'eth0', bridge: 'vmbr0' })
    assert.equal(valueOf(inventory, 'ollama', 'proxmox_memory'), 2048)
    assert.deepEqual(valueOf(inventory, 'pve1', 'proxmox_gpus'), [
      { id: '0000:01:00.0', name: 'GA104GL [RTX A4000]' },
    ])
    const settings = (host: string) =>
      ['address', 'user', 'private_key', 'pve_cluster'].map((name) => settingValue(inventory, host, name))
    assert.deepEqual(settings('pve1'), ['pve1.example.com', 'root', '~/.ssh/lab', 'lab'])
    assert.deepEqual(settings('pve2'), ['192.0.2.12', 'root', '~/.ssh/lab', 'lab'])
    assert.deepEqual(settings('ollama'), [undefined, undefined, undefined, undefined])
  })

  test('is weaker than the rest of the inventory in how to reach its nodes', () => {
    const inventory = clusterOf(overShell, {
      '/i/group_vars/proxmox_nodes.yml': 'user: admin\n',
      '/i/host_vars/pve2.yml': 'address: pve2.example.com\n',
    })
    assert.equal(settingValue(inventory, 'pve1', 'user'), 'admin')
    assert.equal(settingValue(inventory, 'pve2', 'address'), 'pve2.example.com')
  })

  test("uses Ansible's names for a host that has one of them", () => {
    const inventory = clusterOf(overShell, { '/i/group_vars/all.yml': 'ansible_user: root\nport: 8080\n' })
    assert.equal(valueOf(inventory, 'pve2', 'ansible_host'), '192.0.2.12')
    assert.equal(settingValue(inventory, 'pve2', 'address'), '192.0.2.12')
    assert.equal(settingValue(inventory, 'pve2', 'private_key'), '~/.ssh/lab')
    assert.equal(valueOf(inventory, 'pve2', 'user'), undefined)
    assert.equal(valueOf(inventory, 'pve2', 'port'), 8080)
  })

  test('is reached over SSH also if it was asked with the API, or on the node itself', () => {
    const api = clusterOf(
      'plugin: proxmox\nurl: https://pve1:8006\nuser: a@pve\ntoken_id: t\ntoken_secret: abcdefgh\n',
    )
    assert.equal(settingValue(api, 'pve1', 'address'), '192.0.2.11')
    assert.equal(settingValue(api, 'pve1', 'user'), undefined)
    assert.equal(valueOf(api, 'pve1', 'token_secret'), undefined)
    const local = clusterOf('plugin: proxmox\nconnection: local\n')
    assert.equal(settingValue(local, 'pve1', 'connection'), 'local')
    assert.equal(settingValue(local, 'pve1', 'address'), undefined)
    assert.equal(settingValue(local, 'pve2', 'connection'), undefined)
    assert.equal(settingValue(local, 'pve2', 'address'), '192.0.2.12')
    const byName = clusterOf('plugin: proxmox\nconnection: local\nwant_proxmox_nodes_ansible_host: false\n')
    assert.equal(settingValue(byName, 'pve2', 'address'), undefined)
  })

  test('may be named by the variables of the environment that the plugin of Ansible reads', () => {
    const environment = {
      PROXMOX_URL: 'https://pve1:8006',
      PROXMOX_USER: 'a@pve',
      PROXMOX_TOKEN_ID: 't',
      PROXMOX_TOKEN_SECRET: 'abcdefgh',
    }
    const files = { '/i/proxmox.yml': 'plugin: proxmox\n' }
    const inventory = inventoryOf(files, ['/i'], { ...options(), environment })
    assert.deepEqual(inventory.groups.get('proxmox_nodes')?.hosts, ['pve1', 'pve2'])
    assert.equal(settingValue(inventory, 'pve1', 'address'), '192.0.2.11')
  })

  test('can be filtered, renamed and grouped with the words of the plugin of Ansible', () => {
    const inventory = clusterOf(
      [
        'plugin: community.proxmox.proxmox',
        'address: pve1',
        'group_prefix: site_',
        'lxc_hostname: "{{name}}-{{vmid}}"',
        'filters: [proxmox_status == "running", "\\"gpu\\" in proxmox_tags_parsed"]',
        'compose: {size: proxmox_memory / 1024}',
        'groups:',
        '  nodes: \'"site_gpu_nodes" in group_names\'',
        '  containers: \'"site_all_lxc" in group_names\'',
        'keyed_groups: [{key: proxmox_tags_parsed, prefix: tagged}]',
        '',
      ].join('\n'),
      { '/i/hosts.yml': 'all: {hosts: {other: }}\n' },
    )
    const groups = groupsWithHosts(inventory)
    assert.deepEqual(groups['site_all_lxc'], ['ollama-101'])
    assert.deepEqual(groups['nodes'], ['pve1'])
    assert.deepEqual(groups['containers'], ['ollama-101'])
    assert.deepEqual(groups['tagged_gpu'], ['ollama-101'])
    assert.equal(valueOf(inventory, 'ollama-101', 'size'), 2)
    assert.equal(valueOf(inventory, 'other', 'size'), undefined)
  })

  test('is a source that other sources group, and that has group_vars and host_vars', () => {
    const inventory = clusterOf(overShell, {
      '/i/z.yml': 'plugin: constructed\nstrict: false\ngroups: {small: proxmox_memory < 4096}\n',
      '/i/group_vars/proxmox_tag_gpu.yml': "gpu_assignment: '0'\n",
      '/i/host_vars/ollama.yml': 'proxmox_pool: other\n',
    })
    assert.deepEqual(inventory.groups.get('small')?.hosts, ['ollama'])
    assert.equal(valueOf(inventory, 'ollama', 'gpu_assignment'), '0')
    assert.equal(valueOf(inventory, 'ollama', 'proxmox_pool'), 'other')
    assert.equal(inventory.hosts.get('ollama' as never)?.variables.get('ctid')?.where.line, 2)
  })

  test('has no groups of GPUs without facts', () => {
    const bare = {
      ...listing,
      nodes: listing.nodes.map((node) => ({ ...node, gpus: undefined })),
      containers: [{ ...container, config: undefined }],
    }
    const inventory = clusterOf(`${overShell}want_facts: false\n`, {}, bare)
    assert.equal(inventory.groups.has('proxmox_gpu_nodes'), false)
    assert.equal(valueOf(inventory, 'ollama', 'proxmox_gpu_devices'), undefined)
  })

  test('never gives templates, whatever its containers are called', () => {
    const odd = { ...container, tags: ['{{evil}}'], pool: '{{x}}' }
    const inventory = clusterOf(overShell, {}, { ...listing, containers: [odd] })
    assert.equal(valueOf(inventory, 'ollama', 'proxmox_pool'), '{{x}}')
    assert.deepEqual(inventory.groups.get('proxmox_tag___evil__')?.hosts, ['ollama'])
  })
})

describe('mistakes in a cluster source', () => {
  test('two hosts of one name are refused, because one would hide the other', () => {
    const twice = {
      ...listing,
      containers: [container, { ...plain, name: 'ollama' }, { ...plain, name: 'pve2' }],
    }
    assert.deepEqual(mistakesOf(overShell, twice), [
      `proxmox.yml:2:1 duplicate-name: container 102 and container 101 of the cluster are both named "ollama" (give each container a name of its own: lxc_hostname: '{{name}}-{{vmid}}')`,
      `proxmox.yml:2:1 duplicate-name: container 102 and a node of the cluster are both named "pve2" (give each container a name of its own: lxc_hostname: '{{name}}-{{vmid}}')`,
    ])
  })

  test('a name must be text', () => {
    assert.deepEqual(mistakesOf(`${overShell}lxc_hostname: "{{vmid}}"\n`), [
      `proxmox.yml:5:15 wrong-type: "lxc_hostname" must give a text (write a template: '{{name}}-{{vmid}}')`,
    ])
  })

  test('an expression that cannot be evaluated is reported once', () => {
    assert.deepEqual(mistakesOf(`${overShell}filters: [proxmox_memory > "x"]\n`).length, 2)
  })

  for (const [text, expected] of [
    ['plugin: proxmox\n', 'missing-keyword: this source does not say how to reach the cluster'],
    [
      'plugin: proxmox\nurl: https://a:8006\naddress: b\n',
      'exclusive-keywords: "url" and "address" exclude each other',
    ],
    [
      'plugin: proxmox\nurl: https://a:8006\nuser: a@pve\n',
      'missing-keyword: the API needs "token_id" and "token_secret"',
    ],
    [
      `${overShell}cache: true\n`,
      'unknown-keyword: there is no "cache" here (leave it out: the cluster is asked once',
    ],
    [`${overShell}tokn_id: a\n`, 'unknown-keyword: there is no "tokn_id" here'],
    ['plugin: proxmox\naddress: a\nctid: 100\n', 'unknown-keyword: there is no "ctid" here'],
    [
      'plugin: proxmox\naddress: a\nconnection: pct\n',
      'invalid-variable: "connection" must be one of ssh, openssh, local, not "pct"',
    ],
    [
      'plugin: proxmox\nurl: http://a:8006\nuser: a@pve\ntoken_id: t\ntoken_secret: abcdefgh\n',
      'invalid-variable: "url" is "http://a:8006", which is not valid (the address of a node with its port',
    ],
    [
      'plugin: proxmox\nurl: https://a\nuser: a@pve\ntoken_id: t\ntoken_secret: abcdefgh\nvalidate_certs: false\nfingerprint: ab\n',
      'invalid-variable: "fingerprint" is "ab", which is not valid',
    ],
    [
      'plugin: proxmox\nurl: https://a\nuser: a@pve\npassword: secret\n',
      'unknown-keyword: there is no "password" here (create an API token',
    ],
  ] as const) {
    test(expected, () => {
      const found = mistakesOf(text)
      assert.ok(
        found.some((line) => line.includes(expected)),
        `${expected}\n\n${found.join('\n')}`,
      )
    })
  }

  test('what a cluster has answered is reported with the rest of the inventory', () => {
    const clusters = () =>
      ({ kind: 'failed', problems: [{ code: 'token-refused', message: 'no such token' }] }) as const
    const { problems } = read({ '/i/proxmox.yml': overShell }, ['/i'], { clusters })
    assert.deepEqual(report(problems), ['token-refused: no such token'])
  })
})
