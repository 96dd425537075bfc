/** Persistence mode and power limits, as reported by nvidia-smi. */
import { question } from '../host/question.ts'
import { normalAddress } from './cards.ts'
import { smiReads } from './smi.ts'

export interface GpuPower {
  readonly pci: string
  /** Undefined if the GPU does not have this setting. */
  readonly persistence: boolean | undefined
  /** Watts. */
  readonly limit: number | undefined
}

export type PowerSettings =
  | { readonly kind: 'gpus'; readonly gpus: readonly GpuPower[] }
  | { readonly kind: 'failed'; readonly said: string }

export const powerSettings = question({
  words: [
    'nvidia-smi',
    '--query-gpu=pci.bus_id,persistence_mode,power.limit',
    '--format=csv,noheader,nounits',
  ],
  reads: smiReads,
  parse: ({ code, stdout }): PowerSettings =>
    code === 0 ? { kind: 'gpus', gpus: parseGpus(stdout) } : { kind: 'failed', said: stdout.trim() },
})

/** Rows `00000000:01:00.0, Enabled, 180.00`; a missing setting is `[N/A]`. */
export function parseGpus(csv: string): readonly GpuPower[] {
  return csv.split('\n').flatMap((line) => {
    const [address, persistence, limit] = line.split(',').map((cell) => cell.trim())
    if (!address || persistence === undefined || limit === undefined) return []
    const watts = Number.parseFloat(limit)
    return {
      pci: normalAddress(address.replace(/^0{4}(?=[0-9a-f]{4}:)/i, '')),
      persistence: persistence === 'Enabled' ? true : persistence === 'Disabled' ? false : undefined,
      limit: Number.isFinite(watts) ? watts : undefined,
    }
  })
}
