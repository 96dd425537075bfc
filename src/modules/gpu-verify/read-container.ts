/** Inspects a container from its node and, if it runs, from inside. */
import type { Host } from '../../host/host.ts'
import { parseAssignment, resolveAssignment } from '../../nvidia/assignment.ts'
import { readAssignmentNote } from '../../nvidia/assignment-note.ts'
import { compilerRelease, toolkitPrograms, versionedPackage } from '../../nvidia/cuda.ts'
import { computes, type Computing } from '../../nvidia/cuda-probe.ts'
import { opensCreated } from '../../nvidia/device-probe.ts'
import { type Gpu, readMinors, readNodeGpus } from '../../nvidia/gpus.ts'
import {
  type DeviceNode,
  devicesFile,
  gpuNode,
  modesetNode,
  opening,
  parseCharacterMajors,
  sharedNodes,
} from '../../nvidia/proc.ts'
import { readUnusedMajors } from '../../nvidia/isolation.ts'
import { type SmiResult, visibleGpus } from '../../nvidia/smi.ts'
import { readNotedUserspace } from '../../nvidia/userspace-notes.ts'
import { readUserspace, type Userspace } from '../../nvidia/userspace.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { isUnprivileged } from '../../proxmox/device-entries.ts'
import { findGuest, type GuestPlace } from '../../proxmox/find-guest.ts'
import type { Args } from './args.ts'
import { deviceProblem } from './devices.ts'
import { type GraphicsSeen, readGraphicsOf } from './read-graphics.ts'
import { readLoaded } from './read-node.ts'
import { readRuntime, type RuntimeSeen } from './read-runtime.ts'

export interface ContainerSeen {
  readonly name: string
  readonly ctid: string
  readonly node: string
  readonly loaded: string | undefined
  /** Undefined if the node has no such container. */
  readonly config: string | undefined
  /** Where else the cluster has it; read only if the node does not. */
  readonly elsewhere: GuestPlace | undefined
  readonly running: boolean
  /** Sentences about device rules for majors that no driver has. */
  readonly unusedMajors: readonly string[]
  /** Undefined if no GPUs are assigned; then GPUs are not checked. */
  readonly assigned: Assigned | undefined
  /** Of a stopped container: the version of its user-space driver that its node has noted. */
  readonly noted: string | undefined
  readonly userspace: Userspace | undefined
  readonly smi: SmiResult | undefined
  readonly smiAsUser: SmiResult | undefined
  /** Undefined if it was not requested, or without GPUs. */
  readonly computing: Computing | undefined
  readonly computingAsUser: Computing | undefined
  readonly wrongDevices: readonly string[]
  readonly graphics: GraphicsSeen
  /** Paths of assigned devices that the container's device rules close. */
  readonly closed: readonly string[]
  /** Own render nodes whose mode and owner forbid root of the container to open them. */
  readonly forbidden: readonly string[]
  /** GPU device nodes that can be opened, but are not assigned. */
  readonly open: readonly string[]
  /** Devices of other GPUs for which root of a privileged container can create a node and open it. */
  readonly created: readonly DeviceNode[]
  /** The release that nvcc reports; undefined if it does not run. */
  readonly nvcc: string | undefined
  /** Whether the toolkit's compiler is installed; a toolkit of libraries alone has none. */
  readonly compiler: boolean
  /** Packages of the toolkit that are not installed. */
  readonly missingPackages: readonly string[]
  /** Undefined if no container runtime is required. */
  readonly runtime: RuntimeSeen | undefined
}

export type Assigned =
  | { readonly kind: 'problem'; readonly message: string; readonly hint: string }
  | { readonly kind: 'gpus'; readonly gpus: readonly Gpu[] }

export async function readContainer(given: Args, host: Host): Promise<ContainerSeen> {
  const { node, placement } = host
  const ctid = placement.ctid ?? ''
  const assignment = readAssigned(given, node, ctid)
  const [container, loaded, assigned, devices, nodeMinors, graphics] = await Promise.all([
    node.container(ctid),
    readLoaded(node),
    assignment,
    node.text(devicesFile),
    readMinors(node),
    readGraphicsOf(given.graphics, node, assignment.then(gpusOf)),
  ])
  const config = parseContainerConfig(container?.config ?? '')
  const privileged = container !== undefined && !isUnprivileged(config)
  const running = container?.status === 'running'
  const gpus = gpusOf(assigned)
  const seen = {
    name: host.name,
    ctid,
    node: node.name,
    loaded,
    config: container?.config,
    elsewhere: container === undefined ? await findGuest(node, ctid) : undefined,
    running,
    assigned,
    graphics,
    unusedMajors: await readUnusedMajors(node, ctid, config),
  }
  if (!running) {
    const notes = await readNotedUserspace(node, [ctid])
    return { ...seen, ...nothingInside, noted: notes.get(ctid) }
  }
  return {
    ...seen,
    noted: undefined,
    ...(await readInside(given, host, {
      gpus,
      devices: devices ?? '',
      nodeMinors,
      privileged,
      graphics,
    })),
  }
}

type Inside = Omit<
  ContainerSeen,
  | 'name'
  | 'ctid'
  | 'node'
  | 'loaded'
  | 'config'
  | 'elsewhere'
  | 'running'
  | 'assigned'
  | 'noted'
  | 'graphics'
  | 'unusedMajors'
>

const nothingInside: Inside = {
  userspace: undefined,
  smi: undefined,
  smiAsUser: undefined,
  computing: undefined,
  computingAsUser: undefined,
  wrongDevices: [],
  closed: [],
  forbidden: [],
  open: [],
  created: [],
  nvcc: undefined,
  compiler: false,
  missingPackages: [],
  runtime: undefined,
}

