import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { kernelLineLeftovers, modprobeLeftovers, withoutModprobeLeftovers } from './modprobe-leftovers.ts'

const none = (): boolean => false

test('lines that keep the driver from its cards are found, with their numbers', () => {
  const text = `# blacklist nvidia
blacklist nvidia
blacklist nvidia-current-drm
alias nvidia off
install nvidia /bin/false
install nvidia-modeset modprobe nvidia ; modprobe -i nvidia-current-modeset $CMDLINE_OPTS
remove nvidia modprobe -r -i nvidia-drm nvidia-modeset nvidia-uvm nvidia
softdep nvidia pre: vfio-pci
options vfio_pci disable_vga=1 ids=10de:2d04,10de:22eb
`
  assert.deepEqual(
    modprobeLeftovers(text, none).map(({ line }) => line),
    [2, 3, 4, 5, 6, 7, 8, 9],
  )
})

test('lines with another purpose are left alone', () => {
  const text = `blacklist nouveau
blacklist nvidiafb
blacklist i2c_nvidia_gpu
blacklist nvidia_wmi_ec_backlight
options nouveau modeset=0
options nvidia NVreg_OpenRmEnableUnsupportedGpus=1
options nvidia-drm modeset=1
softdep nvidia post: nvidia-uvm
install nvidia /sbin/modprobe --ignore-install nvidia && logger loaded
options vfio-pci ids=8086:1234 disable_vga=1
options vfio_iommu_type1 allow_unsafe_interrupts=1
`
  assert.deepEqual(modprobeLeftovers(text, none), [])
})

test('what is left of a line remains, and the former line becomes a comment', () => {
  const text =
    'options kvm ignore_msrs=1\noptions vfio-pci \\\n  ids=10de:2d04,8086:1234 \\\n  disable_vga=1\n# end'
  assert.equal(
    withoutModprobeLeftovers(text, none),
    `options kvm ignore_msrs=1
# Disabled by gpuplay: options vfio-pci \\
# Disabled by gpuplay:   ids=10de:2d04,8086:1234 \\
# Disabled by gpuplay:   disable_vga=1
options vfio-pci ids=8086:1234 disable_vga=1
# end`,
  )
  assert.equal(
    withoutModprobeLeftovers('options vfio-pci ids=10de:2d04', none),
    '# Disabled by gpuplay: options vfio-pci ids=10de:2d04',
  )
})

test('cards that stay with vfio-pci keep their ids', () => {
  const stays = (device: string): boolean => device === '2204'
  const text = 'options vfio-pci ids=10de:2204,10de:2d04:1043:8866'
  assert.match(withoutModprobeLeftovers(text, stays), /^options vfio-pci ids=10de:2204$/m)
  assert.deepEqual(modprobeLeftovers('options vfio-pci ids=10DE:2204', stays), [])
})

test('the command line of the kernel is read with both spellings', () => {
  const found = kernelLineLeftovers(
    'quiet vfio_pci.ids=10de:2d04 modprobe.blacklist=nouveau,nvidia modprobe.blacklist=nouveau\n',
    none,
  )
  assert.deepEqual(
    found.map(({ text }) => text),
    ['vfio_pci.ids=10de:2d04', 'modprobe.blacklist=nouveau,nvidia'],
  )
})

test('a cleaned text has no leftovers, and all other lines', () => {
  const line = fc.constantFrom(
    'blacklist nvidia',
    'install nvidia /bin/true',
    'options vfio-pci ids=10de:2d04,8086:1',
    'options nvidia a=1',
    'options \\',
    '# a comment \\',
    '',
    '  blacklist   nvidia-uvm  ',
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\n')
      const cleaned = withoutModprobeLeftovers(text, none)
      assert.deepEqual(modprobeLeftovers(cleaned, none), [])
      const former = cleaned
        .split('\n')
        .filter((each) => each !== 'options vfio-pci ids=8086:1')
        .map((each) => each.replace(/^# Disabled by gpuplay: /, ''))
      assert.deepEqual(former, lines.length === 0 ? [''] : lines)
    }),
  )
})
