/**
 * A host whose answers are well-formed but meaningless: its files, its programs' output and its state are
 * built from pieces of real answers, chosen by a sequence of bytes. For property tests and the fuzzer.
 */
import { defined } from '../../base/defined.ts'
import { hostName } from '../../base/brand.ts'
import type { Answer, FileStatus, Host, ProgramHost } from '../../host/host.ts'
import { question } from '../../host/question.ts'
import { fakeHost, fakeWorld } from './fake-host.ts'

/** Makes choices from a sequence of bytes; when it is used up, always the first. */
export class Choices {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** From 0 to `count` - 1. */
  below(count: number): number {
    const byte = this.#bytes[this.#at] ?? 0
    this.#at += 1
    return byte % count
  }

  of<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0]
  }
}

// prettier-ignore
const lines: readonly [string, ...string[]] = [
  '', ' ', ':', '=', ',', '0', '-1', '1e400', '99999999999999999999', 'NaN', '\0', '\u001b[2J', '\u202e', '__proto__: 1', '[', '{}', 'null',
  'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@U22-I3)', '580.95.05', '1.0-1 (580.95.05)',
  'Model: \t\t NVIDIA GeForce RTX 3060', 'GPU UUID: \t GPU-8f3c0000-1111-2222-3333-444455556666', 'Bus Location: \t 0000:01:00.0',
  'Device Minor: \t 0', 'Device Minor: 99999999999999999999', 'GPU Excluded:\t No', 'Character devices:', 'Block devices:', '195 nvidia', '511 nvidia-uvm',
  'GPU-8f3c0000-1111-2222-3333-444455556666, 00000000:01:00.0', '00000000:01:00.0, GPU-8f3c0000-1111-2222-3333-444455556666',
  'nvidia/580.95.05, 6.8.12-9-pve, x86_64: installed', 'nvidia/580.95.05: added', 'installed nvidia-driver', 'config-files nvidia-utils-570', 'MIT', 'Dual MIT/GPL',
  'ID=debian', 'ID_LIKE="debian ubuntu"', 'VERSION_ID="12"', 'VERSION_ID=x', 'PRETTY_NAME="Debian GNU/Linux 12"', 'amd64', 'running', 'degraded', 'starting',
  'hostname: ct101', 'unprivileged: 1', 'dev0: /dev/nvidia0,mode=0666', 'dev1: path=/dev/nvidiactl,gid=', 'lxc.cgroup2.devices.allow: c 195:* rwm',
  'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,optional,create=file', 'lxc.idmap: u 0 100000 65536', 'rootfs: local:101/vm-101-disk-0.raw,size=8G',
  'lock: backup', '[snap]', '[pve:pending]', 'delete: dev0', 'hostpci0: 0000:01:00.0,pcie=1', '0 100000 65536', '0 0 x', 'Cuda compilation tools, release 12.8, V12.8.93',
  '36 35 98:0 / /dev/nvidia0 rw,noatime master:1 - ext3 /dev/root rw', '22 1 0:5 / /dev/\\040nvidia\\777 rw', 'PCI_SLOT_NAME=0000:01:00.0', 'DRIVER=nvidia',
  '0x030000', '0x2504', '0xzzzz', '/sys/bus/pci/devices/0000:01:00.0/vendor', 'PCI_ID=10DE:2504', 'PCI_CLASS=30000', 'Inst libc6 (2.36-9 Debian:12 [amd64])', 'Remv nvidia-driver [570]', 'Conf x', 'Package: cuda-toolkit-12-8', 'Version: 12.8.1-1',
  '     12.8.1-1 600', ' *** 12.8.1-1 500', '  Candidate: (none)', '  Candidate: 12.8.1-1', '500 https://developer.download.nvidia.com/x Packages',
  'deb [signed-by=/k] https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/ /', 'Types: deb', 'URIs: https://x/', 'Suites: /', 'Enabled: no',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  NVIDIA-Linux-x86_64-580.95.05.run', 'blacklist nouveau', 'options nvidia x=1',
  'service: ct:101', 'quorate', 'agent: 1', '{"status":"running"}', 'nodelist {', 'node {', 'ring0_addr: 192.0.2.11', '}', '{"101":{"local/pve2":{"pid":1}}}', 'UPID:pve1:1:2:3:vzdump:101:root@pam: 0', '[{"vmid":101}]', 'nodes/pve1/lxc/101.conf', '0000:01:00.0 0300 10de:2504',
]
// prettier-ignore
const names: readonly [string, ...string[]] = [
  '101.conf', '0000:01:00.0', 'nvidia', 'x', '..', '', 'a\nb', 'NVIDIA-Linux-x86_64-580.95.05.run', '99999999999999999999.conf', '__proto__', 'vmlinuz-6.8.12-9-pve',
  'cuda-debian12-x86_64.list', 'a b', '-rf', '0000:41:00.0', '102.conf', 'vmlinuz-', '\u202e', 'nvidia0', 'mok.pub',
]
const kinds = ['file', 'directory', 'link', 'character', 'block', 'fifo', 'socket'] as const
const numbers = [0, 1, 195, 255, 511, 4096, 2 ** 31, Number.MAX_SAFE_INTEGER] as const

