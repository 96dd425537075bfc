/**
 * The lab's kernel: the loaded modules, the driver of each card, and the files of /proc and /sys that show
 * them.
 *
 * The state is one file in /run, so a reboot resets it. Its visible part is in `shownDir`; boot.ts mounts it
 * over the files of the real kernel, and `pct` mounts it into containers.
 */
import { renameSync, writeFileSync } from 'node:fs'
import type { GpuSpec } from '../hardware.ts'
import { daemon, openers, programsNamed } from './device-users.ts'
import { isLoaded, isReserved, kernelDir, type KernelState, shownDir } from './kernel-state.ts'
import { findModule, modprobeText, normalName } from './module-files.ts'
import { nodeSpec } from './node-spec.ts'
import { type LoadedModule, dynamicMajors } from './proc-files.ts'
import { show } from './shown.ts'
import { drives } from './supported.ts'
import { isTrusted } from './mok.ts'
import { exists, textOf, withLock } from './system.ts'

const stateFile = `${kernelDir}/state.json`

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

/** The module file for the running kernel. */
export function moduleFileFor(state: KernelState, name: string): string | undefined {
  return findModule.file(state.release, normalName(name))
}

export function runsOnNode(): boolean {
  return exists(stateFile)
}
