/**
 * The lab's kernel: the loaded modules, the driver of each card, and the files of /proc and /sys that show
 * them.
 *
 * The state is one file in /run, so a reboot resets it. Its visible part is in `shownDir`; boot.ts mounts it
 * over the files of the real kernel, and `pct` mounts it into containers.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type GpuSpec, type NodeSpec, nodeSpecFile } from '../hardware.ts'
import { drmNodes, ensureNode } from './device-nodes.ts'
import { isTrusted } from './mok.ts'
import { findModule, modprobeText, moduleDependencies, normalName } from './module-files.ts'
import { type LoadedModule, deviceList, dynamicMajors, moduleList } from './proc-files.ts'
import { type DrivenGpu, nvidiaProcFiles } from './proc-nvidia.ts'
import { drives } from './supported.ts'
import { exists, namesIn, overwrite, textOf, withLock } from './system.ts'

export const kernelDir = '/run/lab/kernel'
/**
 * driver/ devices modules osrelease: mounted over the same names in /proc; module/ over /sys/module; pci/
 * over /sys/bus/pci.
 */
export const shownDir = `${kernelDir}/shown`
/** For nvidia-smi, which reads more about the hardware than /proc shows. */
export const hardwareFile = 'driver/.lab/gpus.json'

export interface KernelState {
  readonly release: string
  /** Number of boots, and of modules loaded since then: dynamic majors depend on both. */
  readonly boots: number
  loads: number
  loaded: LoadedModule[]
  /** Of `nvidia-uvm`, `nvidia-caps`, ...: only while the module of the device is loaded. */
  majors: Record<string, number>
  /**
   * PCI addresses of the cards that the NVIDIA module claimed when it was loaded, and of the cards of
   * vfio-pci.
   */
  claimed: string[]
  vfio: string[]
  /**
   * PCI addresses of cards that a program has opened since the driver was loaded: /proc shows the UUID only
   * of these.
   */
  opened: string[]
  persistence: string[]
  powerLimits: Record<string, number>
  /** PCI addresses of cards in MIG mode. */
  mig: string[]
  /** Paths of the device nodes in /dev/dri that the kernel has created, by PCI address of their cards. */
  dri: string[]
  /** CUresult by PCI address, and `init` for all: faults that a test causes (cuda.ts). */
  cuda: Record<string, number>
}

const stateFile = `${kernelDir}/state.json`

export function nodeSpec(): NodeSpec {
  return JSON.parse(textOf(nodeSpecFile) ?? '{}')
}

export function readKernel(): KernelState {
  return JSON.parse(textOf(stateFile) ?? '{}')
}

/** Changes the state under a lock, so two simultaneous loads keep both changes. */
export function changeKernel<T>(change: (state: KernelState) => T): T {
  return withLock(`${kernelDir}/lock`, () => {
    const state = readKernel()
    const result = change(state)
    writeKernel(state)
    return result
  })
}

/** Writes the state and shows it in /proc and /sys. */
export function writeKernel(state: KernelState): void {
  show(state)
  writeFileSync(`${stateFile}.new`, JSON.stringify(state, null, 1))
  renameSync(`${stateFile}.new`, stateFile)
}

export function isLoaded(state: KernelState, module: string): boolean {
  return state.loaded.some(({ name }) => name === module)
}

export function nvidiaModule(state: KernelState): LoadedModule | undefined {
  return state.loaded.find(({ name }) => name === 'nvidia')
}

/** The cards that the loaded NVIDIA module drives, by PCI address. */
export function drivenGpus(state: KernelState): readonly DrivenGpu[] {
  const nvidia = nvidiaModule(state)
  if (nvidia === undefined) return []
  return nodeSpec()
    .gpus.filter((gpu) => state.claimed.includes(gpu.pci) && !isReserved(gpu))
    .toSorted((a, b) => (a.pci < b.pci ? -1 : 1))
    .map((gpu) => ({
      ...gpu,
      persistence: state.persistence.includes(gpu.pci),
      powerLimit: state.powerLimits[gpu.pci] ?? 180,
      opened: state.opened.includes(gpu.pci),
      mig: state.mig.includes(gpu.pci),
      cuda: state.cuda[gpu.pci] ?? 0,
      cudaInit: state.cuda['init'] ?? 0,
    }))
}

/** The kernel's reasons for refusing a module, in modprobe's words. */
export type InsertProblem =
  | 'No such device'
  | 'Key was rejected by service'
  | 'Unknown symbol in module, or unknown parameter (see dmesg)'

