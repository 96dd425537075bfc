/**
 * Inspects a node before any change: its cards, their owners, the loaded driver. Refuses a run that cannot
 * succeed (no card, a driver that does not support the cards or the kernels, Secure Boot without a key,
 * guests outside the run).
 */
import type { Host } from '../../host/host.ts'
import { done, type Finding, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { readOsRelease } from '../../host/questions/os-release.ts'
import { type PciCard, readCards, readVmOwners } from '../../nvidia/cards.ts'
import { chooseModuleType, commonBranches, misfits } from '../../nvidia/generations.ts'
import { driverPackagePatterns } from '../../nvidia/driver-packages.ts'
import { type GpuContainer, readGpuContainers, unmanaged } from '../../nvidia/gpu-containers.ts'
import { type HeldBack, readAllHeldBack } from '../../nvidia/held-back.ts'
import { headerPackages } from '../../nvidia/headers.ts'
import { readLeftoverLines, vfioFindings } from '../../nvidia/leftover-files.ts'
import type { ModuleType } from '../../nvidia/installer.ts'
import { readLoadedType } from '../../nvidia/loaded-type.ts'
import { noEnrolledKey, readSecureBoot, type SecureBoot } from '../../nvidia/secure-boot.ts'
import { knownBadPair } from '../../nvidia/kernel-pairs.ts'
import {
  buildableKernels,
  type Kernels,
  nextKernel,
  readKernels,
  wantedKernels,
} from '../../nvidia/kernels.ts'
import { cardAddress, claimOn, whyWithheld, type Withheld } from '../../nvidia/withheld.ts'
import { readCluster, wrongCluster } from '../../proxmox/cluster.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly cards: readonly PciCard[]
  /** PCI address -> VM. */
  readonly owners: ReadonlyMap<string, string>
  readonly loaded: string | undefined
  /** Undefined if no driver is loaded, or a dry run cannot know. */
  readonly loadedType: ModuleType | undefined
  readonly kernel: string
  readonly kernels: Kernels
  /** VERSION_ID of the node's Debian. */
  readonly release: string
  readonly secureBoot: SecureBoot
  readonly containers: readonly GpuContainer[]
  readonly heldBack: readonly HeldBack[]
  readonly wrongCluster: Refusal | undefined
  /** Lines that bind cards to vfio-pci which belong to no VM. */
  readonly vfioLines: readonly Finding[]
}

export const nvidiaNode = {
  name: 'nvidia_node',
  summary: 'Reports the NVIDIA cards and driver of a node, and fails if a driver cannot work on it.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report(given, seen) {
    const managed = managedCards(given, seen)
    const kernels = buildableKernels(seen.kernels, { wanted: given.kernels, version: given.version })
    return {
      cards: seen.cards.map((card) => ({
        pci: card.pci,
        device: card.device.toString(16).padStart(4, '0'),
        driver: card.driver ?? null,
        vm: seen.owners.get(card.pci) ?? null,
        managed: managed.includes(card),
      })),
      gpus: managed.length,
      gpus_in_vms: seen.cards.filter((card) => ['vm', 'vfio'].includes(claim(given, card, seen)?.kind ?? ''))
        .length,
      change: isChange(given, seen),
      needs_key: needsKey(given, seen),
      loaded: seen.loaded ?? null,
      module_type: moduleType(given, managed) ?? 'proprietary',
      kernel: seen.kernel,
      kernels,
      headers: headerPackages(kernels, seen.release),
      driver_packages: driverPackagePatterns,
    }
  },
} satisfies Module<Args, Seen>