async function readAssigned({ assignment }: Args, node: Host, ctid: string): Promise<Assigned | undefined> {
  if (assignment === '') return undefined
  const parsed = parseAssignment(assignment)
  if ('problem' in parsed) return { kind: 'problem', ...parsed.problem }
  if (parsed.assignment.kind === 'none') return { kind: 'gpus', gpus: [] }
  const [gpus, note] = await Promise.all([readNodeGpus(node), readAssignmentNote(node, ctid)])
  const options = { nodeName: node.name, ctid, note, moved: 'refuse' } as const
  const resolved = resolveAssignment(parsed.assignment, gpus, options)
  return 'problem' in resolved
    ? { kind: 'problem', ...resolved.problem }
    : { kind: 'gpus', gpus: resolved.gpus }
}

function gpusOf(assigned: Assigned | undefined): readonly Gpu[] {
  return assigned?.kind === 'gpus' ? assigned.gpus : []
}

interface Around {
  /** Assigned to the container. */
  readonly gpus: readonly Gpu[]
  /** The node's /proc/devices. */
  readonly devices: string
  /** Of all GPUs that the node's driver has. */
  readonly nodeMinors: readonly number[]
  readonly privileged: boolean
  readonly graphics: GraphicsSeen
}

async function readInside(
  given: Args,
  host: Host,
  { gpus, devices, nodeMinors, privileged, graphics }: Around,
): Promise<Inside> {
  const minors = gpus.flatMap(({ minor }) => minor ?? [])
  const otherMinors = nodeMinors.filter((minor) => !minors.includes(minor))
  const foreign = [...otherMinors.map(gpuNode), ...graphics.others]
  const isolated = given.isolation && given.assignment !== ''
  const tries = isolated && privileged && foreign.length > 0
  const shared = sharedNodes(parseCharacterMajors(devices)).filter(
    ({ path }) => path !== '/dev/nvidia-uvm-tools',
  )
  const displays = graphics.own.length === 0 ? [] : [modesetNode, ...graphics.own]
  const wanted = minors.length === 0 ? [] : [...shared, ...minors.map(gpuNode), ...displays]
  const asUser = given.user === '' ? undefined : { user: given.user }
  const [userspace, created, smi, smiAsUser, computing, computingAsUser, toolkit, runtime, ...present] =
    await Promise.all([
      readUserspace(host),
      tries ? host.ask(opensCreated({ devices: foreign.map(numbersOf) })) : noDevices,
      gpus.length === 0 ? undefined : host.ask(visibleGpus),
      gpus.length === 0 || asUser === undefined ? undefined : host.ask(visibleGpus, asUser),
      gpus.length === 0 || !given.compute ? undefined : host.ask(computes),
      gpus.length === 0 || !given.compute || asUser === undefined ? undefined : host.ask(computes, asUser),
      readToolkit(given, host),
      readRuntime(given, host, gpus.length > 0),
      ...wanted.map(({ path }) => host.stat(path)),
    ])
  // Opening a card node would make the container master of the display; the render nodes suffice.
  const right = wanted.flatMap((wish, index) =>
    deviceProblem(wish, present[index]) === undefined && !wish.path.startsWith('/dev/dri/card')
      ? [wish.path]
      : [],
  )
  const [foreignOnes, ...opened] = await Promise.all([
    isolated ? openOnes(host, foreign) : noDevices,
    ...right.map((path) => host.ask(opening({ path }))),
  ])
  return {
    userspace,
    smi,
    smiAsUser,
    computing,
    computingAsUser,
    wrongDevices: wanted.flatMap((node, index) => deviceProblem(node, present[index]) ?? []),
    closed: right.filter((_, index) => opened[index] === 'denied'),
    forbidden: right.filter((path, index) => path.startsWith('/dev/dri/') && opened[index] === 'forbidden'),
    open: foreignOnes,
    created: foreign.filter((device) => created.includes(numbersOf(device))),
    runtime,
    ...toolkit,
  }
}

async function readToolkit(
  { cuda, cuda_packages: packages }: Args,
  host: Host,
): Promise<Pick<Inside, 'nvcc' | 'compiler' | 'missingPackages'>> {
  if (cuda === '') return { nvcc: undefined, compiler: false, missingPackages: [] }
  const names = packages.map((name) => versionedPackage(name, cuda))
  const [nvcc, compiler, ...statuses] = await Promise.all([
    host.ask(compilerRelease({ directory: toolkitPrograms(cuda) })),
    host.package(versionedPackage('cuda-nvcc', cuda)),
    ...names.map((name) => host.package(name)),
  ])
  return {
    nvcc,
    compiler: compiler.installed !== undefined,
    missingPackages: names.filter((_, index) => statuses[index]?.installed === undefined),
  }
}

const noDevices: readonly string[] = []

function numbersOf({ major, minor }: DeviceNode): string {
  return `${major}:${minor}`
}

/**
 * The device rules of the container's cgroup apply at open(2), so the device is opened; nothing is read. A device
 * that these rules allow counts even if its driver fails now.
 */
async function openOnes(host: Host, nodes: readonly DeviceNode[]): Promise<readonly string[]> {
  const [statuses, answers] = await Promise.all([
    Promise.all(nodes.map(({ path }) => host.stat(path))),
    Promise.all(nodes.map(({ path }) => host.ask(opening({ path })))),
  ])
  const allowed = ['opens', 'failed']
  return nodes
    .filter((_, index) => statuses[index]?.kind === 'character' && allowed.includes(answers[index] ?? ''))
    .map(({ path }) => path)
}
