/** The GPUs that a node can give to its containers, in the order in which nvidia-smi counts them. */
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'
import { readCards, readVmOwners } from './cards.ts'
import { gpusDirectory, informationFile, parseGpuInformation } from './proc.ts'
import { shortAddress, smiReads } from './smi.ts'

export interface Gpu {
  /** nvidia-smi's index: the position in PCI address order, without cards of VMs. Not the minor. */
  readonly index: number
  /** `0000:01:00.0` */
  readonly pci: string
  readonly model: string
  /** The N of /dev/nvidiaN; undefined while no driver is loaded. */
  readonly minor: number | undefined
  /** Undefined while no driver is loaded, and until the GPU has been opened once after loading. */
  readonly uuid: string | undefined
}

export interface NodeGpus {
  readonly gpus: readonly Gpu[]
  /** Whether the driver reported them; otherwise only addresses and order are known. */
  readonly driver: boolean
  /** Address -> id of the VM that owns the card. */
  readonly owned: ReadonlyMap<string, string>
}

/** Reads them from /proc and sysfs. Opens no device and loads no module. */
export async function readNodeGpus(node: Host): Promise<NodeGpus> {
  const [cards, owned, names] = await Promise.all([
    readCards(node),
    readVmOwners(node),
    node.list(gpusDirectory),
  ])
  if (names === undefined || names.length === 0) {
    const free = cards.filter(({ pci, driver }) => !owned.has(pci) && driver !== 'vfio-pci')
    const gpus = free.map(({ pci }) => ({ pci, model: '', minor: undefined, uuid: undefined }))
    return { gpus: numbered(gpus), driver: names !== undefined, owned }
  }
  const texts = await Promise.all(names.map((pci) => node.text(informationFile(pci))))
  const known = names
    .map((pci, index) => parseGpuInformation(pci, texts[index] ?? ''))
    .filter(({ pci, excluded }) => !excluded && !owned.has(pci))
  return { gpus: numbered(known), driver: true, owned }
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
  return { ...read, gpus: read.gpus.map((gpu) => ({ ...gpu, uuid: gpu.uuid ?? uuids.get(gpu.pci) })) }
}

/** One GPU for messages: `0 (0000:01:00.0, GPU-..., NVIDIA GeForce RTX 3060)`. */
export function describeGpu({ index, pci, uuid, model }: Gpu): string {
  return `${index} (${[pci, uuid, model].filter(Boolean).join(', ')})`
}

function numbered(gpus: readonly Omit<Gpu, 'index'>[]): readonly Gpu[] {
  return gpus
    .toSorted((a, b) => (a.pci < b.pci ? -1 : 1))
    .map(({ pci, model, minor, uuid }, index) => ({ index, pci, model, minor, uuid }))
}
