/**
 * Waits until Proxmox VE has no lock on a running container that has a GPU. `nvidia_loaded` waits for the same before it
 * stops them; this module does so before anything is installed, and its failure leaves the node as it is.
 */
import type { Host } from '../../host/host.ts'
import { done, type Plan } from '../../host/plan.ts'
import { type GpuContainer, readGpuContainers } from '../../nvidia/gpu-containers.ts'
import { waitForLocks } from '../../proxmox/locks.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const nvidiaUnlocked = {
  name: 'nvidia_unlocked',
  summary: 'Waits until no running container with a GPU is locked by Proxmox VE.',
  args,
  result,
  exitCode: 4,
  probe: (_, host: Host) => readGpuContainers(host),
  plan,
} satisfies Module<Args, readonly GpuContainer[]>

function plan({ containers, timeout }: Args, seen: readonly GpuContainer[]): Plan {
  const managed = containers.map(({ ctid }) => String(ctid))
  const toStop = seen.filter(({ ctid, running }) => running && managed.includes(ctid))
  return waitForLocks(toStop, timeout) ?? done()
}
