/** Where a node's configuration still has lines of earlier drivers: /etc/modprobe.d and the kernel's command line. */
import type { Host } from '../host/host.ts'
import type { Finding } from '../host/plan.ts'
import { readCards, readVmOwners } from './cards.ts'
import {
  kernelLineLeftovers,
  type ModprobeLeftover,
  modprobeLeftovers,
  namesNvidiaForVfio,
  withoutModprobeLeftovers,
} from './modprobe-leftovers.ts'

export interface LeftoverLines {
  /** Files with leftovers. */
  readonly files: readonly LeftoverFile[]
  readonly kernelLine: readonly Pick<ModprobeLeftover, 'text' | 'why'>[]
}

export interface LeftoverFile {
  readonly path: string
  readonly text: string
  /** Without the leftovers. */
  readonly cleaned: string
  readonly leftovers: readonly ModprobeLeftover[]
}

export const modprobeDirectory = '/etc/modprobe.d'
export const kernelLineFile = '/proc/cmdline'

/**
 * @param excluded PCI addresses of cards that stay with vfio-pci, besides those of virtual machines
 * @throws UnknownError, HostError
 */
export async function readLeftoverLines(host: Host, excluded: readonly string[]): Promise<LeftoverLines> {
  const [names, commandLine] = await Promise.all([host.list(modprobeDirectory), host.text(kernelLineFile)])
  const paths = (names ?? [])
    .filter((name) => name.endsWith('.conf'))
    .map((name) => `${modprobeDirectory}/${name}`)
  const texts = await Promise.all(paths.map((path) => host.text(path)))
  const vfio = [...texts, commandLine].some((text) => namesNvidiaForVfio(text ?? ''))
  const staying = vfio ? await readStaying(excluded, host) : []
  const stays = (device: string): boolean => staying.includes(device)
  const files = paths.flatMap((path, index): readonly LeftoverFile[] => {
    const text = texts[index] ?? ''
    const leftovers = modprobeLeftovers(text, stays)
    return leftovers.length === 0
      ? []
      : [{ path, text, cleaned: withoutModprobeLeftovers(text, stays), leftovers }]
  })
  return { files, kernelLine: kernelLineLeftovers(commandLine ?? '', stays) }
}

/** The lines that bind cards to vfio-pci. */
export function vfioFindings({ files, kernelLine }: LeftoverLines): readonly Finding[] {
  const lines = files.flatMap(({ path, leftovers }) =>
    leftovers.map(({ line, text, why }) => ({ line: `${path}:${line}`, text, why })),
  )
  return [...lines, ...kernelLine.map((one) => ({ line: kernelLineFile, ...one }))]
    .filter(({ text }) => /vfio/i.test(text))
    .map(({ line, text, why }) => ({
      message: `"${text}" ${why}`,
      line,
      fix:
        line === kernelLineFile
          ? 'remove it from /etc/kernel/cmdline or /etc/default/grub, run proxmox-boot-tool refresh or update-grub, then reboot the node'
          : 'remove it, run update-initramfs -u -k all, then reboot the node',
    }))
}

/** Device ids of the cards that belong to a VM or are excluded, with all their functions. */
async function readStaying(excluded: readonly string[], host: Host): Promise<readonly string[]> {
  const devices = '/sys/bus/pci/devices'
  const [cards, owners, present] = await Promise.all([
    readCards(host),
    readVmOwners(host),
    host.list(devices),
  ])
  const kept = excluded.map((address) => address.toLowerCase())
  const slots = cards
    .filter(({ pci }) => owners.has(pci) || kept.includes(pci))
    .map(({ pci }) => pci.replace(/\d$/, ''))
  const functions = (present ?? []).filter((name) =>
    slots.some((slot) => name.toLowerCase().startsWith(slot)),
  )
  const ids = await Promise.all(functions.map((name) => host.text(`${devices}/${name}/device`)))
  return ids.map((id) => (id ?? '').trim().toLowerCase().replace(/^0x/, ''))
}
