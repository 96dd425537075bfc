/** A card as a caller of nvidia-smi sees it. */
import type { DrivenGpu } from './proc-nvidia.ts'
import { atLeast } from './version.ts'

export interface VisibleGpu extends DrivenGpu {
  /** The index of nvidia-smi: it counts by PCI address. */
  readonly index: number
}

/** The newest CUDA version that a driver branch supports. */
export function cudaVersion(driver: string): string {
  const table = [
    ['590', '13.1'],
    ['580', '13.0'],
    ['575', '12.9'],
    ['570', '12.8'],
    ['560', '12.6'],
    ['555', '12.5'],
    ['550', '12.4'],
    ['545', '12.3'],
    ['535', '12.2'],
    ['525', '12.0'],
    ['520', '11.8'],
  ] as const
  return table.find(([branch]) => atLeast(driver, branch))?.[1] ?? '11.7'
}
