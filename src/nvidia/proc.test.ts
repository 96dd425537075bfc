import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  gpuNode,
  parseCharacterMajors,
  parseDriverVersion,
  parseGpuInformation,
  parseModuleType,
  sharedNodes,
} from './proc.ts'

test('the version of the loaded driver is read for both types of kernel modules', () => {
  const open =
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@U22-I3-B17-02-5)  Tue Sep 23 09:55:41 UTC 2025\nGCC version:  gcc version 11.4.0 (Ubuntu 11.4.0-1ubuntu1~22.04.2) \n'
  const proprietary =
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.148.06  Mon May  5 11:36:21 UTC 2025\nGCC version:  Selected multilib: .;@m64\n'
  assert.equal(parseDriverVersion(open), '580.95.05')
  assert.equal(parseDriverVersion(proprietary), '570.148.06')
  assert.equal(
    parseDriverVersion('NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  590.48  Release'),
    '590.48',
  )
  assert.equal(parseDriverVersion('something else'), undefined)
})

const information = (uuid: string): string =>
  `Model: \t\t NVIDIA GeForce RTX 3060\nIRQ:   \t\t 77\n${uuid}Video BIOS: \t 94.06.14.00.1c\nBus Type: \t PCIe\nDMA Size: \t 47 bits\nDMA Mask: \t 0x7fffffffffff\nBus Location: \t 0000:0A:00.0\nDevice Minor: \t 3\nGPU Firmware: \t 580.95.05\nGPU Excluded:\t No\n`

test('a GPU is read with its minor; its UUID is missing until it was opened once', () => {
  const uuid = 'GPU-8f3c0000-5060-4c1e-a5b2-000001000000'
  assert.deepEqual(parseGpuInformation('0000:0a:00.0', information(`GPU UUID: \t ${uuid}\n`)), {
    pci: '0000:0a:00.0',
    model: 'NVIDIA GeForce RTX 3060',
    uuid,
    minor: 3,
    excluded: false,
  })
  assert.equal(parseGpuInformation('0000:0a:00.0', information('')).uuid, undefined)
  const unread = information('GPU UUID: \t GPU-????????-????-????-????-????????????\n')
  assert.equal(parseGpuInformation('0000:0a:00.0', unread).uuid, undefined)
})

test('majors are read only from the character devices', () => {
  const text =
    'Character devices:\n  1 mem\n195 nvidia\n195 nvidiactl\n508 nvidia-uvm\n\nBlock devices:\n  7 loop\n259 nvidia-uvm\n'
  const majors = parseCharacterMajors(text)
  assert.equal(majors.get('nvidia-uvm'), 508)
  assert.equal(majors.get('nvidia'), 195)
  assert.equal(majors.get('loop'), undefined)
  assert.deepEqual(
    sharedNodes(majors).map((node) => `${node.path} ${node.major}:${node.minor}`),
    ['/dev/nvidiactl 195:255', '/dev/nvidia-uvm 508:0', '/dev/nvidia-uvm-tools 508:1'],
  )
  assert.deepEqual(gpuNode(3), { path: '/dev/nvidia3', major: 195, minor: 3 })
})

test('the type of the loaded kernel modules is read', () => {
  const text = (what: string): string => `NVRM version: NVIDIA UNIX ${what}  580.95.05  Release Build\n`
  assert.equal(parseModuleType(text('Open Kernel Module for x86_64')), 'open')
  assert.equal(parseModuleType(text('x86_64 Kernel Module')), 'proprietary')
  assert.equal(parseModuleType('something else'), undefined)
})
