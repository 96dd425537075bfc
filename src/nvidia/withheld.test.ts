/** The cards that containers do not get: as read here and as the boot service of the node reads them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readVmOwners } from './cards.ts'
import { gpuHost } from './testing/gpu-host.ts'
import { claimOn, readExcluded, whyWithheld } from './withheld.ts'

const helper = readFileSync(
  fileURLToPath(new URL('../../roles/nvidia_host/files/nvidia-driver', import.meta.url)),
  'utf8',
)
const here = hostname().replace(/\..*$/, '')
const devices = '/sys/bus/pci/devices'
let root = ''

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function get(path: string): string {
  return readFileSync(join(root, path), 'utf8').trim()
}

/** Calls a function of the boot service's program on the files below `root`. */
function call(name: string): readonly string[] {
  const functions = (helper.split('\ncase ${1-} in')[0] ?? '').replaceAll(
    /^(CONFIG|PCI|VMS|MAPPINGS|RESERVED)=(.*)$/gm,
    `$1=${root}$2`,
  )
  const script = `${functions}\nmodprobe() { echo "modprobe $*"; }\n${name}\n`
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  return stdout.split('\n').filter(Boolean)
}

const machines: Readonly<Record<string, string>> = {
  'pci.cfg': `pci: gpu\n\tmap id=10de:2d04,iommugroup=1,node=${here},path=0000:C1:00.0\n\tmap id=10de:2d04,node=other,path=0000:02:00.0\n\npci: pair\n\tdescription two\n\tmap node=${here},path=0000:a1:00.0;0000:a2:00\n`,
  '100':
    'name: a\nhostpci0: 0000:01:00.0,pcie=1\nhostpci1: 41:00,x-vga=1\n\n[before]\nhostpci0: 0000:e1:00.0\n',
  '101': 'hostpci2: host=0000:81:00.0;0000:82:00.0,pcie=1\nhostpci3: mapping=gpu,pcie=1',
  '102':
    'hostpci0: pcie=1,mapping=pair\n[PENDING]\nhostpci1: 03:00\ndelete: hostpci0\n[snap]\nhostpci0: 04:00\n',
  '103': 'hostpci0: 0000:05:00.1\nnet0: virtio\n',
}

