/**
 * The files of /proc/driver/nvidia and /proc/driver/nvidia-caps, with the texts of NVIDIA's open kernel
 * modules (nv-procfs.c, nv-caps.c).
 */
import type { GpuSpec } from '../hardware.ts'
import type { LoadedModule } from './proc-files.ts'

export interface DrivenGpu extends GpuSpec {
  /** Opened since the driver was loaded; the UUID is not shown before. */
  readonly opened: boolean
  readonly persistence: boolean
  /** Watts. */
  readonly powerLimit: number
  readonly mig: boolean
  /** CUresult of a context on this card, and of cuInit: 0, or a fault that a test causes. */
  readonly cuda: number
  readonly cudaInit: number
}

const parameters: Readonly<Record<string, string | number>> = {
  ResmanDebugLevel: 4294967295,
  RmLogonRC: 1,
  ModifyDeviceFiles: 1,
  DeviceFileUID: 0,
  DeviceFileGID: 0,
  DeviceFileMode: 438,
  InitializeSystemMemoryAllocations: 1,
  UsePageAttributeTable: 4294967295,
  EnableMSI: 1,
  EnablePCIeGen3: 0,
  MemoryPoolSize: 0,
  PreserveVideoMemoryAllocations: 0,
  RegistryDwords: '""',
}

/** Paths below /proc/driver and their texts. */
export function nvidiaProcFiles(module: LoadedModule, gpus: readonly DrivenGpu[]): Map<string, string> {
  const capability = (minor: number, mode: number): string =>
    `DeviceFileMinor: ${minor}\nDeviceFileMode: ${mode}\nDeviceFileModify: 1\n`
  const files = new Map([
    ['nvidia/version', versionText(module)],
    [
      'nvidia/params',
      Object.entries(parameters)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(''),
    ],
    ['nvidia/registry', 'Binary: ""\n'],
    [
      'nvidia/warnings/README',
      "The NVIDIA graphics driver tries to detect potential problems\nwith the host system and warns about them using the system's\nlogging mechanisms. Important warning message are also logged\nto dedicated text files in this directory.\n",
    ],
    [
      'nvidia/patches/README',
      "The NVIDIA graphics driver's kernel interface files can be\npatched to improve compatibility with new Linux kernels or to\nfix bugs in these files.\n",
    ],
    ['nvidia/suspend', ''],
    ['nvidia/suspend_depth', 'default modeset uvm\n'],
    ['nvidia/capabilities/fabric-imex-mgmt', capability(1, 256)],
    ['nvidia/capabilities/mig/config', capability(1, 256)],
    ['nvidia/capabilities/mig/monitor', capability(2, 292)],
    ['nvidia-caps/mig-minors', 'config 1\nmonitor 2\n'],
    ['nvidia-caps/sys-minors', 'fabric-imex-mgmt 1\n'],
  ])
  for (const gpu of gpus) {
    files.set(`nvidia/gpus/${gpu.pci}/information`, informationText(module, gpu))
    files.set(`nvidia/gpus/${gpu.pci}/registry`, 'Binary: ""\n')
    files.set(
      `nvidia/gpus/${gpu.pci}/power`,
      'Runtime D3 status:          Disabled by default\nVideo Memory:               Active\n',
    )
  }
  return files
}

function versionText({ version, license }: LoadedModule): string {
  const open = license !== 'NVIDIA'
  const what = open
    ? `NVIDIA UNIX Open Kernel Module for x86_64  ${version}  Release Build  (dvs-builder@U22-I3-B17-02-5)  Tue Sep 23 09:55:41 UTC 2025`
    : `NVIDIA UNIX x86_64 Kernel Module  ${version}  Mon May  5 11:36:21 UTC 2025`
  return `NVRM version: ${what}\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14+deb12u1) \n`
}

function informationText(module: LoadedModule, gpu: DrivenGpu): string {
  return [
    `Model: \t\t ${gpu.model}`,
    `IRQ:   \t\t ${60 + gpu.minor}`,
    ...(gpu.opened ? [`GPU UUID: \t ${gpu.uuid}`] : []),
    'Video BIOS: \t 94.06.14.00.1c',
    'Bus Type: \t PCIe',
    'DMA Size: \t 47 bits',
    'DMA Mask: \t 0x7fffffffffff',
    `Bus Location: \t ${gpu.pci}`,
    `Device Minor: \t ${gpu.minor}`,
    `GPU Firmware: \t ${module.license === 'NVIDIA' ? 'N/A' : module.version}`,
    'GPU Excluded:\t No',
    '',
  ].join('\n')
}
