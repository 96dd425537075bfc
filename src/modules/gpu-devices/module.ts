/**
 * Lists the device nodes that a container needs for its assigned GPUs. Reads the node and changes nothing.
 *
 * Every run reads the numbers again: a minor is not an index and changes when cards are added, and the major
 * of nvidia-uvm differs from boot to boot.
 */
import { defined } from '../../base/defined.ts'
import { isUnknown, knownOr, type Unknown, UnknownError } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { pveVersion } from '../../host/questions/proxmox.ts'
import { done, type Plan, type Refusal, refuse, settle } from '../../host/plan.ts'
import { lostFromAll, parseAssignment, resolveAssignment, withoutUuids } from '../../nvidia/assignment.ts'
import { assignmentNote, readAssignmentNote } from '../../nvidia/assignment-note.ts'
import { openToAll, readUnusedMajors, rulesForOtherGpus } from '../../nvidia/isolation.ts'
import { type Gpu, readNodeGpus, readUndrivenGpus, withUuids } from '../../nvidia/gpus.ts'
import {
  type DeviceNode,
  devicesFile,
  gpuNode,
  modesetNode,
  nvidiaMajor,
  parseCharacterMajors,
  sharedNodes,
} from '../../nvidia/proc.ts'
import { readUnsupported } from '../../nvidia/supported-system.ts'
import { atLeast } from '../../base/version.ts'
import { type ConfigEntry, parseContainerConfig } from '../../proxmox/container-config.ts'
import { readCluster, wrongCluster } from '../../proxmox/cluster.ts'
import { findGuest, type GuestPlace, missingContainer } from '../../proxmox/find-guest.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { drmLines, type Graphics, graphicsProblem, isDrmRule, readGraphics } from './drm-lines.ts'
import { readHaMove } from './ha-moves.ts'
import { noDriver, noMinor } from './gpu-problems.ts'
import { gpuUsers, type GpuUser } from './gpu-users.ts'
import { assignedTwice, keptByOther, releases, type Rival, rivalsOf } from './rivals.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** The container's name in the inventory. */
  readonly name: string
  /** The container's configuration; undefined if the node has no such container. */
  readonly config: string | undefined
  /** Where else the cluster has it; read only if the node does not. */
  readonly elsewhere: GuestPlace | undefined
  readonly wrongCluster: Refusal | undefined
  /** Set if the roles do not support its distribution. */
  readonly unsupported: Refusal | undefined
  /** Sentences: HA may take the container away from its GPUs; device rules for majors that no driver has. */
  readonly warnings: readonly string[]
  readonly style: 'devn' | 'lxc'
  readonly newEnough: boolean
  readonly resolution: Resolution
  /** Other containers of the node that have one of the GPUs; read only with `exclusive`. */
  readonly users: readonly GpuUser[]
}

export type Resolution =
  | { readonly kind: 'problem'; readonly code: string; readonly message: string; readonly hint: string }
  /** Only in a dry run: the GPUs are there, but their device nodes come with the driver. */
  | { readonly kind: 'predicted'; readonly why: Unknown; readonly rivals: readonly Rival[] }
  | {
      readonly kind: 'found'
      readonly gpus: readonly AssignedGpu[]
      readonly devices: readonly DeviceNode[]
      /** NVIDIA's dynamic majors in this boot. */
      readonly majors: readonly number[]
      readonly graphics: Graphics
      /** The indexes that the assignment names. */
      readonly byIndex?: readonly number[]
      /** GPUs that the container loses, as sentences. */
      readonly lost?: readonly string[]
      /** Containers that the run gives one of the GPUs, too, although one of both wants it exclusively. */
      readonly rivals?: readonly Rival[]
    }

export type AssignedGpu = Gpu & { readonly minor: number }

const noGraphics: Graphics = { passed: [], others: [] }

/** First version of pve-container with `devN`, Proxmox VE 8.1. */
const devnSince = { container: '5.0.7', manager: '8.1' }

