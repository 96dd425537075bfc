/** Whether a container runtime inside a container can use the GPUs. Pure. */
import type { Finding } from '../../host/plan.ts'
import { staleCdi, usesCdi } from '../../nvidia/cdi.ts'
import type { InDocker } from '../../nvidia/docker.ts'
import type { Gpu } from '../../nvidia/gpus.ts'
import type { Args } from './args.ts'
import type { ContainerSeen } from './read-container.ts'
import type { RuntimeSeen } from './read-runtime.ts'
import { visibility } from './visibility.ts'

/** What fails first explains the rest, so it is reported alone. */
export function runtimeFindings(
  { runtime_image: image }: Args,
  { assigned, runtime }: ContainerSeen,
  fix: string,
): readonly Finding[] {
  if (runtime === undefined) return []
  const { installed, service, cdi, test } = runtime
  const gpus = assigned?.kind === 'gpus' ? assigned.gpus : []
  if (!installed) return [{ message: 'Docker is required, but not installed', fix }]
  if (service !== 'active')
    return [
      { message: `docker.service is ${service || 'in an unknown state'}`, fix: 'see journalctl -u docker' },
    ]
  if (gpus.length === 0) return []
  if (cdi.toolkit === undefined)
    return [{ message: 'the NVIDIA Container Toolkit is required, but not installed', fix }]
  return cdiFinding(runtime, fix) ?? (test === undefined ? [] : testFindings(test, { image, gpus, fix }))
}

function cdiFinding({ cdi, devices }: RuntimeSeen, fix: string): readonly Finding[] | undefined {
  if (!usesCdi(cdi)) return undefined
  const stale = staleCdi(cdi)
  if (stale !== undefined)
    return [
      {
        message: `the CDI specification is not up to date: ${stale}`,
        cause: 'the driver or the GPUs have changed since it was generated',
        fix,
      },
    ]
  if (devices.includes('nvidia.com/gpu=all')) return undefined
  return [
    { message: 'nvidia-ctk lists no device nvidia.com/gpu=all', fix: 'see nvidia-ctk --debug cdi list' },
  ]
}

interface Test {
  readonly image: string
  readonly gpus: readonly Gpu[]
  readonly fix: string
}

function testFindings(test: InDocker, { image, gpus, fix }: Test): readonly Finding[] {
  const where = `in a Docker container of ${image}`
  switch (test.kind) {
    case 'noImage':
      return [{ message: `Docker does not have the image ${image}`, fix: `docker pull ${image}` }]
    case 'notStarted':
      return [{ message: `nvidia-smi does not start ${where}: ${test.why}`, fix }]
    case 'failed':
      return [{ message: `nvidia-smi exits with status ${test.code} ${where}: ${test.meaning}`, fix }]
    case 'gpus': {
      const { missing, extra } = visibility(gpus, test.gpus)
      return [
        ...missing.map(({ pci, uuid }) => ({
          message: `${uuid ?? 'the GPU'} (${pci}) is assigned, but not visible ${where}`,
          fix,
        })),
        ...extra.map(({ pci, uuid }) => ({
          message: `${uuid} (${pci}) is visible ${where}, but not assigned`,
          fix,
        })),
      ]
    }
  }
}
