/** Reasons why a CUDA toolkit cannot be installed, with their fixes. */
import type { Refusal } from '../../host/plan.ts'
import { compatibility } from '../../nvidia/cuda.ts'
import { cudaRepositories } from '../../nvidia/cuda-sources.ts'
import { cudaMisfits } from '../../nvidia/generations.ts'
import { atLeast } from '../../base/version.ts'
import type { Args } from './args.ts'
import type { Inside, Seen } from './seen.ts'

/** Set if the toolkit is too old or too new for a GPU of the container. */
export function misfitOf({ version }: Args, { ctid, cards }: Seen): Refusal | undefined {
  const [misfit] = cudaMisfits(version, cards)
  if (misfit === undefined) return undefined
  const { card, generation, first, dropped } = misfit
  const old = !atLeast(version, first)
  return {
    code: old ? 'cuda-too-old-for-gpu' : 'cuda-too-new-for-gpu',
    message: `the GPU ${card.pci} of container ${ctid} is ${generation}, which CUDA ${version} ${old ? 'does not know yet' : 'no longer supports'}`,
    hint: old
      ? `set cuda_toolkit_version to ${first} or newer`
      : `set cuda_toolkit_version to a version before ${dropped ?? version}`,
    exitCode: 2,
  }
}

/** A refusal, a warning, or undefined if the toolkit supports the driver. */
export function compatibilityOf(
  { version, compat }: Args,
  { node, driver }: Seen,
): Refusal | string | undefined {
  if (driver === undefined) return undefined
  const { kind, least = '' } = compatibility(version, driver)
  if (kind === 'full') return undefined
  const newer = `install driver ${least} or newer on ${node} (nvidia_driver_version), or an older toolkit`
  if (kind === 'none' || compat === 'strict')
    return {
      code: 'driver-too-old-for-cuda',
      message: `CUDA ${version} needs driver ${least} or newer, but ${node} has ${driver} loaded`,
      hint: newer,
      exitCode: 2,
    }
  return `CUDA ${version} is built for driver ${least} or newer, but ${node} has ${driver}: programs that compile code at run time (PTX) may fail`
}

export function refusalOf(
  { version, sources, mirror }: Args,
  { ctid }: Seen,
  inside: Inside,
): Refusal | undefined {
  const { distribution, osName } = inside
  if (distribution === undefined)
    return {
      code: 'no-cuda-repository',
      message: `container ${ctid} runs ${osName ?? 'an unknown system'}, for which NVIDIA has no apt repository`,
      hint: 'use a Debian or Ubuntu container',
      exitCode: 2,
    }
  const system = osName ?? distribution
  if (/^debian1[3-9]$/.test(distribution) && !atLeast(version, '13.0'))
    return {
      code: 'no-candidate',
      message: `NVIDIA publishes CUDA ${version} for Debian 12 and older, and container ${ctid} runs ${system}`,
      hint: 'use CUDA 13.0 or newer, or a Debian 12 container: Debian 13 rejects the SHA-1 signature on the key of the older repository',
      exitCode: 2,
    }
  if (inside.unpublished)
    return {
      code: 'no-cuda-repository',
      message: `there is no apt repository of CUDA for ${system}, which container ${ctid} runs`,
      hint: `use a container with one of the releases at ${cudaRepositories(mirror)}`,
      exitCode: 2,
    }
  if (sources === 'refuse' && inside.sources.length > 1)
    return {
      code: 'several-cuda-sources',
      message: `container ${ctid} has ${inside.sources.length} apt sources for CUDA, but apt accepts only one`,
      hint: 'remove all but one, or set cuda_toolkit_sources: disable',
      findings: inside.sources.map(({ path, entry, text }) => ({
        message: `${path}, line ${entry.from + 1}`,
        line: text,
      })),
    }
  return undefined
}

export interface Lack {
  readonly distribution: string
  readonly missing: readonly string[]
  /** Similar packages in the repository. */
  readonly available: readonly string[]
}

export function noCandidate({ distribution, missing, available }: Lack): Refusal {
  const versions = available.flatMap((name) => {
    const found = /-(\d+)-(\d+)$/.exec(name)
    return found === null ? [] : [`${found[1]}.${found[2]}`]
  })
  const listed = versions.length === 0 ? 'it has none' : `it has ${versions.sort().join(', ')}`
  return {
    code: 'no-candidate',
    message: `NVIDIA's repository for ${distribution} has no ${missing.join(', ')}`,
    hint: `choose another cuda_toolkit_version (${listed})`,
  }
}