async function probe({ exclude_gpus: excluded }: Args, host: Host): Promise<Seen> {
  const [
    cards,
    owners,
    driver,
    loadedType,
    { release: kernel },
    os,
    secureBoot,
    containers,
    heldBack,
    kernels,
    cluster,
  ] = await Promise.all([
    readCards(host),
    readVmOwners(host),
    host.kernelModule('nvidia'),
    readLoadedType(host),
    host.kernel(),
    readOsRelease(host),
    readSecureBoot(host),
    readGpuContainers(host),
    readAllHeldBack(host),
    readKernels(host),
    readCluster(host),
  ])
  const strays = cards.some(({ pci, driver: bound }) => bound === 'vfio-pci' && !owners.has(pci))
  const loaded = driver.loaded ? driver.version : undefined
  return {
    cards,
    owners,
    loaded,
    loadedType,
    kernel,
    kernels,
    release: os?.version ?? '',
    secureBoot,
    containers,
    heldBack,
    wrongCluster: wrongCluster(host, cluster),
    vfioLines: strays ? vfioFindings(await readLeftoverLines(host, excluded)) : [],
  }
}

function plan(given: Args, seen: Seen): Plan {
  const managed = managedCards(given, seen)
  const changes = isChange(given, seen)
  const problem =
    seen.wrongCluster ??
    noCard(given, managed, seen) ??
    doesNotFit(given, managed) ??
    (changes ? doesNotCompile(given, seen) : undefined) ??
    (changes && given.checks === 'all'
      ? (secureBootProblem(given, seen) ?? disturbs(given, seen))
      : undefined)
  if (problem?.code === 'no-free-gpu')
    return refuse({ ...problem, findings: [...(problem.findings ?? []), ...seen.vfioLines] })
  if (problem) return refuse(problem)
  if (given.checks === 'driver') return done()
  return done([
    ...seen.heldBack.map(
      ({ ctid, why }) =>
        `container ${ctid} was held back at its start: ${why}; the role lxc_passthrough fixes this`,
    ),
    ...managed
      .filter(({ virtualFunctions }) => virtualFunctions > 0)
      .map(
        ({ pci, virtualFunctions }) =>
          `the GPU at ${pci} has ${virtualFunctions} virtual functions (SR-IOV) for VMs, and containers get only whole GPUs: it may not compute; to turn the functions off: echo 0 >/sys/bus/pci/devices/${pci}/sriov_numvfs`,
      ),
    ...badKernels(given, seen).map(
      ({ kernel, why }) =>
        `kernel ${kernel}${kernel === nextKernel(seen.kernels) ? ', which the next boot chooses,' : ''} gets no module: ${why}`,
    ),
  ])
}

/** Whether the driver has to be loaded, or replaced by another version or another type of its modules. */
function isChange(
  { version, module_type: type }: Args,
  { loaded, loadedType }: Pick<Seen, 'loaded' | 'loadedType'>,
): boolean {
  return loaded !== version || (type !== 'auto' && loadedType !== undefined && loadedType !== type)
}

interface BadKernel {
  readonly kernel: string
  readonly why: string
}

/** Wanted kernels that the driver is known not to compile for. */
function badKernels({ kernels: wanted, version }: Args, { kernels }: Seen): readonly BadKernel[] {
  return wantedKernels(kernels, wanted).flatMap((kernel) => {
    const why = knownBadPair(version, kernel)
    return why === undefined ? [] : [{ kernel, why }]
  })
}

/** The kernels that matter are the running one and that of the next boot; others only cause a warning. */
function doesNotCompile(given: Args, seen: Seen): Refusal | undefined {
  const next = nextKernel(seen.kernels)
  const bad = badKernels(given, seen).filter(({ kernel }) => kernel === seen.kernel || kernel === next)
  const [first] = bad
  if (first === undefined) return undefined
  return {
    code: 'driver-does-not-compile',
    message: `driver ${given.version} does not compile for kernel ${first.kernel}, which the node ${first.kernel === seen.kernel ? 'runs' : 'boots next'}`,
    hint:
      first.kernel === seen.kernel
        ? 'choose another driver, or boot an older kernel'
        : `choose another driver, or pin another kernel: proxmox-boot-tool kernel pin ${seen.kernel}`,
    findings: bad.map(({ kernel, why }) => ({ message: `${kernel}: ${why}` })),
    exitCode: 2,
  }
}

function managedCards(given: Args, seen: Seen): readonly PciCard[] {
  return seen.cards.filter((card) => claim(given, card, seen) === undefined)
}

