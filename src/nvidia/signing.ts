/**
 * Signatures of the kernel modules that DKMS has installed: with Secure Boot, a kernel loads no others. DKMS
 * signs what it builds, but takes modules from an installer as they are, and `dkms install --force` does not
 * sign what is already built.
 */
import { isUnknown } from '../base/unknown.ts'
import { sha256Of } from '../host/content.ts'
import type { Action } from '../host/action.ts'
import type { Host } from '../host/host.ts'
import { buildOutput, type DkmsModule, moduleFileOf } from './dkms-trees.ts'
import { type DkmsState, dkmsKernels, moduleSigner } from './installer.ts'
import type { SecureBoot } from './secure-boot.ts'

interface Builds {
  /** Output of `dkms status`. */
  readonly status: string | undefined
  readonly secureBoot: SecureBoot
}

/** The kernels that would refuse the driver's modules because they have no signature, although DKMS has a key. */
export async function readUnsigned(
  module: DkmsModule,
  { status, secureBoot }: Builds,
  host: Host,
): Promise<readonly string[]> {
  if (secureBoot !== 'key-enrolled' || status === undefined) return []
  const kernels = dkmsKernels(status, module)
  const file = moduleFileOf(module)
  const signers = await Promise.all(
    kernels.map((kernel) => host.maybe(host.ask(moduleSigner({ kernel, file })))),
  )
  return kernels.filter((_, index) => !isUnknown(signers[index]) && signers[index] === '')
}

interface Signed {
  readonly secureBoot: SecureBoot
  readonly unsigned: readonly string[]
  readonly dkms: DkmsState | undefined
  readonly kernel: string | undefined
}

/** The kernels for which DKMS has to build again. A module that is built but not installed may be unsigned. */
export function needsSigning({ secureBoot, unsigned, dkms, kernel }: Signed): readonly string[] {
  const built = secureBoot === 'key-enrolled' && dkms === 'built' && kernel !== undefined ? [kernel] : []
  return [...unsigned, ...built]
}

/** Builds, signs and installs the modules of a driver for these kernels. */
export function signingActions({ name, version }: DkmsModule, kernels: readonly string[]): readonly Action[] {
  return kernels.flatMap((kernel) =>
    ['build', 'install'].map((verb): Action => ({
      kind: 'run',
      argv: ['dkms', verb, '--force', '-m', name, '-v', version, '-k', kernel],
      timeout: 1800,
      detached: {
        name: 'nvidia-dkms',
        fingerprint: sha256Of(['sign', verb, name, version, kernel].join('\0')),
      },
      label:
        verb === 'build'
          ? `build and sign driver ${version} for ${kernel}`
          : `install the signed modules for ${kernel}`,
      hint: `see ${buildOutput({ name, version })} for the build's output`,
      logs: [buildOutput({ name, version })],
      effects: [
        {
          kind: 'unknown',
          resources: ['file:/var/lib/dkms/*', `file:/lib/modules/${kernel}/*`],
          why: 'an earlier action builds and signs the driver',
        },
      ],
    })),
  )
}
