/**
 * Starts or stops nvidia-persistenced, which replaces the older persistence mode of the kernel modules. The
 * `.run` contains the program but installs no unit for it; the role nvidia_host does. After the start, the
 * daemon keeps no GPU initialized: `nvidia_power` turns that on for each GPU.
 *
 * A node whose driver has no such program, and one where another unit runs it, stay as they are.
 */
import { known } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { persistenceUnit } from '../../nvidia/reload.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** Whether the driver contains the daemon. */
  readonly shipped: boolean
  readonly loaded: boolean
  /** Whether the unit of the role runs it. */
  readonly own: boolean
  /** Whether the unit of a package or an administrator runs it. */
  readonly other: boolean
}

const program = '/usr/bin/nvidia-persistenced'
const otherUnit = 'nvidia-persistenced.service'

export const nvidiaPersistenceDaemon = {
  name: 'nvidia_persistence_daemon',
  summary: 'Starts or stops the daemon that keeps GPUs initialized.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report: ({ state }, seen) => ({
    unit: seen.other
      ? otherUnit
      : state === 'started' && (seen.own || canStart(seen))
        ? persistenceUnit
        : null,
  }),
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const [file, driver, own, other] = await Promise.all([
    host.stat(program),
    host.kernelModule('nvidia'),
    host.unit(persistenceUnit),
    host.unit(otherUnit),
  ])
  return {
    shipped: file !== undefined,
    loaded: driver.loaded,
    own: known(own.active) === 'active',
    other: known(other.active) === 'active',
  }
}

/** The daemon exits if no driver is loaded. */
function canStart({ shipped, loaded, other }: Seen): boolean {
  return shipped && loaded && !other
}

function plan({ state }: Args, seen: Seen): Plan {
  if (state === 'stopped') return seen.own ? actions([systemctl('stop', 'inactive')]) : done()
  return seen.own || !canStart(seen) ? done() : actions([systemctl('start', 'active')])
}

function systemctl(verb: 'start' | 'stop', active: string): Action {
  return {
    kind: 'run',
    argv: ['systemctl', verb, persistenceUnit],
    timeout: 120,
    label: `${verb} ${persistenceUnit}`,
    hint: `see \`journalctl -u ${persistenceUnit}\` on the node`,
    effects: [
      { kind: 'unit', name: persistenceUnit, becomes: { active } },
      // Answers of nvidia-smi depend on it.
      {
        kind: 'unknown',
        resources: ['file:/dev/nvidiactl'],
        why: 'an earlier action changes how GPUs are kept initialized',
      },
    ],
  }
}
