/**
 * Runs nvidia-smi. It writes errors to standard output, too; its exit statuses are those of NVML
 * (nvidia-smi(1), "RETURN VALUE").
 */
import { question } from '../host/question.ts'
import type { Answer } from '../host/host.ts'
import { normalAddress } from './cards.ts'

/** Resources that every answer of nvidia-smi depends on. */
export const smiReads = ['kernelModule:nvidia*', 'file:/dev/nvidia*', 'file:/usr/lib/*'] as const

/** Asks for the GPUs that the caller can use. */
export const visibleQuery = [
  'nvidia-smi',
  '--query-gpu=uuid,pci.bus_id,mig.mode.current',
  '--format=csv,noheader',
] as const

/** The GPUs that the caller can use. */
export const visibleGpus = question({
  words: visibleQuery,
  reads: smiReads,
  parse: parseSmi,
})

export interface VisibleGpu {
  readonly uuid: string
  /** `0000:01:00.0` */
  readonly pci: string
  /** In MIG mode a GPU computes only in instances, which are devices of their own. */
  readonly mig: boolean
}

export type SmiResult =
  | { readonly kind: 'gpus'; readonly gpus: readonly VisibleGpu[] }
  | { readonly kind: 'failed'; readonly code: number; readonly meaning: string }

export function parseSmi({ code, stdout, stderr }: Answer): SmiResult {
  // No GPU at all is status 6 here; with `-L` it would be 0.
  if (code === 0 || code === 6) return { kind: 'gpus', gpus: rows(stdout) }
  const said = firstLine(stdout) || firstLine(stderr)
  return { kind: 'failed', code, meaning: meanings[code] ?? (said || 'no reason given') }
}

const meanings: Readonly<Record<number, string>> = {
  4: 'no permission to open the device nodes',
  9: 'the NVIDIA driver is not loaded',
  12: 'libnvidia-ml.so.1 is not installed',
  15: 'a GPU has fallen off the bus: reboot the node',
  18: 'its library and the loaded kernel module have different versions',
  127: 'nvidia-smi is not installed',
}

function rows(text: string): readonly VisibleGpu[] {
  return text.split('\n').flatMap((line) => {
    const [uuid = '', pci = '', mig = ''] = line.split(',').map((cell) => cell.trim())
    return uuid.startsWith('GPU-') ? [{ uuid, pci: shortAddress(pci), mig: mig === 'Enabled' }] : []
  })
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

/**
 * nvidia-smi writes the domain with eight digits, the kernel with four: `00000000:01:00.0` -> `0000:01:00.0`.
 */
export function shortAddress(address: string): string {
  return normalAddress(address.replace(/^0000(?=[0-9a-f]{4}:)/i, ''))
}

/** A short UUID that distinguishes the GPUs of a node: `GPU-8f3c0000`. */
export function shortUuid(uuid: string): string {
  return uuid.slice(0, 12)
}