/** Inserts one module; its dependencies must be loaded. */
export function insert(state: KernelState, name: string, file: string): InsertProblem | undefined {
  const module: LoadedModule = { name, version: findModule.version(file), license: findModule.license(file) }
  // EKEYREJECTED for a missing signature and for an unknown key (`module_sig_check` in
  // kernel/module/signing.c)
  if (nodeSpec().secureBoot === true && !isTrusted(file)) return 'Key was rejected by service'
  if (name === 'nvidia') {
    const free = freeCards(state, 'nvidia').filter((gpu) => drives(module, gpu.deviceId))
    if (free.length === 0 || isLoaded(state, 'nouveau')) return 'No such device'
    state.claimed = free.map(({ pci }) => pci)
  }
  if (name === 'vfio_pci') {
    const wanted = freeCards(state, 'vfio-pci').filter((gpu) => wantsVfio(gpu))
    state.vfio = [...state.vfio, ...wanted.map(({ pci }) => pci)]
  }
  state.loads += 1
  state.loaded = [module, ...state.loaded]
  for (const device of dynamicMajors.namesOf(module)) {
    state.majors[device] = dynamicMajors.choose(
      nodeSpec().name,
      state,
      device,
      textOf('/run/lab/proc/devices') ?? '',
    )
  }
  return undefined
}

/** Removes a module that is not in use. */
export function remove(state: KernelState, name: string): void {
  const module = state.loaded.find((loaded) => loaded.name === name)
  if (module === undefined) return
  for (const device of dynamicMajors.namesOf(module)) delete state.majors[device]
  state.loaded = state.loaded.filter((loaded) => loaded !== module)
  if (name === 'nvidia') {
    state.opened = []
    state.claimed = []
  }
  if (name === 'vfio_pci') state.vfio = []
}

/** Whether the lab keeps a VM's card for vfio-pci from boot on. */
function isReserved(gpu: GpuSpec): boolean {
  return gpu.ownedByVm !== undefined && nodeSpec().vmCards !== 'until-start'
}

/** Cards without a driver that `driver` may probe (`pci_match_device` in the kernel's pci-driver.c). */
function freeCards(state: KernelState, driver: string): readonly GpuSpec[] {
  return nodeSpec().gpus.filter(
    (gpu) =>
      !isReserved(gpu) &&
      !state.vfio.includes(gpu.pci) &&
      !state.claimed.includes(gpu.pci) &&
      [undefined, driver].includes(driverOverride(gpu.pci)),
  )
}

/** The content of a card's `driver_override`. */
function driverOverride(pci: string): string | undefined {
  const text = (textOf(`${shownDir}/pci/devices/${pci}/driver_override`) ?? '').trim()
  return text === '' || text === '(null)' ? undefined : text
}

/** By `driver_override`, or by `options vfio-pci ids=10de:2d04,...` in modprobe.d. */
function wantsVfio({ pci, deviceId }: GpuSpec): boolean {
  if (driverOverride(pci) === 'vfio-pci') return true
  const options = [...modprobeText().matchAll(/^options vfio[-_]pci .*ids=(\S+)/gm)].map(
    (match) => match[1] ?? '',
  )
  return options.some((ids) => ids.toLowerCase().split(',').includes(`10de:${deviceId}`))
}

/**
 * Gives a card to vfio-pci, as the start of a VM does. False if a program has the card open: the kernel then
 * waits without limit (`nv_pci_remove_helper` in nv-pci.c of the open kernel modules).
 */
export function giveToVfio(state: KernelState, pci: string): boolean {
  if (state.vfio.includes(pci)) return true
  if (state.claimed.includes(pci) && isOpen(state, pci)) return false
  state.claimed = state.claimed.filter((other) => other !== pci)
  state.vfio = [...state.vfio, pci]
  return true
}

/** The persistence daemon opens the cards in persistence mode, other programs all cards. */
function isOpen(state: KernelState, pci: string): boolean {
  return (
    openers('nvidia') - programsNamed(daemon).length > 0 ||
    (state.persistence.includes(pci) && programsNamed(daemon).length > 0)
  )
}

/** Loaded modules that depend on this one. */
export function holders(state: KernelState, name: string): readonly string[] {
  return state.loaded.map((module) => module.name).filter((other) => moduleDependencies(other).includes(name))
}

/**
 * The number of programs that use the devices of a module. No driver serves the lab's device nodes, so no
 * program can open them; programs with these names count, on the node and in its containers.
 */
export function openers(name: string): number {
  const programs = { nvidia: [daemon, 'gpu-load'], nvidia_uvm: ['gpu-load'] }[name] ?? []
  if (programs.length === 0) return 0
  return programsNamed(...programs).length + programsNamed('nvidia-driver').filter(holdsDevices).length
}

/** `nvidia-persistenced`, as the kernel shortens it. */
const daemon = 'nvidia-persiste'

/** The processes that run programs of these names. */
function programsNamed(...names: readonly string[]): readonly string[] {
  return namesIn('/proc').filter(
    (entry) => /^[0-9]+$/.test(entry) && names.includes((textOf(`/proc/${entry}/comm`) ?? '').trim()),
  )
}

