/** What DKMS builds for the running kernel once a driver is installed. */
import type { Action, Effect } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { buildOutput } from '../../nvidia/dkms-trees.ts'
import { type DkmsState, installerOutput } from '../../nvidia/installer.ts'
import type { SecureBoot } from '../../nvidia/secure-boot.ts'
import type { Args } from './args.ts'
import { needsSigning, signingActions } from '../../nvidia/signing.ts'

/** The fields of the module's `Seen` with the same names. */
interface Installed {
  readonly kernel: string | undefined
  readonly dkms: DkmsState | undefined
  readonly secureBoot: SecureBoot
  readonly unsigned: readonly string[]
  readonly source: boolean
  readonly loaded: string | undefined
}

/** What DKMS has to build for an installed driver. */
export function buildPlan(given: Args, seen: Installed): Plan {
  const kernels = needsSigning(seen)
  return kernels.length > 0
    ? actions(signingActions({ name: 'nvidia', version: given.version }, kernels))
    : dkmsPlan(given, seen)
}

function dkmsPlan({ version }: Args, { dkms, source, loaded, kernel }: Installed): Plan {
  if (dkms === 'installed') return done()
  if (source && dkms !== undefined && kernel !== undefined) {
    const command = (verb: string, more: readonly string[]): Action => ({
      kind: 'run',
      argv: ['dkms', verb, '-m', 'nvidia', '-v', version, ...more],
      timeout: 1800,
      detached: { name: 'nvidia-dkms', fingerprint: sha256Of([verb, version, kernel].join('\0')) },
      label:
        verb === 'add' ? `register driver ${version} with DKMS` : `build driver ${version} for ${kernel}`,
      hint: `see ${buildOutput({ name: 'nvidia', version })} for the build's output`,
      logs: [buildOutput({ name: 'nvidia', version })],
      effects: [
        {
          kind: 'unknown',
          resources: ['file:/var/lib/dkms/*', `file:/lib/modules/${kernel}/*`],
          why: 'an earlier action builds the driver',
        },
        ...bootEffects(version),
      ],
    })
    return actions([dkms === 'absent' ? command('add', []) : undefined, command('install', ['-k', kernel])])
  }
  if (loaded === version)
    return done([
      `driver ${version} is loaded but not registered with DKMS: the next kernel will not have it`,
    ])
  // A dry run cannot predict the output of DKMS; a run checks it after every installation.
  if (dkms === undefined && !source) return done()
  return refuse({
    code: 'dkms-not-registered',
    message: `the installer did not register driver ${version} with DKMS for kernel ${kernel ?? ''}`,
    hint: `see ${installerOutput} and ${buildOutput({ name: 'nvidia', version })}; the driver may be too old for this kernel`,
  })
}

/** The role's boot service loads the installed driver. */
export function bootEffects(version: string): readonly Effect[] {
  return [{ kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true, version }, afterBoot: true }]
}