export const gpuDevices = {
  name: 'gpu_devices',
  summary: 'Lists the device nodes that a container needs for its assigned GPUs.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report: (_, { style, resolution }) => {
    const found =
      resolution.kind === 'found'
        ? resolution
        : { gpus: [], devices: [], majors: [], byIndex: [], graphics: noGraphics }
    return {
      style,
      gpus: found.gpus.map(({ index, pci, minor, uuid, model }) => ({
        index,
        pci,
        minor,
        uuid: uuid ?? null,
        model,
      })),
      devices: found.devices.map(({ path, major, minor }) => ({ path, target: path.slice(1), major, minor })),
      owned: [
        ...found.majors.map((major) => `^lxc\\.cgroup2?\\.devices\\.allow: c ${major}:`),
        ...drmLines(found.graphics),
      ],
      record: assignmentNote(found.gpus, found.byIndex ?? [], found.graphics.passed),
    }
  },
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const ctid = host.placement.ctid ?? ''
  const node = host.node
  // In a dry run on a node without a driver, many reads are unknown; the read of the GPUs gives the reason.
  const [container, devn, read, cluster, haMove] = await Promise.all([
    node.container(ctid),
    node.maybe(knowsDevn(node)),
    readResolution(given, host),
    readCluster(node),
    readHaMove(node, ctid),
  ])
  const newEnough = knownOr(devn, true)
  const resolution =
    isUnknown(devn) && read.kind === 'found'
      ? ({ kind: 'predicted', why: devn, rivals: read.rivals ?? [] } as const)
      : read
  const style = given.style === 'auto' ? (newEnough ? 'devn' : 'lxc') : given.style
  const minors = resolution.kind === 'found' ? resolution.gpus.map(({ minor }) => minor) : []
  const assigns = minors.length > 0 || resolution.kind === 'predicted'
  const users = given.exclusive && minors.length > 0 ? await gpuUsers(node, ctid, minors) : []
  return {
    node: node.name,
    ctid,
    config: container?.config,
    elsewhere: container === undefined ? await findGuest(node, ctid) : undefined,
    name: host.name,
    wrongCluster: wrongCluster(node, cluster),
    unsupported: container && (await readUnsupported(ctid, container, { host, allowed: given.ostypes })),
    warnings: [
      ...(assigns && haMove !== undefined ? [haMove] : []),
      ...(container ? await readUnusedMajors(node, ctid, parseContainerConfig(container.config)) : []),
    ],
    style,
    newEnough,
    resolution,
    users,
  }
}

async function knowsDevn(node: Host): Promise<boolean> {
  const { installed } = await node.package('pve-container')
  if (installed !== undefined) return atLeast(installed, devnSince.container)
  return atLeast((await node.ask(pveVersion)) ?? '0', devnSince.manager)
}

async function readResolution(given: Args, host: Host): Promise<Resolution> {
  const parsed = parseAssignment(given.assignment)
  if ('problem' in parsed) return { kind: 'problem', ...parsed.problem }
  const { assignment } = parsed
  const node = host.node
  if (assignment.kind === 'none') {
    // The majors of this boot only help to recognize old lines; a dry run works without them.
    const [read, graphics] = await Promise.all([
      node.maybe(node.text(devicesFile)),
      readGraphics({ graphics: false, cards: [] }, node),
    ])
    return { kind: 'found', gpus: [], devices: [], majors: dynamicMajors(knownOr(read, '')), graphics }
  }
  const ctid = host.placement.ctid ?? ''
  const [read, note] = await Promise.all([node.maybe(readNodeGpus(node)), readAssignmentNote(node, ctid)])
  const options = { nodeName: node.name, ctid, note, moved: given.moved ?? 'refuse' } as const
  if (isUnknown(read)) {
    const cards = await readUndrivenGpus(node)
    const early = resolveAssignment(withoutUuids(assignment), cards, options)
    if ('problem' in early) return { kind: 'problem', ...early.problem }
    return { kind: 'predicted', why: read, rivals: rivalsOf(given, early.gpus, cards) }
  }
  const byUuid = assignment.kind === 'gpus' && assignment.selectors.some(({ kind }) => kind === 'uuid')
  const gpus = byUuid && read.driver ? await withUuids(node, read) : read
  if (byUuid && !read.driver) return noDriver(node.name)
  const resolved = resolveAssignment(assignment, gpus, options)
  if ('problem' in resolved) return { kind: 'problem', ...resolved.problem }
  if (!read.driver) return noDriver(node.name)
  const assigned = resolved.gpus.flatMap((gpu) =>
    gpu.minor === undefined ? [] : [{ ...gpu, minor: gpu.minor }],
  )
  if (assigned.length < resolved.gpus.length) return noMinor(node.name)
  const found = await readDevices(given, node, assigned)
  if (found.kind !== 'found') return found
  const selectors = assignment.kind === 'gpus' ? assignment.selectors : []
  const byIndex = selectors.flatMap((selector) => (selector.kind === 'index' ? [selector.index] : []))
  const rivals = rivalsOf(given, resolved.gpus, gpus)
  return { ...found, byIndex, lost: lostFromAll(assignment, gpus, options), rivals }
}

