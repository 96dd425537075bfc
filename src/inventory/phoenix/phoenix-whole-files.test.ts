/**
 * Whole files of the scripts, with every key of the real ones, are an inventory as they are. test/data/phoenix has the
 * structure of github.com/SirHeads/Testing-ideas, commit 0385ea2, with other values.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { hostName } from '../../base/brand.ts'
import { report } from '../../language/testing/report.ts'
import { inventoryOf, settingValue, valueOf } from '../testing/inventories.ts'

type Json = Readonly<Record<string, unknown>>

const textOf = (name: string): string =>
  readFileSync(new URL(`../../../test/data/phoenix/${name}`, import.meta.url), 'utf8')
const contents = {
  '/i/phoenix_hypervisor_config.json': textOf('phoenix_hypervisor_config.json'),
  '/i/phoenix_lxc_configs.json': textOf('phoenix_lxc_configs.json'),
}
const node: Json = JSON.parse(contents['/i/phoenix_hypervisor_config.json'])
const containers: { readonly lxc_configs: Readonly<Record<string, Json & { readonly name: string }>> } =
  JSON.parse(contents['/i/phoenix_lxc_configs.json'])

for (const [how, sources] of [
  ['as a folder', ['/i']],
  ['by their names', Object.keys(contents)],
] as const)
  test(`whole files are read ${how}, and every key is a variable with its value`, () => {
    const inventory = inventoryOf(contents, [...sources])
    const members = (group: string): readonly string[] =>
      [...inventory.hosts.values()].filter(({ groups }) => groups.includes(group)).map(({ name }) => name)
    assert.deepEqual(members('nodes'), ['hypervisor'])
    assert.deepEqual(members('templates'), [
      'tpl-base',
      'tpl-cuda',
      'tpl-infer-both',
      'tpl-infer-first',
      'tpl-infer-second',
    ])
    assert.equal(members('containers').length, 7)
    for (const [ctid, { name, ...rest }] of Object.entries(containers.lxc_configs)) {
      assert.equal(settingValue(inventory, name, 'ctid'), ctid)
      for (const [key, value] of Object.entries(rest))
        assert.deepEqual(valueOf(inventory, name, key), value, `${name} ${key}`)
    }
    for (const [key, value] of Object.entries(node))
      assert.deepEqual(valueOf(inventory, 'hypervisor', key), value, `hypervisor ${key}`)
  })

test('whole files declare templates, clones of them and GPUs for the roles', () => {
  const inventory = inventoryOf(contents, ['/i'])
  const roles = (host: string): readonly unknown[] =>
    ['lxc_container_archive', 'lxc_container_clone', 'gpu_assignment', 'cuda_toolkit_version'].map((name) =>
      valueOf(inventory, host, name),
    )
  assert.deepEqual(
    ['tpl-base', 'tpl-cuda', 'tpl-infer-both', 'embed-1.0', 'models-gpu0', 'Router'].map(roles),
    [
      ['bulk-archives:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst', undefined, 'none', undefined],
      [undefined, '900', '0, 1', '12.8'],
      [undefined, '901', '0,1', '12.8'],
      [undefined, '911', '0', '12.8'],
      [undefined, '901', '0', '12.8'],
      [undefined, '900', 'none', undefined],
    ],
  )
  assert.equal(valueOf(inventory, 'hypervisor', 'nvidia_driver_version'), '580.95.05')
  assert.equal(settingValue(inventory, 'hypervisor', 'address'), '192.0.2.13')
  assert.deepEqual(inventory.hosts.get(hostName('Router'))?.groups, ['containers', 'phoenix'])
})

test('the only warning about whole files names the features without a role', () => {
  assert.deepEqual(report(inventoryOf(contents, ['/i']).warnings), [
    'phoenix_lxc_configs.json:115:9 unused-features: gpuplay has no roles for these features: vllm, trusted_ca, step_cli, ollama, step_ca, traefik (the variable "features" has them, for playbooks of your own)',
  ])
})
