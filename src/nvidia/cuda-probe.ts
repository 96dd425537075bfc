/**
 * Computes on every GPU that CUDA shows the caller: the only proof that libcuda, the kernel modules, their
 * device nodes and the GPU work together. nvidia-smi needs neither nvidia-uvm nor a context.
 *
 * The program is cuda-probe/cuda-probe.c; it runs from a file that is removed before it starts. A context
 * needs a few hundred MiB of the GPU's memory while it exists.
 */
import { defined } from '../base/defined.ts'
import type { Answer } from '../host/host.ts'
import { question } from '../host/question.ts'
import { cudaProbe } from './cuda-probe/probe-program.ts'
import { normalAddress } from './cards.ts'

/** What the caller can compute on. */
export const computes = question({
  words: ['cuda-probe'],
  carried: { gzip: cudaProbe },
  // libcuda initializes every GPU; without persistence, each takes a second or more.
  timeout: 120_000,
  environment: { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_CACHE_DISABLE: '1' },
  reads: ['kernelModule:nvidia*', 'file:/dev/nvidia*', 'file:/usr/lib/*', 'file:/etc/ld.so*'],
  parse: parseProbe,
})

export type Computing =
  | { readonly kind: 'gpus'; readonly gpus: readonly ComputingGpu[] }
  /** CUDA did not start. */
  | { readonly kind: 'failed'; readonly failure: ComputeFailure }
  /** The program could not run here, which says nothing about the GPUs. */
  | { readonly kind: 'unable'; readonly why: string }

export interface ComputingGpu {
  /** `0000:01:00.0`; empty if CUDA could not say. */
  readonly pci: string
  /** Undefined if every step succeeded. */
  readonly failure: ComputeFailure | undefined
}

export interface ComputeFailure {
  /** What failed: `cuInit`, `context`, `upload`, ... */
  readonly step: string
  /** CUresult of cuda.h; undefined if the program ended without one. */
  readonly code: number | undefined
  readonly meaning: string
  readonly cause?: string
  /** What to do on the node; undefined if the usual run may help. */
  readonly cure?: string
  /** The GPU is in use by others, so nothing is known about it. */
  readonly busy: boolean
}

/** Never throws: what it does not understand becomes a failure. */
export function parseProbe({ code, stdout, stderr }: Answer): Computing {
  const said = firstLine(stderr)
  const init = /^init (-?\d{1,9})$/m.exec(stdout)?.[1]
  if (init === undefined) {
    if (code === 126) return { kind: 'unable', why: said || 'programs cannot run there' }
    if (code === 9) return { kind: 'failed', failure: ended('start', said) }
    if (/libcuda\.so\.1/.test(said))
      return {
        kind: 'failed',
        failure: { ...ended('start', 'libcuda.so.1 is not installed'), code: undefined },
      }
    return { kind: 'failed', failure: ended('cuInit', said || `ended with exit status ${code}`) }
  }
  if (init !== '0') return { kind: 'failed', failure: failureOf('cuInit', Number(init)) }
  const count = /^count (-?\d{1,9}) (-?\d{1,9})$/m.exec(stdout)
  if (count === null)
    return { kind: 'failed', failure: ended('cuDeviceGetCount', said || `exit status ${code}`) }
  if (count[1] !== '0') return { kind: 'failed', failure: failureOf('cuDeviceGetCount', Number(count[1])) }
  const gpus = [...stdout.matchAll(/^gpu (\S{1,32}) (\S{1,16}) (-?\d{1,9})$/gm)].map(
    ([, address = '', step = '', result = '']): ComputingGpu => ({
      pci: address === '-' ? '' : normalAddress(address),
      failure: step === 'done' && result === '0' ? undefined : failureOf(step, Number(result)),
    }),
  )
  if (gpus.length < Number(count[2]))
    return { kind: 'failed', failure: ended('context', said || `ended with exit status ${code}`) }
  return { kind: 'gpus', gpus }
}

function ended(step: string, meaning: string): ComputeFailure {
  return { step, code: undefined, meaning, busy: false }
}

function failureOf(step: string, code: number): ComputeFailure {
  const { name = 'an unknown error', cause, cure, busy = false } = results[code] ?? {}
  return {
    step,
    code,
    meaning: step === 'compare' ? 'the GPU returned other data than it was sent' : `${name} (${code})`,
    ...defined({ cause, cure }),
    busy,
  }
}

interface Meaning {
  readonly name: string
  readonly cause?: string
  readonly cure?: string
  readonly busy?: true
}

/** CUresult of cuda.h, with the causes seen in containers. */
const results: Readonly<Record<number, Meaning>> = {
  2: {
    name: 'CUDA_ERROR_OUT_OF_MEMORY',
    cause: "other programs use the GPU's memory",
    busy: true,
  },
  3: { name: 'CUDA_ERROR_NOT_INITIALIZED' },
  34: {
    name: 'CUDA_ERROR_STUB_LIBRARY',
    cause: "a toolkit's stub library is found before the driver's libcuda.so.1",
  },
  46: {
    name: 'CUDA_ERROR_DEVICE_UNAVAILABLE',
    cause: 'another program uses the GPU exclusively',
    busy: true,
  },
  100: {
    name: 'CUDA_ERROR_NO_DEVICE',
    cause: 'no GPU is accessible, its device node cannot be opened, or it is in MIG mode without an instance',
  },
  101: { name: 'CUDA_ERROR_INVALID_DEVICE' },
  214: {
    name: 'CUDA_ERROR_ECC_UNCORRECTABLE',
    cause: "the GPU's memory is defective",
    cure: 'reset the GPU or reboot the node; if the error returns, replace the card',
  },
  304: {
    name: 'CUDA_ERROR_OPERATING_SYSTEM',
    cause: '/dev/nvidia-uvm is missing or cannot be opened',
  },
  702: { name: 'CUDA_ERROR_LAUNCH_TIMEOUT' },
  719: { name: 'CUDA_ERROR_LAUNCH_FAILED' },
  802: {
    name: 'CUDA_ERROR_SYSTEM_NOT_READY',
    cause: 'nvidia-fabricmanager does not run on the node, or in another version than the driver',
    cure: "on the node, install nvidia-fabricmanager in the driver's version, then: systemctl enable --now nvidia-fabricmanager",
  },
  803: {
    name: 'CUDA_ERROR_SYSTEM_DRIVER_MISMATCH',
    cause: 'libcuda and the loaded kernel module have different versions',
  },
  804: {
    name: 'CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE',
    cause: 'a cuda-compat package replaces the driver library, which this GPU does not support',
  },
  999: {
    name: 'CUDA_ERROR_UNKNOWN',
    cause: '/dev/nvidia-uvm is missing, cannot be opened, or has another major number than on the node',
  },
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]?.slice(0, 300) ?? ''
}
