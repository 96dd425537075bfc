/** Driver and kernel pairs whose modules do not compile. */
import { atLeast } from './version.ts'

interface Pair {
  /** From this driver version on, before that one. */
  readonly drivers: readonly [string, string]
  /** From this kernel on. */
  readonly kernel: string
}

/**
 * Sources, in this order: issue 534698 of NixOS/nixpkgs (470 with 7.0), issue 18 of
 * anomixer/proxmox-vgpu-installer (535.230.02 with 6.14), issue 1143 of NVIDIA/open-gpu-kernel-modules (550 and
 * 555 with 6.17), issue 538659 of NixOS/nixpkgs (580 before 580.173 with 7.1).
 */
const pairs: readonly Pair[] = [
  { drivers: ['470', '471'], kernel: '7.0' },
  { drivers: ['535', '535.247.01'], kernel: '6.14' },
  { drivers: ['550', '560'], kernel: '6.17' },
  { drivers: ['580', '580.173'], kernel: '7.1' },
]

/** Whether the modules of a driver compile for a kernel (`6.17.2-1-pve`). */
export function compiles(driver: string, kernel: string): boolean {
  const release = /^[0-9.]+/.exec(kernel)?.[0] ?? ''
  return !pairs.some(
    ({ drivers: [from, before], kernel: first }) =>
      atLeast(driver, from) && !atLeast(driver, before) && atLeast(release, first),
  )
}