async function readDevices(
  { uvm_tools: tools, graphics: displays }: Args,
  node: Host,
  gpus: readonly AssignedGpu[],
): Promise<Resolution> {
  const wanted = { graphics: displays, cards: gpus.map(({ pci }) => pci) }
  const [read, graphics] = await Promise.all([node.text(devicesFile), readGraphics(wanted, node)])
  const text = read ?? ''
  const majors = parseCharacterMajors(text)
  if (!majors.has('nvidia-uvm'))
    return {
      kind: 'problem',
      code: 'no-unified-memory',
      message: `${node.name} has not loaded the kernel module nvidia_uvm, which CUDA needs`,
      hint: `run nodes.yml for ${node.name}`,
    }
  const problem = graphicsProblem(node.name, wanted, graphics)
  if (problem) return { kind: 'problem', ...problem }
  const devices: readonly DeviceNode[] = [
    ...sharedNodes(majors).filter(({ path }) => tools || path !== '/dev/nvidia-uvm-tools'),
    ...gpus.map(({ minor }) => gpuNode(minor)),
    ...(displays ? [modesetNode, ...graphics.passed] : []),
  ]
  const present = await Promise.all(devices.map(({ path }) => node.stat(path)))
  const wrong = devices.filter(({ major, minor }, index) => {
    const status = present[index]
    return status?.kind !== 'character' || status.major !== major || status.minor !== minor
  })
  if (wrong.length > 0)
    return {
      kind: 'problem',
      code: 'device-nodes-missing',
      message: `${node.name} lacks ${wrong.map((device) => `${device.path} (${device.major}:${device.minor})`).join(', ')}`,
      hint: `run nodes.yml for ${node.name}${displays ? ' with nvidia_host_graphics: true' : ''}; it creates the device nodes, now and at every boot`,
    }
  return { kind: 'found', gpus, devices, majors: dynamicMajors(text), graphics }
}

function dynamicMajors(devices: string | undefined): readonly number[] {
  const majors = parseCharacterMajors(devices ?? '')
  return [...new Set(['nvidia-uvm', 'nvidia-caps'].flatMap((name) => majors.get(name) ?? []))]
}

function plan({ wait, others, exclusive }: Args, seen: Seen): Plan {
  const { node, ctid, config, elsewhere, style, newEnough, resolution, users } = seen
  if (seen.wrongCluster) return refuse(seen.wrongCluster)
  if (config === undefined) return refuse(missingContainer(node, ctid, elsewhere))
  const takes = resolution.kind === 'found' && resolution.gpus.length === 0
  if (seen.unsupported && !takes) return refuse(seen.unsupported)
  if (resolution.kind === 'problem') {
    const { code, message, hint } = resolution
    return refuse({
      code,
      message,
      hint,
      ...defined({ exitCode: inputProblems.has(code) ? 2 : undefined }),
    })
  }
  const [rival] = resolution.rivals ?? []
  if (rival) return refuse(assignedTwice(rival, seen, exclusive))
  if (style === 'devn' && !newEnough)
    return refuse({
      code: 'no-devn',
      message: `Proxmox VE on ${node} does not support devN entries: they need 8.1`,
      hint: 'set lxc_passthrough_style to auto or lxc',
      exitCode: 2,
    })
  if (resolution.kind === 'predicted') throw new UnknownError(resolution.why)
  const ownMajors = new Set([nvidiaMajor, ...resolution.majors])
  const { graphics } = resolution
  const isOwn = (entry: ConfigEntry): boolean =>
    /^lxc\.cgroup2?\.devices\.allow$/.test(entry.key) &&
    (ownMajors.has(Number(/^c (\d+):/.exec(entry.value)?.[1])) || isDrmRule(entry, graphics))
  const minors = resolution.gpus.map(({ minor }) => minor)
  const wide = rulesForOtherGpus(parseContainerConfig(config), { minors, others: graphics.others }, isOwn)
  if (wide.length > 0) return refuse(openToAll(ctid, wide))
  const [user] = users
  if (user) {
    const why = `container ${user.ctid} ${user.why} /dev/nvidia${user.minor}, and lxc_passthrough_exclusive prevents container ${ctid} from sharing it`
    return releases(others, user) ? settle(why, wait) : refuse(keptByOther(why))
  }
  return done([...(resolution.lost ?? []), ...seen.warnings])
}

const inputProblems = new Set([
  'no-such-gpu',
  'ambiguous-gpu',
  'mig-not-yet',
  'bad-gpu-assignment',
  'gpu-owned-by-vm',
  'gpu-excluded',
])
