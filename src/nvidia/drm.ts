/**
 * The device nodes of GPUs in /dev/dri. nvidia_drm registers them for each GPU that the driver has; their
 * numbers depend on the order in which all drivers register theirs, so a boot may change them.
 *
 * Names and numbers: `drm_minor_alloc` and `drm_minor_register` in the kernel's drivers/gpu/drm/drm_drv.c.
 */
import type { Host } from '../host/host.ts'
import { pciDevices } from './cards.ts'
import { type DeviceNode, gpusDirectory } from './proc.ts'

const drmMajor = 226

/** `card0`, which controls displays, or `renderD128`. */
export interface DrmNode extends DeviceNode {
  /** Of its card: `0000:01:00.0`. */
  readonly pci: string
}

/** The directory of a card's DRM devices in sysfs. */
export function drmDirectory(pci: string): string {
  return `${pciDevices}/${pci}/drm`
}

/** The nodes of these cards, by card; none for a card without a DRM driver. */
export async function readDrmNodes(node: Host, cards: readonly string[]): Promise<readonly DrmNode[]> {
  const names = await Promise.all(cards.map((pci) => node.list(drmDirectory(pci))))
  return cards.flatMap((pci, index) => (names[index] ?? []).toSorted().flatMap((name) => drmNode(pci, name)))
}

/** The nodes of all GPUs that the node's driver has, those of VMs included. */
export async function readNvidiaDrmNodes(node: Host): Promise<readonly DrmNode[]> {
  const names = (await node.list(gpusDirectory)) ?? []
  return readDrmNodes(
    node,
    names.map((name) => name.toLowerCase()),
  )
}

/** Other entries, such as `version` or `controlD64` of old kernels, are not for programs. */
function drmNode(pci: string, name: string): readonly DrmNode[] {
  const minor = /^(?:card|renderD)(\d{1,3})$/.exec(name)?.[1]
  return minor === undefined ? [] : [{ pci, path: `/dev/dri/${name}`, major: drmMajor, minor: Number(minor) }]
}

/** Whether the loaded nvidia_drm has its option modeset=1; undefined if it is not loaded. */
export async function readModeset(node: Host): Promise<boolean | undefined> {
  const text = await node.text('/sys/module/nvidia_drm/parameters/modeset')
  return text === undefined ? undefined : text.trim() === 'Y'
}
