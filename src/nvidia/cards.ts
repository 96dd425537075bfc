/**
 * The NVIDIA cards of a node as PCI devices, with or without a driver, from sysfs and Proxmox's
 * configuration.
 */
import { HostError } from '../base/errors.ts'
import type { Host } from '../host/host.ts'
import { many, questionAbout } from '../host/question.ts'
import type { Card } from './generations.ts'

export interface PciCard extends Card {
  /** The kernel driver bound to it. */
  readonly driver: string | undefined
  /** Number of its virtual functions (SR-IOV) that exist. */
  readonly virtualFunctions: number
}

/** One directory for each PCI device, by address. */
export const pciDevices = '/sys/bus/pci/devices'

/** Which of these files contain NVIDIA's vendor ID. */
export const nvidiaVendors = questionAbout({
  words: ['grep', '-lsxF', '0x10de', many('files', /\/sys\/bus\/pci\/devices\/[0-9A-Za-z:.]+\/vendor/)],
  reads: ({ files }) => files.map((path) => `file:${path}` as const),
  parse: ({ stdout }) => stdout.split('\n'),
})

/** All NVIDIA display devices (class 03xx), by PCI address, without their audio and USB functions. */
export async function readCards(host: Host): Promise<readonly PciCard[]> {
  const cards = await readCardNumbers(host)
  return Promise.all(
    cards.map(async (card) => {
      const [driver, functions] = await Promise.all([
        readBoundDriver(host, card.pci),
        host.text(`${pciDevices}/${card.pci}/sriov_numvfs`),
      ])
      return {
        ...card,
        driver,
        virtualFunctions: /^\d{1,5}\n?$/.test(functions ?? '') ? Number(functions) : 0,
      }
    }),
  )
}

/** The same without what a dry run does not know after the reboot of a node. */
export async function readCardNumbers(host: Host): Promise<readonly Card[]> {
  const slots = await readSlots(host)
  const cards = await Promise.all(slots.map((slot) => readCard(host, slot)))
  return cards.filter((card) => card !== undefined)
}

/** PCI addresses of the NVSwitches (class 0680), which connect the GPUs of HGX and DGX systems. */
export async function readSwitches(host: Host): Promise<readonly string[]> {
  const slots = await readSlots(host)
  const kinds = await Promise.all(slots.map((slot) => host.text(`${pciDevices}/${slot}/class`)))
  return slots.filter((_, index) => kinds[index]?.startsWith('0x0680'))
}

/** The NVIDIA devices that are function 0 of their slot, as cards and NVSwitches are. */
async function readSlots(host: Host): Promise<readonly string[]> {
  const slots = ((await host.list(pciDevices)) ?? []).filter((name) => name.endsWith('.0'))
  if (slots.length === 0) return []
  const vendors = slots.map((slot) => `${pciDevices}/${slot}/vendor`)
  const files = await host.ask(nvidiaVendors({ files: vendors }))
  return slots.filter((_, index) => files.includes(vendors[index] ?? ''))
}

async function readBoundDriver(host: Host, pci: string): Promise<string | undefined> {
  const target = (await host.stat(`${pciDevices}/${pci}/driver`))?.target
  return target?.slice(target.lastIndexOf('/') + 1)
}

async function readCard(host: Host, slot: string): Promise<Card | undefined> {
  const directory = `${pciDevices}/${slot}`
  const [kind, device, physical] = await Promise.all([
    host.text(`${directory}/class`),
    host.text(`${directory}/device`),
    host.stat(`${directory}/physfn`),
  ])
  // A virtual function (SR-IOV) is a part of a card; only virtual functions have `physfn`.
  if (physical !== undefined) return undefined
  if (kind === undefined || device === undefined || !kind.startsWith('0x03')) return undefined
  // The kernel prints `0x` and four digits (drivers/pci/pci-sysfs.c).
  if (!/^0x[0-9a-f]{1,4}$/i.test(device.trim()))
    throw new HostError({
      code: 'senseless-answer',
      message: `${directory}/device on ${host.name} is not a PCI device id: ${JSON.stringify(device.slice(0, 60))}`,
    })
  return { pci: slot.toLowerCase(), device: Number.parseInt(device.trim(), 16) }
}

/**
 * PCI address -> ID of the VM that it is passed to, from all VM configurations of the node and the cluster's
 * resource mappings.
 */
export async function readVmOwners(host: Host): Promise<ReadonlyMap<string, string>> {
  const directory = '/etc/pve/qemu-server'
  const [names, mappings, local] = await Promise.all([
    host.list(directory),
    host.text('/etc/pve/mapping/pci.cfg'),
    host.stat('/etc/pve/local'),
  ])
  const machines = (names ?? []).filter((name) => /^\d+\.conf$/.test(name))
  const configs = await Promise.all(machines.map((name) => host.text(`${directory}/${name}`)))
  const node = local?.target?.replace(/^.*\//, '')
  const mapped = parsePciMappings(mappings ?? '', node)
  const owners = new Map<string, string>()
  machines.forEach((name, index) => {
    for (const address of passedThrough(configs[index] ?? '', mapped)) owners.set(address, name.slice(0, -5))
  })
  return owners
}

/**
 * Addresses in the `hostpciN` lines of a VM's current configuration, and of the pending changes that its next
 * start applies. `01:00` means every function of that slot: function 0 is the card.
 */
export function passedThrough(
  config: string,
  mapped: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const sections = config.split(/^(?=\[)/m).filter((text) => !text.startsWith('[') || isPending(text))
  return [...sections.join('\n').matchAll(/^hostpci\d+:\s*(.+?)\s*$/gm)].flatMap(([, value = '']) => {
    const parts = value.split(',')
    const mapping = parts.find((part) => part.startsWith('mapping='))?.slice('mapping='.length)
    if (mapping !== undefined) return mapped.get(mapping) ?? []
    const first = parts.find((part) => part.startsWith('host=')) ?? parts[0] ?? ''
    return first
      .replace(/^host=/, '')
      .split(';')
      .map(normalAddress)
  })
}

/** Pending changes of a VM; those of a container are in `[pve:pending]`. */
function isPending(section: string): boolean {
  return /^\[PENDING\]/i.test(section)
}

/** Name of a mapping -> its addresses on one node (on all nodes if the node's name is unknown). */
export function parsePciMappings(
  text: string,
  node: string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const mapped = new Map<string, string[]>()
  let addresses: string[] = []
  for (const line of text.split('\n')) {
    const header = /^pci:\s*(\S+)/.exec(line)
    if (header?.[1] !== undefined) mapped.set(header[1], (addresses = []))
    const map = /^\s+map\s+(.+)$/.exec(line)?.[1]
    if (map === undefined) continue
    const fields = new Map(map.split(',').map((field) => splitOnce(field.trim(), '=')))
    if (node !== undefined && fields.get('node') !== node) continue
    addresses.push(...(fields.get('path') ?? '').split(';').filter(Boolean).map(normalAddress))
  }
  return mapped
}

/** `01:00` or `0000:01:00.0` -> `0000:01:00.0`. */
export function normalAddress(address: string): string {
  const domain = /^[0-9a-f]{4,}:[0-9a-f]{2}:/i.test(address) ? address : `0000:${address}`
  return (/\.\d$/.test(domain) ? domain : `${domain}.0`).toLowerCase()
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
