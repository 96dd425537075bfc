import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  normalAddress,
  parsePciMappings,
  passedThrough,
  readCards,
  readSwitches,
  readVmOwners,
} from './cards.ts'
import { gpuHost } from './testing/gpu-host.ts'
import { fakeNode } from './testing/fake-node.ts'

test('the cards are the NVIDIA display devices, with their drivers', async () => {
  const node = fakeNode([
    { pci: '0000:01:00.0', driver: 'nouveau' },
    { pci: '0000:41:00.0', device: '0x2684' },
  ])
  assert.deepEqual(await readCards(gpuHost(node)), [
    { pci: '0000:01:00.0', device: 0x2d04, driver: 'nouveau', virtualFunctions: 0 },
    { pci: '0000:41:00.0', device: 0x2684, driver: undefined, virtualFunctions: 0 },
  ])
})

test('virtual functions of a card are not cards, but are counted', async () => {
  const cards = [{ pci: '0000:01:00.0' }, { pci: '0000:01:01.0' }]
  const links = { '/sys/bus/pci/devices/0000:01:01.0/physfn': '../0000:01:00.0' }
  const files = { '/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs': '1\n' }
  const found = await readCards(gpuHost(fakeNode(cards, { links, files })))
  assert.deepEqual(
    found.map(({ pci, virtualFunctions }) => [pci, virtualFunctions]),
    [['0000:01:00.0', 1]],
  )
})

test('NVSwitches are found by their class', async () => {
  const files = { '/sys/bus/pci/devices/0000:07:00.0/class': '0x068000\n' }
  const node = gpuHost(fakeNode([{ pci: '0000:01:00.0' }, { pci: '0000:07:00.0' }], { files }))
  assert.deepEqual(await readSwitches(node), ['0000:07:00.0'])
  assert.equal((await readCards(node)).length, 1)
})

test('addresses in hostpci lines are read in all spellings, also of pending changes, not of snapshots', () => {
  const mapped = new Map([['gpu', ['0000:c1:00.0']]])
  const config = [
    'hostpci0: 0000:01:00.0,pcie=1',
    'hostpci1: 41:00,x-vga=1',
    'hostpci2: host=0000:81:00.0;0000:82:00.0,pcie=1',
    'hostpci3: mapping=gpu,pcie=1',
    'memory: 2048',
    '[PENDING]',
    'hostpci4: a1:00',
    'delete: hostpci0',
    '[before]',
    'hostpci0: 0000:e1:00.0',
  ].join('\n')
  assert.deepEqual(passedThrough(config, mapped), [
    '0000:01:00.0',
    '0000:41:00.0',
    '0000:81:00.0',
    '0000:82:00.0',
    '0000:c1:00.0',
    '0000:a1:00.0',
  ])
})

test('a resource mapping is resolved with the addresses of this node, not of another', () => {
  const text =
    'pci: gpu\n\tdescription a\n\tmap id=10de:2d04,iommugroup=1,node=pve1,path=0000:01:00.0\n\tmap id=10de:2d04,node=pve2,path=0000:02:00.0\n\npci: other\n\tmap id=10de:1b06,node=pve1,path=0000:03:00.0;0000:04:00.0\n'
  assert.deepEqual(parsePciMappings(text, 'pve1').get('gpu'), ['0000:01:00.0'])
  assert.deepEqual(parsePciMappings(text, 'pve1').get('other'), ['0000:03:00.0', '0000:04:00.0'])
  assert.deepEqual(parsePciMappings(text, undefined).get('gpu'), ['0000:01:00.0', '0000:02:00.0'])
})

test('the owner of a card is found through a mapping or its address', async () => {
  const host = gpuHost({
    links: { '/etc/pve/local': 'nodes/pve1' },
    files: {
      '/etc/pve/qemu-server/100.conf': 'hostpci0: mapping=gpu\n',
      '/etc/pve/qemu-server/101.conf': 'hostpci0: 41:00\n',
      '/etc/pve/mapping/pci.cfg': 'pci: gpu\n\tmap id=10de:2d04,node=pve1,path=0000:01:00.0\n',
    },
  })
  assert.deepEqual(
    [...(await readVmOwners(host))],
    [
      ['0000:01:00.0', '100'],
      ['0000:41:00.0', '101'],
    ],
  )
})

test('a missing domain or function is added to an address', () => {
  assert.equal(normalAddress('01:00'), '0000:01:00.0')
  assert.equal(normalAddress('0001:0A:00.1'), '0001:0a:00.1')
})
