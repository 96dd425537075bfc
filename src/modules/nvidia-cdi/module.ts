/**
 * Generates the CDI specification of a host's GPUs for container runtimes, and generates it again when the
 * driver or the GPUs have changed. Without GPUs there is none: a runtime would offer devices that do not exist.
 */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { cdiDirectory, cdiFile, type CdiState, readCdi, staleCdi, usesCdi } from '../../nvidia/cdi.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen extends CdiState {
  /** Whether the directory of the specification exists. */
  readonly directory: boolean
}

export const nvidiaCdi = {
  name: 'nvidia_cdi',
  summary: "Generates the CDI specification of the host's NVIDIA GPUs for container runtimes.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { driver }) => ({ driver: driver ?? null }),
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const [state, directory] = await Promise.all([readCdi(host), host.stat(cdiDirectory, { follow: true })])
  return { ...state, directory: directory !== undefined }
}

function plan(_: Args, seen: Seen): Plan {
  if (seen.driver === undefined || seen.nodes.length === 0)
    return seen.spec === undefined
      ? done()
      : actions([{ kind: 'remove', path: cdiFile, label: 'remove the CDI specification: there is no GPU' }])
  const why = staleCdi(seen)
  if (!usesCdi(seen) || why === undefined) return done()
  return actions([
    seen.directory ? undefined : { kind: 'makeDirectory', path: cdiDirectory, mode: '0755' },
    {
      kind: 'run',
      argv: ['nvidia-ctk', 'cdi', 'generate', '--output', cdiFile],
      timeout: 120,
      label: `generate the CDI specification: ${why}`,
      hint: 'run nvidia-smi on the host: the specification can be generated only if the GPUs work',
      effects: [
        {
          kind: 'unknown',
          resources: [resource('file', cdiFile)],
          why: 'an earlier action generates the CDI specification',
        },
      ],
    },
  ])
}