/** The settings on the node are older than the argument. */
function claim({ exclude_gpus: excluded }: Args, card: PciCard, { owners }: Seen): Withheld | undefined {
  return claimOn(card, { owners, excluded: excluded.map(cardAddress) })
}

function moduleType(given: Args, managed: readonly PciCard[]): ModuleType | undefined {
  const choice = chooseModuleType(given.version, managed, given.module_type)
  return choice.kind === 'chosen' ? choice.type : undefined
}

function noCard(given: Args, managed: readonly PciCard[], seen: Seen): Refusal | undefined {
  if (managed.length > 0) return undefined
  if (seen.cards.length === 0)
    return {
      code: 'no-gpu',
      message: 'this node has no NVIDIA GPU',
      hint: "remove it from the play's group; `lspci -d 10de:` lists NVIDIA devices",
    }
  return {
    code: 'no-free-gpu',
    message: `none of the node's ${seen.cards.length} NVIDIA GPUs is available for containers`,
    hint: 'remove a card from its VM or from nvidia_host_exclude_gpus',
    findings: seen.cards.flatMap((card) => {
      const withheld = claim(given, card, seen)
      return withheld === undefined ? [] : [{ message: `${card.pci} ${whyWithheld(withheld)}` }]
    }),
  }
}

function doesNotFit(given: Args, managed: readonly PciCard[]): Refusal | undefined {
  const unfit = misfits(given.version, managed)
  if (unfit.length > 0) {
    const common = commonBranches(managed)
    return {
      code: 'driver-does-not-fit',
      message: `driver ${given.version} does not support every GPU of this node`,
      hint: common
        ? `choose a driver of branch ${branches(common.first, common.last)}`
        : 'no driver supports all of these cards: list those to leave alone in nvidia_host_exclude_gpus',
      findings: unfit.map(({ card, generation, first, last }) => ({
        message: `${card.pci} is ${generation}: branches ${branches(first, last)}`,
      })),
      exitCode: 2,
    }
  }
  const choice = chooseModuleType(given.version, managed, given.module_type)
  if (choice.kind === 'chosen') return undefined
  return {
    code: 'module-type-does-not-fit',
    message: choice.why,
    hint: 'set nvidia_host_module_type to auto, or list the cards to leave alone in nvidia_host_exclude_gpus',
    exitCode: 2,
  }
}

function branches(first: number, last: number | undefined): string {
  if (last === undefined) return `${first} or newer`
  return first === 0 ? `${last} or older` : `${first} to ${last}`
}

function secureBootProblem(given: Args, seen: Seen): Refusal | undefined {
  if (given.secure_boot === 'prepare' || !needsKey(given, seen)) return undefined
  return noEnrolledKey(seen.secureBoot)
}

/** A driver that is loaded was signed with some enrolled key. */
function needsKey(given: Args, seen: Seen): boolean {
  return (seen.secureBoot === 'no-key' || seen.secureBoot === 'key-requested') && isChange(given, seen)
}

function disturbs(given: Args, seen: Seen): Refusal | undefined {
  if (given.unmanaged_guests === 'allow' || seen.loaded === undefined) return undefined
  const managed = given.containers.map(({ ctid }) => String(ctid))
  const others = unmanaged(seen.containers, managed)
  if (others.length === 0) return undefined
  return {
    code: 'unmanaged-guests',
    message: `${change(given, seen)} would break containers that are not part of this run`,
    hint: 'add them to the inventory or widen --limit, so that they get the new driver too; nvidia_host_unmanaged_guests: allow continues regardless',
    findings: others.map(({ ctid, hostname, running }) => ({
      message: `container ${ctid}${hostname === '' ? '' : ` (${hostname})`} has a GPU${running ? ' and is running' : ''}`,
      line: `/etc/pve/lxc/${ctid}.conf`,
    })),
  }
}

function change({ version, module_type: type }: Args, { loaded = '', loadedType }: Seen): string {
  return loaded === version
    ? `changing the kernel modules of driver ${version} from ${loadedType ?? ''} to ${type}`
    : `changing the driver from ${loaded} to ${version}`
}
