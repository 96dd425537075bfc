/** What the lab's kernel has loaded, and which cards it drives. `kernel.ts` changes it. */
import type { GpuSpec } from '../hardware.ts'
import { moduleDependencies } from './module-files.ts'
import { nodeSpec } from './node-spec.ts'
import type { LoadedModule } from './proc-files.ts'
import type { DrivenGpu } from './proc-nvidia.ts'

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

/** Whether the lab keeps a VM's card for vfio-pci from boot on. */
export function isReserved(gpu: GpuSpec): boolean {
  return gpu.ownedByVm !== undefined && nodeSpec().vmCards !== 'until-start'
}

/** Loaded modules that depend on this one. */
export function holders(state: KernelState, name: string): readonly string[] {
  return state.loaded.map((module) => module.name).filter((other) => moduleDependencies(other).includes(name))
}
