/** Shows the state of the lab's kernel in the files of /proc and /sys, and in /dev/dri. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { drmNodes, ensureNode } from './device-nodes.ts'
import { openers } from './device-users.ts'
import {
  drivenGpus,
  hardwareFile,
  holders,
  isLoaded,
  isReserved,
  type KernelState,
  nvidiaModule,
  shownDir,
} from './kernel-state.ts'
import { modprobeText } from './module-files.ts'
import { nodeSpec } from './node-spec.ts'
import { deviceList, moduleList } from './proc-files.ts'
import { nvidiaProcFiles } from './proc-nvidia.ts'
import { namesIn, overwrite, textOf } from './system.ts'

export function show(state: KernelState): void {
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