/** The helper of the role nvidia_host keeps the device nodes open while an installer runs. */
function holdsDevices(process: string): boolean {
  return (textOf(`/proc/${process}/cmdline`) ?? '').includes('/nvidia-driver\0install\0')
}

function show(state: KernelState): void {
  const references = (name: string): { readonly holders: readonly string[]; readonly count: number } => {
    const users = holders(state, name)
    return { holders: users, count: users.length + openers(name) }
  }
  overwrite(`${shownDir}/modules`, moduleList(state.loaded, references))
  overwrite(`${shownDir}/devices`, deviceList(textOf('/run/lab/proc/devices') ?? '', state))
  showDriver(state)
  for (const shown of namesIn(`${shownDir}/module`)) {
    if (!isLoaded(state, shown)) rmSync(`${shownDir}/module/${shown}`, { recursive: true })
  }
  for (const module of state.loaded) {
    const directory = `${shownDir}/module/${module.name}`
    mkdirSync(directory, { recursive: true })
    overwrite(`${directory}/initstate`, 'live\n')
    overwrite(`${directory}/refcnt`, `${references(module.name).count}\n`)
    if (module.version !== '') overwrite(`${directory}/version`, `${module.version}\n`)
    if (module.name === 'nvidia_drm') {
      mkdirSync(`${directory}/parameters`, { recursive: true })
      overwrite(`${directory}/parameters/modeset`, `${withModeset() ? 'Y' : 'N'}\n`)
    }
  }
  showPci(state)
  showDri(state)
}

/** By `options nvidia-drm modeset=1` in modprobe.d. */
function withModeset(): boolean {
  return /^options nvidia[-_]drm .*\bmodeset=1\b/m.test(modprobeText())
}

/**
 * Shows the cards of nvidia_drm in sysfs. The kernel itself creates and removes their device nodes
 * (devtmpfs); udev's rules give them the mode 0660.
 */
function showDri(state: KernelState): void {
  const gpus = isLoaded(state, 'nvidia_drm') ? drivenGpus(state) : []
  const nodes = new Map(gpus.map((gpu, index) => [gpu.pci, drmNodes(gpu.drm ?? index)]))
  const present = [...nodes.values()].flat()
  if (present.map(({ path }) => path).join() === state.dri.join()) return
  for (const { pci } of nodeSpec().gpus) {
    const directory = `${shownDir}/pci/devices/${pci}/drm`
    rmSync(directory, { recursive: true, force: true })
    for (const { path, major, minor } of nodes.get(pci) ?? []) {
      const shown = `${directory}${path.slice(path.lastIndexOf('/'))}`
      mkdirSync(shown, { recursive: true })
      writeFileSync(`${shown}/dev`, `${major}:${minor}\n`)
    }
  }
  for (const path of state.dri) if (!present.some((node) => node.path === path)) rmSync(path, { force: true })
  for (const node of present) if (!state.dri.includes(node.path)) ensureNode(node)
  state.dri = present.map(({ path }) => path)
}

function showDriver(state: KernelState): void {
  const nvidia = nvidiaModule(state)
  const gpus = drivenGpus(state)
  mkdirSync(`${shownDir}/driver/.lab`, { recursive: true })
  overwrite(`${shownDir}/${hardwareFile}`, JSON.stringify(gpus))
  const files = nvidia === undefined ? new Map<string, string>() : nvidiaProcFiles(nvidia, gpus)
  for (const top of ['nvidia', 'nvidia-caps']) {
    if (nvidia === undefined) rmSync(`${shownDir}/driver/${top}`, { recursive: true, force: true })
  }
  for (const [path, text] of files) {
    const file = `${shownDir}/driver/${path}`
    mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true })
    overwrite(file, text)
  }
}

function showPci(state: KernelState): void {
  const driven = new Set(drivenGpus(state).map(({ pci }) => pci))
  for (const gpu of nodeSpec().gpus) {
    const device = `${shownDir}/pci/devices/${gpu.pci}`
    const driver =
      isReserved(gpu) || state.vfio.includes(gpu.pci)
        ? 'vfio-pci'
        : driven.has(gpu.pci)
          ? 'nvidia'
          : isLoaded(state, 'nouveau')
            ? 'nouveau'
            : undefined
    rmSync(`${device}/driver`, { force: true })
    if (driver === undefined) continue
    mkdirSync(`${shownDir}/pci/drivers/${driver}`, { recursive: true })
    symlinkSync(`../../drivers/${driver}`, `${device}/driver`)
  }
}

/** The module file for the running kernel. */
export function moduleFileFor(state: KernelState, name: string): string | undefined {
  return findModule.file(state.release, normalName(name))
}

export function runsOnNode(): boolean {
  return exists(stateFile)
}
