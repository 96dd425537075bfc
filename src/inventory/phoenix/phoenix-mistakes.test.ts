/** Mistakes in the configuration of the Phoenix Hypervisor scripts, with their places and cures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from '../../language/testing/report.ts'
import { inventoryOf, read, settingValue } from '../testing/inventories.ts'
import { base, contents, driver, files, gpu, hypervisor, mistakes, url } from './testing/phoenix-contents.ts'

test('versions that disagree are reported with both places', () => {
  assert.deepEqual(
    mistakes(
      {
        900: base,
        901: { ...gpu, nvidia_driver_version: '570.86.16', nvidia_runfile_url: url('580.95.05') },
      },
      { file: { nvidia_driver_version: '580.76.05', nvidia_runfile_url: url('580.76.05') } },
    ).filter((line) => line.includes('disagreeing')),
    [
      'lxc.json:2:27 disagreeing-versions: "nvidia_driver_version" is 580.76.05, but "nvidia_driver.version" is 580.95.05 (/i/node.json:3) (write the same version in both places; a container has the driver version of its node)',
      'lxc.json:3:24 disagreeing-versions: "nvidia_runfile_url" is the URL of version 580.76.05, but "nvidia_driver.version" is 580.95.05 (/i/node.json:3) (write the same version in both places; a container has the driver version of its node)',
      'lxc.json:32:29 disagreeing-versions: "lxc_configs.901.nvidia_driver_version" is 570.86.16, but "nvidia_driver.version" is 580.95.05 (/i/node.json:3) (write the same version in both places; a container has the driver version of its node)',
    ],
  )
  assert.deepEqual(
    mistakes({}, { node: { ...hypervisor, nvidia_driver: { ...driver, runfile_url: url('570.86.16') } } }),
    [
      'node.json:4:18 disagreeing-versions: "nvidia_driver.runfile_url" is the URL of version 570.86.16, but "nvidia_driver.version" is 580.95.05 (/i/node.json:3) (write the same version in both places; a container has the driver version of its node)',
    ],
  )
})

test('a setting under two names must have one value', () => {
  const both = { name: 'a', memory_mb: 2048, lxc_container_memory: 2048, ctid: 900 }
  assert.deepEqual(mistakes({ 900: both }), [])
  assert.deepEqual(
    mistakes({ 900: { ...both, lxc_container_memory: 4096 }, 901: { name: 'b', ctid: 902 } }),
    [
      'lxc.json:6:4 disagreeing-values: "lxc_configs.900.lxc_container_memory" is 4096, but /i/lxc.json:5 sets it to 2048 (remove one of them, or write the same value in both places)',
      'lxc.json:11:4 disagreeing-values: "lxc_configs.901.ctid" is 902, but /i/lxc.json:9 sets it to 901 (remove one of them, or write the same value in both places)',
    ],
  )
})

test('wrong values are reported at their places, once', () => {
  assert.deepEqual(
    mistakes({
      900: {
        ...base,
        name: 'a b',
        template: 'ubuntu',
        memory_mb: '2 GB',
        cores: 0,
        storage_pool: 'a/b',
        network_config: { name: 'eth0', bridge: 'vmbr0', ip: '192.0.2.300/24' },
        unprivileged: 'yes',
        features: 'nvidia',
        template_snapshot_name: '1',
        mac_address: '52:54',
      },
    }),
    [
      'lxc.json:4:12 invalid-variable: "name" is "a b", which is not valid (the name of a container has letters, digits, dashes and dots)',
      'lxc.json:5:16 invalid-variable: "template" is "ubuntu", which is not valid (it is the path or the name of an archive, such as "debian-12-standard_12.7-1_amd64.tar.zst", or STORAGE:vztmpl/NAME)',
      'lxc.json:6:17 invalid-variable: "memory_mb" must be a whole number, not "2 GB" (memory in MiB)',
      'lxc.json:7:13 invalid-variable: "cores" must be at least 1, not 0 (a number of processor cores)',
      'lxc.json:8:20 invalid-variable: "storage_pool" is "a/b", which is not valid (it is the name of one of Proxmox\'s storages; `pvesm status` on the node lists them)',
      'lxc.json:10:22 invalid-variable: "network_config" needs "gw" (gw: it is the IPv4 address of the gateway, such as "192.0.2.1")',
      'lxc.json:13:11 invalid-variable: "network_config.ip" is "192.0.2.300/24", which is not valid (it is "dhcp", "manual", or an IPv4 address with its prefix length, such as "192.0.2.10/24")',
      'lxc.json:16:20 invalid-variable: "unprivileged" must be true or false, but yes is text in YAML 1.2 (write true)',
      'lxc.json:17:16 invalid-variable: "features" must be a list, not "nvidia" (write a list: [nvidia])',
      'lxc.json:18:30 invalid-variable: "template_snapshot_name" is "1", which is not valid (the name of a snapshot has 2 to 40 letters, digits, dashes and underscores, and begins with a letter)',
    ],
  )
  assert.deepEqual(
    mistakes(
      {
        900: {
          name: 'a',
          network_config: { name: 'eth0', bridge: 'vmbr0', ip: 'dhcp' },
          mac_address: '52:54',
        },
      },
      {
        file: { nvidia_repo_url: 'https://mirror/cuda', nvidia_driver_version: 580.1 },
        node: {
          nvidia_driver: { version: '580', install: 'yes' },
          network: { interfaces: { address: '192.0.2' } },
        },
      },
    ),
    [
      'node.json:3:14 invalid-variable: "version" is "580", which is not valid (a driver version has two or three numbers, such as "580.95.05")',
      'node.json:4:14 invalid-variable: "install" must be true or false, but yes is text in YAML 1.2 (write true)',
      'node.json:8:15 invalid-variable: "address" is "192.0.2", which is not valid (it is the IPv4 address of the node, such as "192.0.2.11/24")',
      'lxc.json:2:21 invalid-variable: "nvidia_repo_url" is "https://mirror/cuda", which is not valid (it ends with the distribution and the architecture, such as .../cuda/repos/ubuntu2404/x86_64/)',
      'lxc.json:3:27 invalid-variable: "nvidia_driver_version" must be text, but 580.1 is a number (quote it: nvidia_driver_version: "580.1")',
      'lxc.json:12:19 invalid-variable: "mac_address" is "52:54", which is not valid (a hardware address has six pairs of hexadecimal digits, such as "52:54:00:12:34:56")',
    ],
  )
})

test('containers that cannot be read are reported', () => {
  assert.deepEqual(
    mistakes({
      99: base,
      x: base,
      100: [],
      101: {},
      102: { name: 'a' },
      103: { name: 'a' },
      104: { name: 'hypervisor' },
    }),
    [
      'lxc.json:3:3 invalid-variable: "99" in lxc_configs is not a CTID (a container id is a number, 100 or higher)',
      'lxc.json:23:10 invalid-inventory: lxc_configs.100 must be a map (it has the settings of the container: "name", "memory_mb", ...)',
      'lxc.json:24:3 missing-value: lxc_configs.101 has no "name" (add the host name of the container: "name": "web")',
      'lxc.json:29:12 duplicate-name: "lxc_configs.103.name" and "lxc_configs.102.name" are both "a" (the other one is at /i/lxc.json:26; give one of the containers another name)',
      'lxc.json:32:12 duplicate-name: "lxc_configs.104.name" is "hypervisor", which is the name of the node (give the container another name)',
      'lxc.json:34:3 invalid-variable: "x" in lxc_configs is not a CTID (a container id is a number, 100 or higher)',
    ],
  )
  assert.deepEqual(
    report(
      read({ '/i/lxc.json': '{"nvidia_driver_version": "580.95.05", "lxc_configs": []}' }, ['/i/lxc.json'])
        .problems,
    ),
    [
      'lxc.json:1:55 invalid-variable: "lxc_configs" must be a map, not a list (it is a map of containers, by their CTIDs)',
    ],
  )
})

test('a CTID that appears twice, and JSON that cannot be parsed, are reported', () => {
  const problemsOf = (text: string): readonly string[] =>
    report(read({ ...contents({}), '/i/lxc.json': text }, files).problems)
  assert.deepEqual(
    problemsOf('{\n\t"lxc_configs": {\n\t\t"900": {"name": "a"},\n\t\t"900": {"name": "b"}\n\t}\n}\n'),
    ['lxc.json:4:3 duplicate-key: this key appears twice in one map (remove one of them)'],
  )
  const [broken = ''] = problemsOf('{"lxc_configs": {"900": {"name": "a"')
  assert.match(broken, /^lxc\.json:1:37 invalid-yaml: /)
})

test('sources that cannot be cloned are reported', () => {
  assert.deepEqual(
    mistakes({
      900: base,
      901: { name: 'a', clone_from_ctid: '990' },
      902: { name: 'b', clone_from_ctid: '901' },
      903: { name: 'c', clone_from_ctid: '904', template_snapshot_name: 's1' },
      904: { name: 'd', clone_from_ctid: '903', template_snapshot_name: 's1' },
      905: { name: 'e', clone_from_ctid: '900', unprivileged: false },
      906: { name: 'f', clone_from_ctid: 'base' },
    }),
    [
      'lxc.json:25:23 unknown-container: "lxc_configs.901.clone_from_ctid" is 990, which lxc_configs does not have (did you mean "900"?)',
      'lxc.json:29:23 not-a-template: "lxc_configs.902.clone_from_ctid" is 901, which is no template: it has no "template_snapshot_name" (add "template_snapshot_name": "pre-configured" to lxc_configs.901 (/i/lxc.json:23))',
      'lxc.json:33:23 clone-cycle: lxc_configs.903 is a clone of itself (create one of them from an archive: replace "clone_from_ctid" by "template")',
      'lxc.json:38:23 clone-cycle: lxc_configs.904 is a clone of itself (create one of them from an archive: replace "clone_from_ctid" by "template")',
      'lxc.json:44:20 other-privilege: "lxc_configs.905.unprivileged" is false, but "lxc_configs.900.unprivileged" is true (/i/lxc.json:17) (write the same value in both places: a clone is like its source)',
      'lxc.json:48:23 invalid-variable: "clone_from_ctid" is "base", which is not valid (it is the number of another container in lxc_configs, such as "900")',
    ],
  )
})

test('containers without the file of their node are reported once', () => {
  const containers = contents({ 900: base, 901: gpu })['/i/lxc.json']
  assert.deepEqual(report(read({ '/i/lxc.json': containers }, ['/i/lxc.json']).problems), [
    'lxc.json:2:17 unknown-node: "hypervisor", the node of "base", is not a host of the inventory (if it is that of a Phoenix configuration, add -i phoenix_hypervisor_config.json)',
  ])
  const inventory = inventoryOf(
    {
      '/i/lxc.json': containers,
      '/i/hosts.yml': 'nodes: { hosts: { pve1: } }\n',
      '/i/group_vars/phoenix.yml': 'node: pve1\n',
    },
    ['/i'],
  )
  assert.equal(settingValue(inventory, 'gpu', 'node'), 'pve1')
})

test('a hypervisor without an address is reported, unless another source or -e has one', () => {
  const { nvidia_driver } = hypervisor
  const node = contents({}, { node: { nvidia_driver } })
  const missing = [
    'node.json:1:1 missing-address: this hypervisor has no address (add "network": { "interfaces": { "address": "192.0.2.11/24" } }, or "connection": "local" if it is this machine)',
  ]
  assert.deepEqual(report(read(node, files, { ownAddresses: ['192.0.2.1'] }).problems), missing)
  const hosts = { ...node, '/i/hosts.yml': 'all: { hosts: { hypervisor: { ansible_host: pve1 } } }\n' }
  assert.deepEqual(report(read(hosts, ['/i']).problems), [])
  const address = { name: 'address', where: { file: '-e', line: 1, column: 1 } }
  const value = { kind: 'literal', value: 'pve1', where: address.where } as const
  const extra = new Map([['address', { ...address, value }]])
  assert.deepEqual(report(read(node, files, { extra }).problems), [])
})

test('a second pair of files is refused, the same file twice is not', () => {
  const one = contents({ 900: base })
  const two = { '/j/lxc.json': one['/i/lxc.json'], '/j/node.json': one['/i/node.json'] }
  assert.deepEqual(report(read({ ...one, ...two }, [...files, '/j']).problems), [
    'lxc.json:1:1 invalid-inventory: this is a second list of containers (lxc_configs); the first one is /i/lxc.json (run gpuplay once for each hypervisor)',
    'node.json:1:1 invalid-inventory: this is a second configuration of a hypervisor; the first one is /i/node.json (run gpuplay once for each hypervisor)',
  ])
  assert.deepEqual(report(read(one, [...files, '/i/../i/lxc.json']).problems), [])
})
