/** What DKMS has of the driver in the required version, and what it has to build and sign. */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { buildOutput, type DkmsModule, readDkmsTrees } from '../../nvidia/dkms-trees.ts'
import { type DkmsState, dkmsState, dkmsStatus } from '../../nvidia/installer.ts'
import { type OtherKernel, readOtherKernels, withOtherKernels } from '../../nvidia/other-kernels.ts'
import type { SecureBoot } from '../../nvidia/secure-boot.ts'
import { needsSigning, readUnsigned, signingActions } from '../../nvidia/signing.ts'
import type { Args } from './args.ts'

export interface Modules {
  /** Release of the running kernel; undefined in a dry run that reboots the node first. */
  readonly kernel: string | undefined
  /** The sources; undefined if they are not installed, or a dry run cannot know. */
  readonly source: DkmsModule | undefined
  /** For the running kernel; undefined if DKMS is missing or a dry run cannot know. */
  readonly dkms: DkmsState | undefined
  readonly otherKernels: readonly OtherKernel[]
  /** Kernels whose modules are not signed; empty unless Secure Boot is on and DKMS's key is enrolled. */
  readonly unsigned: readonly string[]
}

export async function readModules(
  { version, kernels }: Args,
  secureBoot: SecureBoot,
  host: Host,
): Promise<Modules> {
  const [running, status, known] = await Promise.all([
    host.maybe(host.kernel()),
    host.maybe(host.ask(dkmsStatus)),
    host.maybe(readDkmsTrees(host)),
  ])
  const kernel = isUnknown(running) ? undefined : running.release
  const dkms = knownOr(status, undefined)
  const source = knownOr(known, []).find((tree) => tree.whole && tree.version === version)
  const module = source ?? { name: 'nvidia', version }
  return {
    kernel,
    source,
    dkms: dkms === undefined || kernel === undefined ? undefined : dkmsState(dkms, module, kernel),
    otherKernels: await readOtherKernels(module, { kernels, running: kernel, dkms }, host),
    unsigned: await readUnsigned(module, { status: dkms, secureBoot }, host),
  }
}

/** Debian's packages build only for kernels whose headers are installed, and not for all of these. */
export function withModules(
  { version }: Args,
  {
    modules,
    secureBoot,
    changes,
  }: {
    readonly modules: Modules
    readonly secureBoot: SecureBoot
    /** Whether apt brings other packages first. */
    readonly changes: boolean
  },
  packaged: Plan,
): Plan {
  const { source, otherKernels } = modules
  // The helper names the cause if a kernel has no headers; a dry run cannot know those of an earlier task.
  if (changes)
    return withOtherKernels(
      version,
      { source: false, otherKernels: otherKernels.map((kernel) => ({ ...kernel, headers: true })) },
      packaged,
    )
  if (source === undefined) return packaged
  const unsigned = needsSigning({ ...modules, secureBoot })
  const list = [
    ...packaged.actions,
    ...(unsigned.length > 0 ? signingActions(source, unsigned) : build(source, modules)),
  ]
  const { diffs } = packaged
  const own = list.length > 0 ? actions(list, { diffs }) : done()
  return withOtherKernels(version, { source: true, otherKernels }, own)
}

function build({ name, version }: DkmsModule, { dkms, kernel }: Modules): readonly Action[] {
  if (dkms === undefined || dkms === 'installed' || kernel === undefined) return []
  return [
    {
      kind: 'run',
      argv: ['dkms', 'install', '-m', name, '-v', version, '-k', kernel],
      timeout: 1800,
      detached: { name: 'nvidia-dkms', fingerprint: sha256Of([name, version, kernel].join(' ')) },
      label: `build driver ${version} for ${kernel}`,
      hint: `see ${buildOutput({ name, version })} for the build's output`,
      logs: [buildOutput({ name, version })],
      effects: [
        {
          kind: 'unknown',
          resources: ['file:/var/lib/dkms/*', `file:/lib/modules/${kernel}/*`],
          why: 'an earlier action builds the driver',
        },
      ],
    },
  ]
}
