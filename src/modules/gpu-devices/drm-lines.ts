/** The device nodes in /dev/dri of the GPUs of a container, and those of other GPUs. */
import type { Host } from '../../host/host.ts'
import { knownOr } from '../../base/unknown.ts'
import { type DrmNode, readNvidiaDrmNodes } from '../../nvidia/drm.ts'
import type { ConfigEntry } from '../../proxmox/container-config.ts'

export interface Graphics {
  /** Those that the container gets. */
  readonly passed: readonly DrmNode[]
  /** Those of other GPUs of the node. */
  readonly others: readonly DrmNode[]
}

interface Wanted {
  readonly graphics: boolean
  /** PCI addresses of the container's GPUs. */
  readonly cards: readonly string[]
}

/**
 * Reads them from sysfs. A dry run may not know them: then there are none, unless the container needs them.
 * @throws UnknownError
 */
export async function readGraphics({ graphics, cards }: Wanted, node: Host): Promise<Graphics> {
  const read = readNvidiaDrmNodes(node)
  const nodes = graphics && cards.length > 0 ? await read : knownOr(await node.maybe(read), [])
  return {
    passed: graphics ? nodes.filter(({ pci }) => cards.includes(pci)) : [],
    others: nodes.filter(({ pci }) => !cards.includes(pci)),
  }
}

/** What the node lacks so that the container can show pictures; undefined if nothing. */
export function graphicsProblem(
  node: string,
  { graphics, cards }: Wanted,
  { passed }: Graphics,
): { readonly code: string; readonly message: string; readonly hint: string } | undefined {
  const without = graphics ? cards.filter((card) => !passed.some(({ pci }) => pci === card)) : []
  if (without.length === 0) return undefined
  return {
    code: 'no-graphics-on-node',
    message: `${node} has no device nodes in /dev/dri for ${without.join(', ')}: its driver has not loaded nvidia_drm for them`,
    hint: `set nvidia_host_graphics: true for ${node} and run nodes.yml, or remove graphics from lxc_userspace_driver_capabilities`,
  }
}

/**
 * Patterns of the configuration lines about these nodes. Lines about others in /dev/dri are not gpuplay's:
 * they belong to cards of other vendors.
 */
export function drmLines({ passed, others }: Graphics): readonly string[] {
  return [...passed, ...others].flatMap(({ path, major, minor }) => [
    `^dev\\d+: ${path}(,|$)`,
    `^lxc\\.mount\\.entry: ${path}\\s`,
    `^lxc\\.cgroup2?\\.devices\\.allow: c ${major}:${minor}\\s`,
  ])
}

/** Whether a device rule is about one of these nodes alone. */
export function isDrmRule({ value }: ConfigEntry, { passed, others }: Graphics): boolean {
  return [...passed, ...others].some(({ major, minor }) => value.startsWith(`c ${major}:${minor} `))
}
