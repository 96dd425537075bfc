/** Stand-in of `qm`: VMs that only have a state and their cards. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { changeKernel, giveToVfio } from '../nvidia/kernel.ts'
import { isLoaded } from '../nvidia/kernel-state.ts'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { Exit, exists, run, textOf } from '../nvidia/system.ts'
import type { Guest } from './guest.ts'

/** A VM runs while its file exists here; a reboot of the node stops it. */
const running = '/run/lab/machines'

export function isMachineOn(id: string | number): boolean {
  return exists(`${running}/${id}`)
}

/** @param machines the VMs of this node */
export function qm([command = '', id = '', ...rest]: readonly string[], machines: readonly Guest[]): number {
  if (command === 'list') {
    const rows = machines.map(
      ({ vmid, name, status }) =>
        `${String(vmid).padStart(10)} ${name.padEnd(20)} ${status.padEnd(10)} ${'2048'.padEnd(10)} ${'32.00'.padStart(12)} ${(status === 'running' ? '4242' : '0').padEnd(10)}\n`,
    )
    return print(
      rows.length === 0
        ? ''
        : `      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID       \n${rows.join('')}`,
    )
  }
  const text = textOf(`/etc/pve/qemu-server/${id}.conf`)
  if (text === undefined)
    throw new Exit(2, `Configuration file 'nodes/${hostname()}/qemu-server/${id}.conf' does not exist`)
  switch (command) {
    case 'config':
      return print(text)
    case 'status':
      return print(`status: ${isMachineOn(id) ? 'running' : 'stopped'}\n`)
    case 'start':
      if (isMachineOn(id)) throw new Exit(255, `VM ${id} already running`)
      for (const card of passedCards(text)) bindToVfio(card)
      mkdirSync(running, { recursive: true })
      writeFileSync(`${running}/${id}`, '')
      return 0
    case 'stop':
    case 'shutdown':
      // the card stays with vfio-pci: Proxmox does not bind it back
      rmSync(`${running}/${id}`, { force: true })
      return 0
    default:
      throw new Exit(255, `ERROR: unknown command 'qm ${[command, ...rest].join(' ')}'`)
  }
}

/** The node's cards in the `hostpci` lines of a configuration: `0000:01:00.0` or `01:00`, with or without function. */
function passedCards(config: string): readonly string[] {
  const lines = [...config.replace(/\n\[[^]*$/, '').matchAll(/^hostpci\d+: *(?:host=)?([0-9a-f:.;]+)/gim)]
  const addresses = lines.flatMap((match) => (match[1] ?? '').split(';'))
  return nodeSpec()
    .gpus.map(({ pci }) => pci)
    .filter((pci) =>
      addresses.some((address) => pci.replace(/^0000:/, '').startsWith(address.replace(/^0000:/, ''))),
    )
}

/** @see pci_dev_bind_to_vfio in PVE::SysFSTools: the unbinding has no time limit */
function bindToVfio(card: string): void {
  run('modprobe', ['vfio-pci'])
  while (!changeKernel((state) => isLoaded(state, 'vfio_pci') && giveToVfio(state, card)))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
