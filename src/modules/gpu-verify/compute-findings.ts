/** The findings of computing on GPUs, and what could not be found out. Pure. */
import { defined } from '../../base/defined.ts'
import type { Finding } from '../../host/plan.ts'
import type { ComputeFailure, Computing } from '../../nvidia/cuda-probe.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import type { VisibleGpu } from '../../nvidia/smi.ts'

interface Computed {
  readonly computing: Computing | undefined
  /** The GPUs that must compute, all of them shown by nvidia-smi. */
  readonly gpus: readonly Gpu[]
  readonly visible: readonly VisibleGpu[]
  /** ` for the user nobody`, or empty for root. */
  readonly who: string
  readonly fix?: string
}

export function computeFindings({ computing, gpus, visible, who, fix }: Computed): readonly Finding[] {
  const migFindings = gpus
    .filter((gpu) => isInMigMode(gpu, visible))
    .map(({ pci }) => ({
      message: `the GPU at ${pci} is in MIG mode`,
      cause: 'in MIG mode, a GPU computes only in instances, and gpuplay assigns whole GPUs',
      fix: `turn MIG mode off on the node: nvidia-smi -i ${pci} -mig 0`,
    }))
  if (migFindings.length > 0) return who === '' ? migFindings : []
  if (computing === undefined || computing.kind === 'unable') return []
  const finding = (where: string, failure: ComputeFailure): Finding => ({
    message: `CUDA does not work${where}${who}: ${failure.step}: ${failure.meaning}`,
    ...defined({ cause: failure.cause, fix: failure.cure ?? fix }),
  })
  if (computing.kind === 'failed') return [finding('', computing.failure)]
  return gpus.flatMap(({ pci }) => {
    const found = computing.gpus.find((gpu) => gpu.pci === pci)
    if (found === undefined)
      return [{ message: `CUDA does not find the GPU at ${pci}${who}`, ...defined({ fix }) }]
    return found.failure === undefined || found.failure.busy ? [] : [finding(` on ${pci}`, found.failure)]
  })
}

/** Why nothing is known about some GPUs, although nothing is wrong with them. */
export function computeWarnings(computing: Computing | undefined, where: string): readonly string[] {
  if (computing === undefined || computing.kind === 'failed') return []
  if (computing.kind === 'unable') return [`cannot check whether CUDA works ${where}: ${computing.why}`]
  return computing.gpus.flatMap(({ pci, failure }) =>
    failure?.busy === true
      ? [`cannot check whether CUDA works ${where} on ${pci}: ${failure.cause ?? failure.meaning}`]
      : [],
  )
}

/** Whether it is known that every one of these GPUs computes. */
export function allCompute(computing: Computing | undefined, gpus: readonly Gpu[]): boolean {
  return (
    computing?.kind === 'gpus' &&
    gpus.every(({ pci }) => computing.gpus.some((gpu) => gpu.pci === pci && gpu.failure === undefined))
  )
}

function isInMigMode(gpu: Gpu, visible: readonly VisibleGpu[]): boolean {
  return visible.some(({ pci, mig }) => mig && pci === gpu.pci)
}
