/**
 * Takes, deletes and rolls back snapshots of a container, with `pct` on its node.
 *
 * A snapshot that an interrupted task has left incomplete is worthless (Proxmox refuses to roll back to it),
 * so it is taken again. A rollback is carried out once for each request (`src/proxmox/rollbacks.ts`).
 */
import { done, type Plan, refuse } from '../../host/plan.ts'
import { type ContainerConfig, parseContainerConfig } from '../../proxmox/container-config.ts'
import { lockOf } from '../../proxmox/device-entries.ts'
import { missingContainer } from '../../proxmox/find-guest.ts'
import { waitForTasks, waitForWork } from '../../proxmox/running-copies.ts'
import { completeSnapshots, snapshotsOf, type TakenSnapshot } from '../../proxmox/snapshots.ts'
import type { Module } from '../module.ts'
import { mayChangeContainer } from '../support/container-args.ts'
import { args, type Args, result } from './args.ts'
import { planRollback } from './rolling-back.ts'
import { probe, type Seen } from './seen.ts'
import { planDeletion, planTaking } from './taking.ts'

export const pveContainerSnapshot = {
  name: 'pve_container_snapshot',
  summary: 'Takes, deletes or rolls back a snapshot of a container.',
  args,
  result,
  exitCode: 4,
  mayChange: mayChangeContainer,
  probe,
  plan,
  report: (_, { ctid, container }) => ({
    ctid,
    snapshots: completeSnapshots(parseContainerConfig(container?.config ?? '')),
  }),
} satisfies Module<Args, Seen>

function plan(given: Args, seen: Seen): Plan {
  const { ctid, node, container, elsewhere, tasks } = seen
  if (container === undefined) return refuse(missingContainer(node, ctid, elsewhere))
  const config = parseContainerConfig(container.config)
  const name = nameHindrance(given, seen, config)
  if (name) return name
  const snapshot = snapshotsOf(config).find((each) => each.name === given.name)
  if (given.state === 'present' && snapshot !== undefined && !isDue(given, snapshot)) return done()
  if (given.state === 'absent' && snapshot === undefined) return done()
  const lock = lockOf(config)
  if (lock !== undefined && tasks.length > 0) return waitForTasks(ctid, tasks, given)
  // A task that was killed has left its lock.
  const ours = ['snapshot', 'snapshot-delete'].includes(lock ?? '') && snapshot?.incomplete !== undefined
  const unlocks = ours || (given.state === 'rollback' && lock === 'rollback')
  const locked = unlocks ? undefined : waitForWork({ ...seen, config }, given)
  if (locked) return locked
  const present = { config, snapshot, locked: lock !== undefined }
  switch (given.state) {
    case 'present':
      return planTaking(given, seen, present)
    case 'absent':
      return planDeletion(given, seen, present)
    case 'rollback':
      return planRollback(given, seen, present)
  }
}

/** Whether the snapshot is taken again: an incomplete one is worthless. */
function isDue({ renew, description }: Args, snapshot: TakenSnapshot): boolean {
  return snapshot.incomplete !== undefined || (renew && snapshot.description !== description)
}

function nameHindrance(given: Args, { ctid, node }: Seen, { current }: ContainerConfig): Plan | undefined {
  const is = current.settings.get('hostname') ?? `CT${ctid}`
  if (given.hostname === undefined) {
    if (given.state === 'present') return undefined
    return refuse({
      code: 'hostname-missing',
      message: `no snapshot of container ${ctid} is ${given.state === 'absent' ? 'deleted' : 'rolled back'} without its name`,
      hint: `set hostname; on ${node} it is ${is}`,
      exitCode: 2,
    })
  }
  if (given.hostname === is) return undefined
  return refuse({
    code: 'other-container',
    message: `container ${ctid} of ${node} is called ${is}, not ${given.hostname}: it is left alone`,
    hint: 'correct ctid or hostname',
    exitCode: 2,
  })
}
