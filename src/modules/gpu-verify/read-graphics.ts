/** What a container with `graphics` needs of its node. */
import type { Host } from '../../host/host.ts'
import { type DrmNode, readModeset, readNvidiaDrmNodes } from '../../nvidia/drm.ts'
import type { Gpu } from '../../nvidia/gpus.ts'

export interface GraphicsSeen {
  /** The nodes in /dev/dri that the container must have: those of its GPUs, if it must have any. */
  readonly own: readonly DrmNode[]
  /** Those of other GPUs. */
  readonly others: readonly DrmNode[]
  /** PCI addresses of its GPUs that must have such nodes, and have none. */
  readonly without: readonly string[]
  /** Whether the node's nvidia_drm has modeset=1; undefined if it is not loaded. */
  readonly modeset: boolean | undefined
}

export async function readGraphicsOf(
  wanted: boolean,
  node: Host,
  gpus: Promise<readonly Gpu[]>,
): Promise<GraphicsSeen> {
  const [nodes, modeset, assigned] = await Promise.all([readNvidiaDrmNodes(node), readModeset(node), gpus])
  const cards = assigned.map(({ pci }) => pci)
  return {
    own: wanted ? nodes.filter(({ pci }) => cards.includes(pci)) : [],
    others: nodes.filter(({ pci }) => !cards.includes(pci)),
    without: wanted ? cards.filter((card) => !nodes.some(({ pci }) => pci === card)) : [],
    modeset,
  }
}
