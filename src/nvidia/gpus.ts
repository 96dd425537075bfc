/** The GPUs of a node: those that it can give to its containers, and those that it cannot. */
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'
import { type PciCard, readCardNumbers, readCards, readVmOwners } from './cards.ts'
import { type GpuInformation, gpusDirectory, informationFile, parseGpuInformation } from './proc.ts'
import { shortAddress, smiReads } from './smi.ts'
import { claimOn, type Claims, readExcluded, type Withheld } from './withheld.ts'

export interface Gpu {
  /**
   * The position among all NVIDIA cards of the node, in PCI address order. Not the minor. nvidia-smi on the
   * node counts the same way while the driver has all cards; here, a card keeps its index when a VM takes
   * another one.
   */
  readonly index: number
  /** `0000:01:00.0` */
  readonly pci: string
  readonly model: string
  /** The N of /dev/nvidiaN; undefined while no driver is loaded. */
  readonly minor: number | undefined
  /** Undefined while no driver is loaded, and until the GPU has been opened once after loading. */
  readonly uuid: string | undefined
}

export interface WithheldGpu extends Gpu {
  readonly withheld: Withheld
}

export interface NodeGpus {
  /** Those for containers. */
  readonly gpus: readonly Gpu[]
  /** All others. */
  readonly withheld: readonly WithheldGpu[]
  /** Whether the driver reported them; otherwise only addresses and order are known. */
  readonly driver: boolean
}

/** Reads them from /proc and sysfs. Opens no device and loads no module. */
export async function readNodeGpus(node: Host): Promise<NodeGpus> {
  const [cards, claims, names] = await Promise.all([
    readCards(node),
    readClaims(node),
    node.list(gpusDirectory),
  ])
  const texts = await Promise.all((names ?? []).map((pci) => node.text(informationFile(pci))))
  const driven = (names ?? []).map((name, index) => parseGpuInformation(name, texts[index] ?? ''))
  return { ...numbered(cards, claims, driven), driver: names !== undefined }
}

/** The same without what depends on a driver: for a dry run that predicts one, or the reboot before it. */
export async function readUndrivenGpus(node: Host): Promise<NodeGpus> {
  const [cards, claims] = await Promise.all([readCardNumbers(node), readClaims(node)])
  const unbound = cards.map((card) => ({ ...card, driver: undefined }))
  return { ...numbered(unbound, claims, []), driver: false }
}

async function readClaims(node: Host): Promise<Claims> {
  const [owners, excluded] = await Promise.all([readVmOwners(node), readExcluded(node)])
  return { owners, excluded }
}

function numbered(
  cards: readonly Pick<PciCard, 'pci' | 'driver'>[],
  claims: Claims,
  reports: readonly GpuInformation[],
): Pick<NodeGpus, 'gpus' | 'withheld'> {
  const driven = new Map(reports.map((read) => [read.pci, read]))
  const drivers = new Map(cards.map(({ pci, driver }) => [pci, driver]))
  const addresses = [...new Set([...drivers.keys(), ...driven.keys()])].toSorted()
  const all = addresses.map((pci, index) => {
    const read = driven.get(pci)
    const without = driven.size > 0 && read === undefined ? ({ kind: 'undriven' } as const) : undefined
    const ignored = read?.excluded === true ? ({ kind: 'ignored' } as const) : undefined
    return {
      index,
      pci,
      model: read?.model ?? '',
      minor: read?.minor,
      uuid: read?.uuid,
      withheld: claimOn({ pci, driver: drivers.get(pci) }, claims) ?? ignored ?? without,
    }
  })
  return {
    gpus: all.flatMap(({ withheld, ...gpu }) => (withheld === undefined ? [gpu] : [])),
    withheld: all.flatMap(({ withheld, ...gpu }) => (withheld === undefined ? [] : [{ ...gpu, withheld }])),
  }
}

/** The minors of all GPUs that the node's driver has, those of VMs included; empty without a driver. */
export async function readMinors(node: Host): Promise<readonly number[]> {
  const names = (await node.list(gpusDirectory)) ?? []
  const texts = await Promise.all(names.map((pci) => node.text(informationFile(pci))))
  return names.flatMap((pci, index) => parseGpuInformation(pci, texts[index] ?? '').minor ?? [])
}

/** UUIDs by PCI address. */
export const gpuUuids = question({
  words: ['nvidia-smi', '--query-gpu=pci.bus_id,uuid', '--format=csv,noheader'],
  reads: smiReads,
  parse: ({ stdout }): ReadonlyMap<string, string> =>
    new Map(
      stdout.split('\n').flatMap((line) => {
        const found = /^([0-9A-F]{4,8}:[0-9A-F]{2}:[0-9A-F]{2}\.\d), (GPU-\S+)$/i.exec(line.trim())
        return found?.[1] === undefined || found[2] === undefined ? [] : [[shortAddress(found[1]), found[2]]]
      }),
    ),
})

/** Adds UUIDs that /proc does not show yet: nvidia-smi opens the GPUs, and then /proc shows them. */
export async function withUuids(node: Host, read: NodeGpus): Promise<NodeGpus> {
  if (!read.driver || read.gpus.every(({ uuid }) => uuid !== undefined)) return read
  const uuids = await node.ask(gpuUuids)
  const filled = <Card extends Gpu>(gpu: Card): Card => ({ ...gpu, uuid: gpu.uuid ?? uuids.get(gpu.pci) })
  return { ...read, gpus: read.gpus.map(filled), withheld: read.withheld.map(filled) }
}

/** One GPU for messages: `0 (0000:01:00.0, GPU-..., NVIDIA GeForce RTX 3060)`. */
export function describeGpu({ index, pci, uuid, model }: Gpu): string {
  return `${index} (${[pci, uuid, model].filter(Boolean).join(', ')})`
}
