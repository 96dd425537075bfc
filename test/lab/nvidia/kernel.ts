/**
 * The lab's kernel: which modules are loaded, which driver holds which card, and everything in /proc and /sys that says so.
 *
 * The state is one file below /run, so that a reboot forgets it. What others see of it are files and directories of
 * `shownDir`, mounted over those of the real kernel at boot (boot.ts) and into containers when they start.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type NodeSpec, nodeSpecFile } from '../hardware.ts'
import { findModule, moduleDependencies, normalName } from './module-files.ts'
import { type LoadedModule, deviceList, dynamicMajors, moduleList } from './proc-files.ts'
import { type DrivenGpu, nvidiaProcFiles } from './proc-nvidia.ts'
import { drives } from './supported.ts'
import { exists, namesIn, overwrite, textOf } from './system.ts'

export const kernelDir = '/run/lab/kernel'
/** driver/ devices modules osrelease: mounted over their namesakes in /proc; module/ over /sys/module; pci/ over /sys/bus/pci. */
export const shownDir = `${kernelDir}/shown`
/** For nvidia-smi, which sees the hardware also where /proc does not tell all of it. */
export const hardwareFile = 'driver/.lab/gpus.json'

export interface KernelState {
  readonly release: string
  /** How often this node has booted, and modules were loaded since: what dynamic majors depend on. */
  readonly boots: number
  loads: number
  loaded: LoadedModule[]
  /** Of `nvidia-uvm`, `nvidia-caps`, ...: only while the module that owns it is loaded. */
  majors: Record<string, number>
  /** PCI addresses of cards that were opened since the driver was loaded: only their UUID is in /proc. */
  opened: string[]
  persistence: string[]
  powerLimits: Record<string, number>
  /** PCI addresses of cards in MIG mode. */
  mig: string[]
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

/** Changes the state: one process at a time, so that two loads do not lose one of the modules. */
export function changeKernel<T>(change: (state: KernelState) => T): T {
  const lock = `${kernelDir}/lock`
  const patience = Date.now() + 5000
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!taken) throw error
      // whoever was killed while it held the lock does not stop the others for ever
      if (Date.now() > patience) break
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
  try {
    const state = readKernel()
    const result = change(state)
    writeKernel(state)
    return result
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** Keeps the state, and shows it in /proc and /sys. */
export function writeKernel(state: KernelState): void {
  writeFileSync(`${stateFile}.new`, JSON.stringify(state, null, 1))
  renameSync(`${stateFile}.new`, stateFile)
  show(state)
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
    .gpus.filter((gpu) => gpu.ownedByVm === undefined && drives(nvidia, gpu.deviceId))
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

/** Why a module cannot be inserted, as the kernel puts it. */
export type InsertProblem = 'No such device' | 'Unknown symbol in module, or unknown parameter (see dmesg)'

/** Inserts one module, whose dependencies are loaded already. */
export function insert(state: KernelState, name: string, file: string): InsertProblem | undefined {
  const module: LoadedModule = { name, version: findModule.version(file), license: findModule.license(file) }
  if (name === 'nvidia') {
    const free = nodeSpec().gpus.filter((gpu) => gpu.ownedByVm === undefined && drives(module, gpu.deviceId))
    if (free.length === 0 || isLoaded(state, 'nouveau')) return 'No such device'
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

/** Takes a module out that nobody uses. */
export function remove(state: KernelState, name: string): void {
  const module = state.loaded.find((loaded) => loaded.name === name)
  if (module === undefined) return
  for (const device of dynamicMajors.namesOf(module)) delete state.majors[device]
  state.loaded = state.loaded.filter((loaded) => loaded !== module)
  if (name === 'nvidia') state.opened = []
}

/** Modules that are loaded and need this one. */
export function holders(state: KernelState, name: string): readonly string[] {
  return state.loaded.map((module) => module.name).filter((other) => moduleDependencies(other).includes(name))
}

/**
 * Programs that have the devices of a module open. Device nodes of the lab have no driver, so nobody can: programs
 * that would are told by their names, wherever on the node or in its containers they run.
 */
export function openers(name: string): number {
  const programs = { nvidia: ['nvidia-persiste', 'gpu-load'], nvidia_uvm: ['gpu-load'] }[name] ?? []
  if (programs.length === 0) return 0
  return namesIn('/proc').filter((entry) => {
    if (!/^[0-9]+$/.test(entry)) return false
    const program = (textOf(`/proc/${entry}/comm`) ?? '').trim()
    return programs.includes(program) || (program === 'nvidia-driver' && holdsDevices(entry))
  }).length
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
  }
  showPci(state)
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
      gpu.ownedByVm !== undefined
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

/** The module file for the running kernel, or why there is none. */
export function moduleFileFor(state: KernelState, name: string): string | undefined {
  return findModule.file(state.release, normalName(name))
}

export function runsOnNode(): boolean {
  return exists(stateFile)
}
