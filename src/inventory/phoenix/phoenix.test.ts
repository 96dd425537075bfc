/** The configuration of the Phoenix Hypervisor scripts as an inventory. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostName } from '../../base/brand.ts'
import { report } from '../../language/testing/report.ts'
import { loadInventory } from '../inventory.ts'
import type { Inventory } from '../inventory-model.ts'
import { inventoryOf, settingValue, valueOf } from '../testing/inventories.ts'
import {
  base,
  contents,
  driver,
  files,
  gpu,
  hypervisor,
  inventoryFrom,
  type Json,
  mistakes,
  url,
} from './testing/phoenix-contents.ts'

const groupsOf = (inventory: Inventory, host: string): readonly string[] | undefined =>
  inventory.hosts.get(hostName(host))?.groups

test('the files are recognized by their shape: a node, templates, and containers with their CTIDs', () => {
  const { '/i/lxc.json': containers, '/i/node.json': node } = contents({
    900: base,
    901: { ...gpu, template_snapshot_name: 'ready' },
    910: { name: 'web', clone_from_ctid: '901' },
    101: { name: 'old' },
  })
  for (const [names, sources] of [
    [
      ['a.json', 'b.json'],
      ['/i/a.json', '/i/b.json'],
    ],
    [
      ['containers.yml', 'node.yml'],
      ['/i/containers.yml', '/i/node.yml'],
    ],
    [
      ['containers', 'node'],
      ['/i/containers', '/i/node'],
    ],
    [['a.json', 'b.json'], ['/i']],
  ] as const) {
    const inventory = inventoryOf({ [`/i/${names[0]}`]: containers, [`/i/${names[1]}`]: node }, [...sources])
    assert.deepEqual(groupsOf(inventory, 'hypervisor'), ['nodes'])
    assert.deepEqual(groupsOf(inventory, 'base'), ['phoenix', 'templates'])
    assert.deepEqual(groupsOf(inventory, 'gpu'), ['phoenix', 'templates'])
    assert.deepEqual(groupsOf(inventory, 'web'), ['containers', 'phoenix'])
    assert.deepEqual(
      ['base', 'gpu', 'web', 'old'].map((name) => settingValue(inventory, name, 'ctid')),
      ['900', '901', '910', '101'],
    )
    assert.deepEqual(settingValue(inventory, 'web', 'node'), 'hypervisor')
  }
})

test('groups with names of the files are groups', () => {
  const inventory = inventoryOf({
    '/i/hosts.yml': 'lxc_configs: { hosts: { a: } }\nnvidia_driver:\ncore_paths: { vars: { x: 1 } }\n',
  })
  assert.deepEqual([...inventory.hosts.keys()], ['a'])
  const output = '{"_meta": {"hostvars": {}}, "nvidia_driver": ["a"], "lxc_configs": {"hosts": ["a"]}}'
  assert.deepEqual([...inventoryOf({ '/i/hosts.json': output }, ['/i/hosts.json']).hosts.keys()], ['a'])
})

test('settings of a container become variables of the roles, and keep their own names too', () => {
  const inventory = inventoryFrom({
    900: { ...base, swap_mb: 512, start_at_boot: false, mac_address: '52:54:00:00:02:0A', boot_order: 1 },
  })
  const expected = {
    lxc_container_archive: 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst',
    lxc_container_memory: 2048,
    lxc_container_swap: 512,
    lxc_container_cores: 2,
    lxc_container_storage: 'tank',
    lxc_container_disk: 16,
    lxc_container_unprivileged: true,
    lxc_container_onboot: false,
    lxc_container_net: {
      net0: 'name=eth0,bridge=vmbr0,ip=192.0.2.10/24,gw=192.0.2.1,hwaddr=52:54:00:00:02:0A',
    },
    lxc_template_snapshot: 'pre-configured',
    lxc_template_packages: 'curl wget vim htop jq git rsync s-tui gnupg locales'.split(' '),
    lxc_container_clone: undefined,
    container_runtime: undefined,
    cuda_toolkit_version: undefined,
    gpu_assignment: 'none',
    memory_mb: 2048,
    boot_order: 1,
    features: ['base_setup'],
  }
  for (const [name, value] of Object.entries(expected))
    assert.deepEqual(valueOf(inventory, 'base', name), value, name)
  const memory = inventory.hosts.get(hostName('base'))?.variables.get('lxc_container_memory')
  assert.deepEqual([memory?.where.file, memory?.where.line], ['/i/lxc.json', 6])
})

test('a network can have other addresses and DNS servers', () => {
  const net = (network_config: Json): readonly unknown[] => {
    const inventory = inventoryFrom({ 900: { name: 'a', network_config } })
    return ['lxc_container_net', 'lxc_container_nameserver'].map((name) => valueOf(inventory, 'a', name))
  }
  const eth0 = { name: 'eth0', bridge: 'vmbr1' }
  assert.deepEqual(net({ ...eth0, ip: 'dhcp' }), [{ net0: 'name=eth0,bridge=vmbr1,ip=dhcp' }, undefined])
  assert.deepEqual(
    net({ ...eth0, ip: '192.0.2.7/24', gw: '192.0.2.1', nameservers: '192.0.2.1,192.0.2.2' }),
    [{ net0: 'name=eth0,bridge=vmbr1,ip=192.0.2.7/24,gw=192.0.2.1' }, '192.0.2.1 192.0.2.2'],
  )
  assert.deepEqual(
    net({ ...eth0, ip: 'manual', nameservers: ['192.0.2.1', '192.0.2.2'] })[1],
    '192.0.2.1 192.0.2.2',
  )
})

test('the storage of an archive is that of its path, or the one that the node has for archives', () => {
  const archive = (template: string, node: Json = {}): unknown =>
    valueOf(
      inventoryFrom({ 900: { name: 'a', template } }, { node: { ...hypervisor, ...node } }),
      'a',
      'lxc_container_archive',
    )
  const ids = { proxmox_storage_ids: { quickos_lxc: 'disks', fastdata_iso: 'isos' } }
  const datasets = {
    zfs: {
      datasets: [
        { name: 'disks', pool: 'fast', proxmox_content_type: 'rootdir' },
        { name: 'iso', pool: 'fast', proxmox_content_type: 'iso,vztmpl' },
      ],
    },
  }
  assert.equal(archive('cache:vztmpl/a.tar.gz', ids), 'cache:vztmpl/a.tar.gz')
  assert.equal(archive('/var/lib/vz/template/cache/a.tar.gz', ids), 'local:vztmpl/a.tar.gz')
  assert.equal(archive('/mnt/pve/nas/template/cache/a.tar.gz', ids), 'nas:vztmpl/a.tar.gz')
  assert.equal(archive('/fast/iso/template/cache/a.tar.gz', ids), 'isos:vztmpl/a.tar.gz')
  assert.equal(archive('/fast/iso/template/cache/a.tar.gz', datasets), 'fast-iso:vztmpl/a.tar.gz')
  assert.equal(archive('a.tar.gz'), 'local:vztmpl/a.tar.gz')
  assert.deepEqual(
    mistakes(
      { 900: { name: 'a', template: 'a.tar.gz' } },
      { node: { ...hypervisor, proxmox_storage_ids: { slow_iso: 'slow', fast_iso: 'fast' } } },
    ),
    [
      'lxc.json:5:16 ambiguous-storage: the archive of "lxc_configs.900.template" could be on several storages: slow, fast (write "STORAGE:vztmpl/a.tar.gz")',
    ],
  )
})

test('a clone has the software of all templates before it', () => {
  const inventory = inventoryFrom({
    900: base,
    901: { ...gpu, template_snapshot_name: 'with-driver' },
    903: {
      name: 'both',
      clone_from_ctid: '901',
      gpu_assignment: '0,1',
      features: ['docker'],
      template_snapshot_name: 'x1',
    },
    910: { name: 'web', clone_from_ctid: 903, gpu_assignment: '0', template: 'unused.tar.gz' },
    911: { name: 'other', clone_from_ctid: '903', gpu_assignment: 'none' },
  })
  const names = ['lxc_container_clone', 'lxc_template_snapshot', 'cuda_toolkit_version', 'container_runtime']
  const of = (host: string): readonly unknown[] => names.map((name) => valueOf(inventory, host, name))
  assert.deepEqual(of('gpu'), ['900', 'with-driver', '12.8', undefined])
  assert.deepEqual(of('both'), ['901', 'x1', '12.8', 'docker'])
  assert.deepEqual(of('web'), ['903', undefined, '12.8', 'docker'])
  assert.deepEqual(of('other'), ['903', undefined, undefined, 'docker'])
  assert.equal(valueOf(inventory, 'web', 'lxc_container_archive'), undefined)
})

test('the hypervisor is reached by its address, or is this machine', () => {
  const reached = (node: Json, ownAddresses: readonly string[] = []): readonly unknown[] => {
    const inventory = inventoryFrom({}, { node }, { ownAddresses })
    return ['connection', 'address', 'user'].map((name) => settingValue(inventory, 'hypervisor', name))
  }
  const { nvidia_driver } = hypervisor
  assert.deepEqual(reached(hypervisor, ['192.0.2.99']), [undefined, '192.0.2.11', 'root'])
  assert.deepEqual(reached(hypervisor, ['192.0.2.11']), ['local', '192.0.2.11', 'root'])
  assert.deepEqual(reached({ nvidia_driver, connection: 'local' }), ['local', undefined, undefined])
  assert.deepEqual(reached({ ...hypervisor, user: 'ann' }), [undefined, '192.0.2.11', 'ann'])
  assert.deepEqual(reached({ ...hypervisor, address: 'pve1' }, ['192.0.2.11']), [
    undefined,
    'pve1',
    undefined,
  ])
  assert.deepEqual(reached({ ...hypervisor, ansible_host: 'pve1' }), [undefined, 'pve1', undefined])
})

test('the driver of the node is that of its file, otherwise that of the containers', () => {
  const versions = (node: Json, file: Json = {}): readonly unknown[] => {
    const inventory = inventoryFrom({}, { node, file })
    return ['nvidia_driver_version', 'nvidia_runfile_url'].map((name) =>
      valueOf(inventory, 'hypervisor', name),
    )
  }
  const file = {
    nvidia_driver_version: '580.95.05',
    nvidia_runfile_url: `https://mirror/NVIDIA-Linux-x86_64-580.95.05.run`,
  }
  assert.deepEqual(versions(hypervisor, file), ['580.95.05', url('580.95.05')])
  assert.deepEqual(versions({ ...hypervisor, nvidia_driver: { install: true } }, file), [
    '580.95.05',
    file.nvidia_runfile_url,
  ])
  const inventory = inventoryFrom(
    { 900: base },
    { node: { ...hypervisor, nvidia_driver: { ...driver, install: false } } },
  )
  assert.deepEqual(inventory.groups.get('nodes')?.hosts, [])
  assert.equal(settingValue(inventory, 'base', 'node'), 'hypervisor')
})

test('values of the file are variables of all containers, and a container overrides them', () => {
  const inventory = inventoryFrom(
    {
      900: base,
      901: { ...gpu, site: 'here', nvidia_repo_url: 'https://mirror/cuda/repos/ubuntu2404/x86_64/' },
    },
    {
      file: {
        $schema: './x.json',
        site: 'there',
        nvidia_repo_url: 'https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64/',
      },
    },
  )
  assert.deepEqual(
    ['base', 'gpu'].flatMap((host) =>
      ['site', 'cuda_toolkit_mirror'].map((name) => valueOf(inventory, host, name)),
    ),
    ['there', '', 'here', 'https://mirror/cuda/repos'],
  )
  assert.equal(valueOf(inventory, 'hypervisor', 'site'), undefined)
})

test('nesting and other features of Proxmox are those of pct_options and AppArmor', () => {
  const features = (container: Json): unknown =>
    valueOf(inventoryFrom({ 900: { name: 'a', ...container } }), 'a', 'lxc_container_features')
  assert.deepEqual(features({ pct_options: ['nesting=1', 'keyctl=1', 'other'] }), ['nesting', 'keyctl'])
  assert.deepEqual(features({ pct_options: ['nesting=1'], apparmor_manages_nesting: true }), ['nesting'])
  assert.deepEqual(features({ apparmor_manages_nesting: true }), ['nesting'])
  assert.deepEqual(features({ pct_options: [], apparmor_manages_nesting: false }), undefined)
})

test('everything else is kept, as it is written', () => {
  const health = { command: "docker inspect --format '{{.State}} {% x %}' web" }
  const inventory = inventoryFrom(
    { 900: { ...base, health_check: health, ports: ['80:80'], note: null } },
    { node: { ...hypervisor, portainer_api: { admin_password: 'hush' }, timezone: 'Etc/UTC' } },
  )
  assert.deepEqual(valueOf(inventory, 'base', 'health_check'), health)
  assert.deepEqual(valueOf(inventory, 'base', 'ports'), ['80:80'])
  assert.ok(!inventory.variableNames.has('note'))
  assert.equal(valueOf(inventory, 'hypervisor', 'timezone'), 'Etc/UTC')
})

test('other sources override the files, and their folder has variables for them', () => {
  const inventory = inventoryOf(
    {
      ...contents({ 900: base }),
      '/i/group_vars/templates.yml': 'lxc_container_net: {}\n',
      '/i/host_vars/hypervisor.yml': 'nvidia_host_reboot: auto\n',
      '/j/hosts.yml': 'nodes: { hosts: { hypervisor: { address: pve1 } } }\n',
    },
    [...files, '/j/hosts.yml'],
    { ownAddresses: ['192.0.2.11'] },
  )
  assert.equal(settingValue(inventory, 'hypervisor', 'address'), 'pve1')
  assert.equal(settingValue(inventory, 'hypervisor', 'connection'), undefined)
  assert.equal(valueOf(inventory, 'hypervisor', 'nvidia_host_reboot'), 'auto')
  const earlier = inventoryOf(
    { ...contents({}), '/j/hosts.yml': 'nodes: { hosts: { hypervisor: { address: pve1 } } }\n' },
    ['/j/hosts.yml', ...files],
  )
  assert.equal(settingValue(earlier, 'hypervisor', 'address'), '192.0.2.11')
})

test('the example has no mistakes', () => {
  const folder = join(import.meta.dirname, '../../../inventory/phoenix')
  const inventory = loadInventory([folder])
  assert.deepEqual(report(inventory.warnings), [])
  assert.deepEqual(inventory.groups.get('templates')?.hosts.length, 4)
  assert.deepEqual(inventory.groups.get('containers')?.hosts, ['ollama', 'web'])
})
