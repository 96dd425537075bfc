/**
 * The CDI specification that `nvidia-ctk cdi generate` writes: device nodes and libraries that a container
 * runtime passes to a container with a GPU. It names the driver's version and the numbers of the device nodes,
 * so it must be generated again after each change of them.
 *
 * The toolkit's own service does this after changes of a kernel's modules, which an LXC container does not
 * have (`ExecCondition` of nvidia-cdi-refresh.service), and writes to /run. Docker reads both directories;
 * /run comes first (container-device-interface, SPEC.md).
 */
import { atLeast } from '../base/version.ts'
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'
import { readUserspace } from './userspace.ts'

export const cdiDirectory = '/etc/cdi'
export const cdiFile = `${cdiDirectory}/nvidia.yaml`

/** The package with nvidia-ctk, and its first version with CDI as the default. */
const toolkitPackage = 'nvidia-container-toolkit-base'
const firstCdi = '1.18'

interface CdiSpec {
  /** Versions in the names of the driver's libraries, each once. */
  readonly drivers: readonly string[]
  /** Paths of the GPUs' device nodes, `/dev/nvidia0`, sorted. */
  readonly nodes: readonly string[]
}

/** The versions and nodes in a specification; YAML with one path on each line. */
export function parseCdiSpec(text: string): CdiSpec {
  const drivers = [...text.matchAll(/\/libcuda\.so\.(\d+(?:\.\d+)+)\s*$/gm)].map(
    ([, version = '']) => version,
  )
  const nodes = [...text.matchAll(/^\s*(?:- )?path: (\/dev\/nvidia\d+)\s*$/gm)].map(([, path = '']) => path)
  return { drivers: [...new Set(drivers)], nodes: [...new Set(nodes)].sort() }
}

export interface CdiState {
  /** Version of the toolkit's package; undefined if it is not installed. */
  readonly toolkit: string | undefined
  /** Version of the user-space driver; undefined if there is none. */
  readonly driver: string | undefined
  /** The GPUs' device nodes, sorted. */
  readonly nodes: readonly string[]
  /** The specification; undefined if it does not exist. */
  readonly spec: CdiSpec | undefined
}

/** @throws UnknownError if a dry run changes the driver or the devices first. */
export async function readCdi(host: Host): Promise<CdiState> {
  const [toolkit, userspace, names, text] = await Promise.all([
    host.package(toolkitPackage),
    readUserspace(host),
    host.list('/dev'),
    host.text(cdiFile),
  ])
  return {
    toolkit: toolkit.installed,
    driver: userspace.cuda,
    nodes: (names ?? [])
      .filter((name) => /^nvidia\d+$/.test(name))
      .map((name) => `/dev/${name}`)
      .sort(),
    spec: text === undefined ? undefined : parseCdiSpec(text),
  }
}

/** Whether the toolkit passes GPUs by a specification; older ones only by their hook. */
export function usesCdi({ toolkit }: CdiState): boolean {
  return toolkit !== undefined && atLeast(toolkit, firstCdi)
}

/** Why the specification does not describe this driver and these devices; undefined if it does. */
export function staleCdi({ driver, nodes, spec }: CdiState): string | undefined {
  if (spec === undefined) return 'there is none'
  if (spec.drivers.some((version) => version !== driver) || spec.drivers.length === 0)
    return `it names driver ${spec.drivers.join(', ') || 'libraries of no version'}, and ${driver ?? 'none'} is installed`
  if (spec.nodes.join(' ') !== nodes.join(' '))
    return `it names ${spec.nodes.join(', ') || 'no GPU'}, and the container has ${nodes.join(', ') || 'none'}`
  return undefined
}

/** The devices that a container runtime knows, such as `nvidia.com/gpu=all`. */
export const cdiDevices = question({
  words: ['nvidia-ctk', 'cdi', 'list'],
  reads: [`file:${cdiDirectory}/*`, 'file:/run/cdi/*', 'file:/var/run/cdi/*'],
  parse: ({ stdout }) =>
    stdout.split('\n').flatMap((line) => /^\s*(nvidia\.com\/gpu=\S+)\s*$/.exec(line)?.[1] ?? []),
})