export function garbageHost(choices: Choices, depth = 0): Host {
  const text = (): string => {
    const count = choices.below(12)
    return Array.from({ length: count }, () => choices.of(lines)).join(
      choices.of(['\n', '\n', '\n\n', ' ', '\r\n']),
    )
  }
  const maybe = <T>(make: () => T): T | undefined => (choices.below(4) === 0 ? undefined : make())
  const answer = (): Answer => ({
    code: choices.of([0, 0, 0, 1, 2, 6, 9, 100, 127, 255]),
    stdout: text(),
    stderr: text(),
  })
  const status = (): FileStatus => {
    const kind = choices.of(kinds)
    const isDevice = kind === 'character' || kind === 'block'
    return {
      kind,
      mode: choices.of(['0644', '0755', '4755', '0000']),
      owner: choices.of(['root', '', 'UNKNOWN']),
      group: choices.of(['root', '', 'UNKNOWN']),
      uid: choices.of(numbers),
      gid: choices.of(numbers),
      size: choices.of(numbers),
      ...defined({
        major: isDevice ? choices.of(numbers) : undefined,
        minor: isDevice ? choices.of(numbers) : undefined,
        target:
          kind === 'link' ? choices.of(['libcuda.so.580.95.05', '', '..', 'a\nb', '/x', '\0']) : undefined,
      }),
    }
  }
  const world = fakeWorld()
  world.answer = answer
  const version = (): string => choices.of(['580.95.05', '', 'x', '1:2-3', '570'])
  const host: Host = {
    ...fakeHost(world),
    name: hostName(depth === 0 ? 'ct101' : 'pve1'),
    stat: async () => maybe(status),
    text: async () => maybe(text),
    hash: async () => maybe(() => choices.of(['a'.repeat(64), 'f'.repeat(64)])),
    list: async () => maybe(() => Array.from({ length: choices.below(6) }, () => choices.of(names)).sort()),
    package: async () => ({
      installed: maybe(version),
      status: choices.of(['installed', 'config-files', '']),
    }),
    unit: async () => ({
      exists: choices.below(2) === 0,
      active: choices.of(['active', 'failed', '', 'activating']),
      enabled: choices.of(['enabled', 'disabled', 'masked', '', 'static']),
    }),
    kernelModule: async () => ({
      loaded: choices.below(3) > 0,
      version: maybe(version),
      users: choices.of(numbers),
    }),
    kernel: async () => ({ release: choices.of(['6.8.12-9-pve', 'x', '6']), bootId: choices.of(['a', '']) }),
    command: async () => maybe(() => '/usr/bin/x'),
    container: async () =>
      maybe(() => ({
        status: choices.of(['running', 'stopped']),
        config: text(),
        pid: maybe(() => choices.of(numbers)),
      })),
    space: async () => choices.of(numbers),
    http: async () => ({
      status: choices.of([0, 200, 404]),
      length: maybe(() => choices.of(numbers)),
      body: text(),
    }),
    placement: { ctid: '101', nodeName: hostName('pve1'), cluster: 'lab' },
  }
  return depth === 0 ? { ...host, node: garbageHost(choices, 1) } : Object.assign(host, { node: host })
}

/** The same for modules that run programs of a playbook. */
export function garbageProgramHost(choices: Choices): ProgramHost {
  const host = garbageHost(choices)
  return { ...host, promised: () => host.ask(anything) }
}

const anything = question({ words: ['nproc'], reads: [], parse: (answer) => answer })
