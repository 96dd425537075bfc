/** Kernels besides the running one: DKMS builds the driver for each, so that a boot into them loads it. */
import { isUnknown } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import { sha256Of } from '../host/content.ts'
import type { Host } from '../host/host.ts'
import type { Plan } from '../host/plan.ts'
import { resource } from '../host/resource.ts'
import { buildOutput, type DkmsModule } from './dkms-trees.ts'
import { type DkmsState, dkmsState } from './installer.ts'
import { failedBuildFile, readFailedBuild } from './kernels.ts'
import { helper } from './reload.ts'

export interface OtherKernel {
  readonly release: string
  readonly dkms: DkmsState
  /** Whether DKMS has headers to build with. */
  readonly headers: boolean
  /** Why the last build failed; undefined if it did not. A boot forgets it. */
  readonly failed: string | undefined
}

export interface KernelsToBuildFor {
  /** All that need the driver. */
  readonly kernels: readonly string[]
  /** Undefined in a dry run that reboots the node first. */
  readonly running: string | undefined
  /** Output of `dkms status`; undefined if DKMS is not installed yet or a dry run cannot know. */
  readonly dkms: string | undefined
}

export async function readOtherKernels(
  module: DkmsModule,
  { kernels, running, dkms }: KernelsToBuildFor,
  host: Host,
): Promise<readonly OtherKernel[]> {
  const { version } = module
  const others = kernels.filter((release) => release !== running)
  return Promise.all(
    others.map(async (release) => {
      const [headers, failed] = await Promise.all([
        host.maybe(host.stat(`/lib/modules/${release}/build`, { follow: true })),
        readFailedBuild(host, { kernel: release, version }),
      ])
      return {
        release,
        dkms: dkmsState(dkms ?? '', module, release),
        headers: isUnknown(headers) || headers !== undefined,
        failed,
      }
    }),
  )
}

/** DKMS can build for other kernels once it has the driver's source, which the installer brings. */
export function withOtherKernels(
  version: string,
  { otherKernels, source }: { readonly otherKernels: readonly OtherKernel[]; readonly source: boolean },
  planned: Plan,
): Plan {
  if (planned.refusal !== undefined || (planned.actions.length === 0 && !source)) return planned
  const missing = otherKernels.filter(({ dkms }) => dkms !== 'installed')
  return {
    ...planned,
    actions: [...planned.actions, ...buildForOthers(version, missing)],
    warnings: [...planned.warnings, ...otherKernelWarnings(version, missing)],
  }
}

/**
 * The helper exits with 0 even if DKMS cannot build for a kernel, and records the cause: the driver works until
 * that kernel boots, and `gpu_verify` reports it.
 */
function buildForOthers(version: string, missing: readonly OtherKernel[]): readonly Action[] {
  const buildable = missing.filter(({ headers, failed }) => headers && failed === undefined)
  return buildable.map(({ release }) => ({
    kind: 'run',
    argv: [helper, 'build', version, release],
    timeout: 1800,
    detached: { name: 'nvidia-dkms', fingerprint: sha256Of(['build', version, release].join('\0')) },
    label: `build driver ${version} for kernel ${release}`,
    logs: [buildOutput({ name: 'nvidia', version })],
    effects: [
      {
        kind: 'unknown',
        resources: [
          'file:/var/lib/dkms/*',
          `file:/lib/modules/${release}/*`,
          'file:/boot/initrd.img-*',
          resource('file', failedBuildFile(release)),
        ],
        why: 'an earlier action builds the driver',
      },
    ],
  }))
}

function otherKernelWarnings(version: string, missing: readonly OtherKernel[]): readonly string[] {
  return missing.flatMap(({ release, headers, failed }) => {
    if (!headers) return [`kernel ${release} gets no module: its headers are not installed`]
    return failed === undefined
      ? []
      : [
          `kernel ${release} has no module of driver ${version}: ${failed}. To build again, remove ${failedBuildFile(release)} on the node`,
        ]
  })
}