// Hooks outside of a suite would run for the tests of other files too.
describe('cards that containers do not get', () => {
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'withheld-'))))
  afterEach(() => rmSync(root, { recursive: true }))

  test('the boot service finds the same cards of VMs in all spellings', async () => {
    for (const [name, text] of Object.entries(machines))
      put(name === 'pci.cfg' ? `/etc/pve/mapping/${name}` : `/etc/pve/qemu-server/${name}.conf`, text)
    const files = Object.fromEntries(
      Object.entries(machines).map(([name, text]) => [
        name === 'pci.cfg' ? `/etc/pve/mapping/${name}` : `/etc/pve/qemu-server/${name}.conf`,
        text,
      ]),
    )
    const owners = await readVmOwners(gpuHost({ files, links: { '/etc/pve/local': `nodes/${here}` } }))
    const cards = [...owners.keys()].filter((pci) => pci.endsWith('.0')).map((pci) => pci.slice(0, -2))
    assert.deepEqual(cards.toSorted(), [
      '0000:01:00',
      '0000:03:00',
      '0000:41:00',
      '0000:81:00',
      '0000:82:00',
      '0000:a1:00',
      '0000:a2:00',
      '0000:c1:00',
    ])
    assert.deepEqual(call('of_vms'), cards.toSorted())
  })

  function layOut(): void {
    const functions: Readonly<Record<string, string>> = {
      '0000:01:00.0': '0x10de',
      '0000:01:00.1': '0x10de',
      '0000:02:00.0': '0x8086',
      '0000:41:00.0': '0x10de',
      '0000:81:00.0': '0x10de',
      '0000:82:01.0': '0x10de',
    }
    for (const [address, vendor] of Object.entries(functions)) {
      put(`${devices}/${address}/vendor`, `${vendor}\n`)
      put(`${devices}/${address}/driver_override`, '(null)\n')
    }
    put(`${devices}/0000:82:01.0/physfn`, '')
  }

  const overrides = (...addresses: readonly string[]): readonly string[] =>
    addresses.map((address) => get(`${devices}/${address}/driver_override`))

  test('all functions of cards of VMs and of excluded cards are reserved, and no other device', () => {
    layOut()
    put('/etc/pve/qemu-server/900.conf', 'hostpci0: 01:00.0\nhostpci1: 02:00\nhostpci2: 82:01.0\n')
    put('/etc/gpuplay/nvidia.conf', 'PERSISTENCE=on\nEXCLUDE="0000:41:00.0 "\n')
    assert.deepEqual(call('reserve'), ['modprobe vfio-pci'])
    assert.deepEqual(overrides('0000:01:00.0', '0000:01:00.1', '0000:41:00.0'), [
      'vfio-pci',
      'vfio-pci',
      'vfio-pci',
    ])
    assert.deepEqual(overrides('0000:02:00.0', '0000:81:00.0', '0000:82:01.0'), [
      '(null)',
      '(null)',
      '(null)',
    ])
  })

  test('a card that is for containers again is released; an override of the administrator stays', () => {
    layOut()
    put(`${devices}/0000:81:00.0/driver_override`, 'vfio-pci\n')
    put(`${devices}/0000:01:00.1/driver_override`, 'snd_hda_intel\n')
    put('/etc/gpuplay/nvidia.conf', 'EXCLUDE="0000:01:00.0 0000:81:00.0 "\n')
    assert.deepEqual(call('reserve; reserve'), [])
    assert.deepEqual(overrides('0000:01:00.0', '0000:01:00.1'), ['vfio-pci', 'snd_hda_intel'])
    put('/etc/gpuplay/nvidia.conf', 'EXCLUDE=""\n')
    assert.deepEqual(call('reserve'), [])
    assert.deepEqual(overrides('0000:01:00.0', '0000:01:00.1', '0000:81:00.0'), [
      '',
      'snd_hda_intel',
      'vfio-pci',
    ])
  })

  test('the boot service knows whether a card is left for containers', () => {
    layOut()
    for (const address of ['0000:01:00.0', '0000:02:00.0', '0000:41:00.0', '0000:81:00.0', '0000:82:01.0'])
      put(`${devices}/${address}/class`, '0x030000\n')
    put('/etc/pve/qemu-server/900.conf', 'hostpci0: 01:00\nhostpci1: 81:00\n')
    assert.deepEqual(call('any_card && echo yes'), ['yes'])
    put('/etc/gpuplay/nvidia.conf', 'EXCLUDE="0000:41:00.0 "\n')
    assert.deepEqual(call('any_card || echo no'), ['no'])
  })

  test('without VMs and excluded cards nothing is written; a card that is shared by mdev keeps its driver', () => {
    layOut()
    put('/etc/pve/qemu-server/900.conf', 'hostpci0: 0000:01:00.0,mdev=nvidia-558\nmemory: 2048\n')
    assert.deepEqual(call('reserve'), [])
    assert.deepEqual(overrides('0000:01:00.0'), ['(null)'])
    assert.equal(existsSync(join(root, '/run/gpuplay/reserved')), false)
  })

  test('the reason names the VM before the exclusion, and the exclusion before vfio-pci', async () => {
    const excluded = await readExcluded(
      gpuHost({ files: { '/etc/gpuplay/nvidia.conf': 'EXCLUDE="0000:41:00.0 0000:C1:00.0 "\n' } }),
    )
    const owners = new Map([['0000:41:00.0', '900']])
    const why = (pci: string, driver?: string): string | undefined => {
      const withheld = claimOn({ pci, driver }, { owners, excluded })
      return withheld && whyWithheld(withheld)
    }
    assert.equal(why('0000:41:00.0'), 'is passed to VM 900')
    assert.equal(why('0000:c1:00.0', 'vfio-pci'), 'is in nvidia_host_exclude_gpus')
    assert.equal(why('0000:01:00.0', 'vfio-pci'), 'is bound to vfio-pci')
    assert.equal(why('0000:01:00.0', 'nvidia'), undefined)
  })
})
