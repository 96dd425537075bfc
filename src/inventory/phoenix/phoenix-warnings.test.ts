/** What gpuplay warns of in the configuration of the Phoenix Hypervisor scripts, and the files next to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from '../../language/testing/report.ts'
import { inventoryOf, read, valueOf } from '../testing/inventories.ts'
import { base, contents, gpu, inventoryFrom, mistakes } from './testing/phoenix-contents.ts'

test('features without a role and sizes of clones cause warnings', () => {
  const inventory = inventoryFrom({
    900: base,
    901: { ...gpu, storage_size_gb: 64, features: ['nvidia', 'vllm', 'step_cli', 'mine'] },
    902: { ...gpu, name: 'small', storage_size_gb: 8, features: ['ollama', 'vllm'] },
    903: { ...gpu, name: 'same', storage_size_gb: 16, 'health-check': {}, list: 1 },
  })
  assert.deepEqual(report(inventory.warnings), [
    'lxc.json:43:23 clone-size: "lxc_configs.902.storage_size_gb" is 8, but "lxc_configs.900.storage_size_gb" is 16, and a clone cannot be smaller than its source (write 16)',
    'lxc.json:53:4 unused-variables: "health-check" is not the name of a variable, so no playbook can read it (use letters, digits and underscores: health_check)',
    'lxc.json:54:4 unused-variables: "list" is not the name of a variable, so no playbook can read it (choose another name, such as list_value)',
    'lxc.json:29:5 unused-features: gpuplay has no roles for these features: vllm, step_cli, mine, ollama (the variable "features" has them, for playbooks of your own)',
  ])
  assert.deepEqual(mistakes({ 900: { name: 'a', features: ['nvida', 'dokcer'] } }), [
    'lxc.json:6:5 unknown-feature: there is no feature "nvida" (did you mean "nvidia"?)',
    'lxc.json:7:5 unknown-feature: there is no feature "dokcer" (did you mean "docker"?)',
  ])
})

test('next to the files, a folder has other files of the scripts', () => {
  const other = {
    '/i/lxc.schema.json':
      '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"lxc_configs": {}}}',
    '/i/vms.json': '{"vm_defaults": {}, "vms": []}',
    '/i/certificates.json': '[{"common_name": "x"}]',
    '/i/nginx/gateway': 'server {\n  listen 80;\n}\n',
    '/i/cloud-init/user-data.yml': 'users: []\n',
    '/i/more.json': '{"nodes": {"hosts": {"hypervisor": {"nvidia_host_reboot": "auto"}}}}',
    '/i/hosts.yml': 'nodes: { hosts: { hypervisor: { address: pve1 } } }\n',
  }
  for (const folder of ['/i', '/i/']) {
    const inventory = inventoryOf({ ...contents({ 900: base }), ...other }, [folder])
    assert.deepEqual([...inventory.hosts.keys()].sort(), ['base', 'hypervisor'])
    assert.equal(valueOf(inventory, 'hypervisor', 'nvidia_host_reboot'), 'auto')
    assert.deepEqual(report(inventory.warnings), [
      'unused-file: next to the files of the Phoenix scripts, these are ignored: "/i/certificates.json", "/i/cloud-init/user-data.yml", "/i/lxc.schema.json", "/i/nginx/gateway", "/i/vms.json" (if one is an inventory, add it with -i)',
    ])
  }
  assert.deepEqual(report(read(other, ['/i/lxc.schema.json']).problems), [
    'lxc.schema.json:1:2 invalid-inventory: this file has a JSON Schema, as no inventory does (remove "$schema" if the file has groups of hosts; otherwise remove its -i)',
  ])
  const { problems } = read({ ...contents({}), '/i/broken.json': '{"a": ' }, ['/i'])
  assert.equal(problems.length, 1)
})
