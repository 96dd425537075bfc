/**
 * Drivers whose modules do not compile for newer kernels.
 *
 * Sources, in the order of the table: issue 534698 of NixOS/nixpkgs, issue 18 of
 * anomixer/proxmox-vgpu-installer, issue 1143 of NVIDIA/open-gpu-kernel-modules, issue 538659 of NixOS/nixpkgs.
 */
import { atLeast } from '../base/version.ts'
import { branchOf } from './driver-version.ts'

interface BadPair {
  readonly branches: readonly number[]
  /** The first version of the branch that compiles; undefined: none is known. */
  readonly fixed?: string
  /** The first kernel that it does not compile for. */
  readonly kernel: string
}

const pairs: readonly BadPair[] = [
  { branches: [470], kernel: '7.0' },
  { branches: [535], fixed: '535.247.01', kernel: '6.14' },
  { branches: [550, 555], kernel: '6.17' },
  { branches: [580], fixed: '580.173', kernel: '7.1' },
]

/**
 * Why a driver is known not to compile for a kernel, as a sentence without its period; undefined if nothing is
 * known against the pair.
 * @param kernel as `uname -r` prints it: `6.17.2-1-pve`
 */
export function knownBadPair(version: string, kernel: string): string | undefined {
  const release = /^[0-9.]+/.exec(kernel)?.[0].replace(/\.$/, '') ?? '0'
  const branch = branchOf(version)
  const pair = pairs.find(
    ({ branches, fixed, kernel: first }) =>
      branches.includes(branch) &&
      atLeast(release, first) &&
      (fixed === undefined || !atLeast(version, fixed)),
  )
  if (pair === undefined) return undefined
  const { fixed, kernel: first } = pair
  return fixed === undefined
    ? `no driver of branch ${branch} compiles for kernel ${first} or newer`
    : `drivers of branch ${branch} before ${fixed} do not compile for kernel ${first} or newer`
}
