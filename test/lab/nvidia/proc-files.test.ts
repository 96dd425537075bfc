import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deviceList, dynamicMajors, moduleList } from './proc-files.ts'
import { nvidiaProcFiles } from './proc-nvidia.ts'
import { drives } from './supported.ts'

const open580 = { name: 'nvidia', version: '580.95.05', license: 'Dual MIT/GPL' }
const real = 'Character devices:\n  1 mem\n248 bsg\n254 ndctl\n\nBlock devices:\n  7 loop\n'
const gpu = {
  pci: '0000:01:00.0',
  model: 'NVIDIA GeForce RTX 3060',
  deviceId: '2504',
  uuid: 'GPU-8f3c0000-5060-4c1e-a5b2-000001000000',
  minor: 3,
  memoryMiB: 12288,
  opened: false,
  persistence: false,
  powerLimit: 170,
  mig: false,
  cuda: 0,
  cudaInit: 0,
}

describe('/proc of a node with the NVIDIA driver', () => {
  test('the open module prints two blanks before its version and one at the end', () => {
    const text = nvidiaProcFiles(open580, []).get('nvidia/version') ?? ''
    assert.match(
      text,
      /^NVRM version: NVIDIA UNIX Open Kernel Module for x86_64 {2}580\.95\.05 {2}Release Build {2}\(/,
    )
    assert.match(text, /\nGCC version: {2}gcc version .*\) \n$/)
    const proprietary = nvidiaProcFiles({ ...open580, license: 'NVIDIA' }, []).get('nvidia/version') ?? ''
    assert.match(proprietary, /^NVRM version: NVIDIA UNIX x86_64 Kernel Module {2}580\.95\.05 {2}/)
  })

  test('a card shows its UUID only after it was opened', () => {
    const information = (opened: boolean): string =>
      nvidiaProcFiles(open580, [{ ...gpu, opened }]).get('nvidia/gpus/0000:01:00.0/information') ?? ''
    assert.ok(!information(false).includes('UUID'))
    assert.match(information(true), /^GPU UUID: \t GPU-8f3c0000-5060-4c1e-a5b2-000001000000$/m)
    assert.match(information(false), /^Model: \t\t NVIDIA GeForce RTX 3060$/m)
    assert.match(information(false), /^Device Minor: \t 3$/m)
  })

  test('the front end has one name up to 535 and two since 545', () => {
    const list = (version: string): string =>
      deviceList(real, { loaded: [{ ...open580, version }], majors: { 'nvidia-caps': 240 } })
    assert.match(list('535.247.01'), /^195 nvidia-frontend$/m)
    assert.match(list('580.95.05'), /^195 nvidia\n195 nvidiactl\n240 nvidia-caps\n248 bsg$/m)
    assert.match(list('580.95.05'), /\n\nBlock devices:\n {2}7 loop\n$/)
    assert.equal(deviceList(real, { loaded: [], majors: {} }), real)
  })

  test('dynamic numbers differ from boot to boot and from node to node, and are never in use', () => {
    const uvm = (node: string, boots: number): number =>
      dynamicMajors.choose(node, { boots, loads: 1 }, 'nvidia-uvm', real)
    assert.notEqual(uvm('pve1', 1), uvm('pve1', 2))
    assert.notEqual(uvm('pve1', 1), uvm('pve2', 1))
    for (let boots = 0; boots < 300; boots++) {
      const major = uvm('pve1', boots)
      assert.ok(
        ![248, 254].includes(major) && ((major >= 234 && major <= 254) || (major >= 384 && major <= 511)),
        String(major),
      )
    }
  })

  test('modules list their users', () => {
    const loaded = [{ name: 'nvidia_uvm', version: '1', license: 'NVIDIA' }, open580]
    const references = (name: string) =>
      name === 'nvidia' ? { holders: ['nvidia_uvm'], count: 2 } : { holders: [], count: 0 }
    assert.equal(
      moduleList(loaded, references),
      'nvidia_uvm 2158592 0 - Live 0x0000000000000000 (POE)\nnvidia 104083456 2 nvidia_uvm, Live 0x0000000000000000 (OE)\n',
    )
  })

  test('Pascal has no driver since 590, and Blackwell has only the open one', () => {
    const driver = (version: string, license: string) => ({ version, license })
    assert.ok(drives(driver('580.95.05', 'NVIDIA'), '1b80'))
    assert.ok(!drives(driver('580.95.05', 'Dual MIT/GPL'), '1b80'))
    assert.ok(!drives(driver('590.48.01', 'NVIDIA'), '1b80'))
    assert.ok(drives(driver('580.95.05', 'Dual MIT/GPL'), '2d04'))
    assert.ok(!drives(driver('580.95.05', 'NVIDIA'), '2d04'))
  })
})
