/** Reboots the host and waits for it. */
import type { Host, KernelStatus } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { readCluster, restartSlots } from '../../proxmox/cluster.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly kernel: KernelStatus | undefined
  readonly container: boolean
  readonly slots: readonly string[]
}

export const reboot = {
  name: 'reboot',
  summary: 'Reboots a node and waits until it is back.',
  args,
  result,
  exitCode: 6,
  // The task decides whether a reboot is needed, and does not know that it was done.
  imperative: () => true,
  probe,
  plan,
  report: (_, { kernel }) => ({ boot_id: kernel?.bootId ?? '', kernel: kernel?.release ?? '' }),
} satisfies Module<Args, Seen>

async function probe({ required }: Args, host: Host): Promise<Seen> {
  const container = host.placement.ctid !== undefined
  if (!required || container) return { kernel: undefined, container, slots: [] }
  const [kernel, cluster] = await Promise.all([host.kernel(), readCluster(host)])
  return { kernel, container, slots: restartSlots(cluster) }
}

function plan({ required, reason, timeout }: Args, { container, slots }: Seen): Plan {
  if (!required) return done()
  if (container)
    return refuse({
      code: 'no-reboot-of-containers',
      message: 'cannot reboot a container: it shares the kernel of its node',
      hint: 'use `pve_container_restart`, which restarts a container if its devices have changed, or run `pct reboot` on the node',
    })
  return actions([{ kind: 'reboot', reason, timeout, slots }])
}
