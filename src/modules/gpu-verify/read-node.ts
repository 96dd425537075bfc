/** Inspects a node. */
import { known } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { readSwitches } from '../../nvidia/cards.ts'
import { computes, type Computing } from '../../nvidia/cuda-probe.ts'
import { readHolders } from '../../nvidia/gpu-holders.ts'
import { type NodeGpus, readNodeGpus } from '../../nvidia/gpus.ts'
import { type HeldBack, readAllHeldBack } from '../../nvidia/held-back.ts'
import { type GpuContainer, readGpuContainers, unmanaged } from '../../nvidia/gpu-containers.ts'
import {
  type DeviceNode,
  devicesFile,
  gpuNode,
  parseCharacterMajors,
  parseDriverVersion,
  sharedNodes,
  versionFile,
} from '../../nvidia/proc.ts'
import { readSecureBoot, type SecureBoot } from '../../nvidia/secure-boot.ts'
import { readRunningGuests } from '../../nvidia/running-guests.ts'
import { type SmiResult, visibleGpus } from '../../nvidia/smi.ts'
import { readUserspace, type Userspace, userspaceVersion } from '../../nvidia/userspace.ts'
import type { Args } from './args.ts'
import { deviceProblem } from './devices.ts'
import { type KernelsSeen, readKernelModules } from './kernel-findings.ts'

export interface NodeSeen {
  readonly name: string
  readonly loaded: string | undefined
  readonly userspace: Userspace
  readonly gpus: NodeGpus
  readonly unifiedMemory: boolean
  /** Descriptions of wrong device nodes. */
  readonly wrongNodes: readonly string[]
  /** Undefined while no driver is loaded. */
  readonly smi: SmiResult | undefined
  /** Undefined while no driver is loaded, or if it was not requested. */
  readonly computing: Computing | undefined
  readonly unmanaged: readonly GpuContainer[]
  /** Number of guests that a reboot would stop; not counted if the required driver is loaded. */
  readonly runningGuests: number
  readonly heldBack: readonly HeldBack[]
  /** `off` also if the required driver is loaded. */
  readonly secureBoot: SecureBoot
  /** Programs that have cards open which are not for containers, as sentences. */
  readonly holders: readonly string[]
  readonly kernels: KernelsSeen
  /** PCI addresses of NVSwitches that nvidia-fabricmanager has to manage, while it does not run. */
  readonly idleSwitches: readonly string[]
}

export async function readNode({ version, containers, compute }: Args, host: Host): Promise<NodeSeen> {
  const [loaded, userspace, gpus, devices, guests, heldBack, switches, manager] = await Promise.all([
    readLoaded(host),
    readUserspace(host),
    readNodeGpus(host),
    host.text(devicesFile),
    readGpuContainers(host),
    readAllHeldBack(host),
    readSwitches(host),
    host.unit('nvidia-fabricmanager.service'),
  ])
  const majors = parseCharacterMajors(devices ?? '')
  const wanted: readonly DeviceNode[] =
    loaded === undefined
      ? []
      : [
          ...sharedNodes(majors),
          ...gpus.gpus.flatMap(({ minor }) => (minor === undefined ? [] : [gpuNode(minor)])),
        ]
  const [holders, kernels, smi, computing, running, secureBoot, ...present] = await Promise.all([
    readHolders(host, gpus.withheld),
    readKernelModules(host, userspaceVersion(userspace) ?? loaded),
    loaded === undefined ? undefined : host.ask(visibleGpus),
    loaded === undefined || !compute || gpus.gpus.length === 0 ? undefined : host.ask(computes),
    version === '' || loaded === version ? [] : readRunningGuests(host),
    version === '' || loaded === version ? noSecureBoot : readSecureBoot(host),
    ...wanted.map(({ path }) => host.stat(path)),
  ])
  return {
    name: host.name,
    loaded,
    userspace,
    gpus,
    unifiedMemory: majors.has('nvidia-uvm'),
    wrongNodes: wanted.flatMap((node, index) => deviceProblem(node, present[index]) ?? []),
    smi,
    computing,
    unmanaged: unmanaged(
      guests,
      containers.map(({ ctid }) => String(ctid)),
    ),
    runningGuests: running.length,
    heldBack,
    secureBoot,
    holders,
    kernels,
    idleSwitches: switches.length === 0 || known(manager.active) === 'active' ? [] : switches,
  }
}

const noSecureBoot: SecureBoot = 'off'

/** Older modules have no version in sysfs. */
export async function readLoaded(node: Host): Promise<string | undefined> {
  const [driver, text] = await Promise.all([node.kernelModule('nvidia'), node.text(versionFile)])
  return driver.loaded ? (driver.version ?? parseDriverVersion(text ?? '')) : undefined
}
