/** The plan that destroys a container. */
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { configFile } from '../../proxmox/config-change.ts'
import { type ContainerConfig, parseContainerConfig } from '../../proxmox/container-config.ts'
import { lockOf } from '../../proxmox/device-entries.ts'
import { longPct } from '../../proxmox/pct-actions.ts'
import { waitForWork } from '../../proxmox/running-copies.ts'
import { volumesOf } from '../../proxmox/storages.ts'
import type { Args } from './args.ts'
import { isHalfMade, removal, waitForCreation } from './creation.ts'
import { nameProblem, otherContainer } from './refusals.ts'
import type { Seen } from './seen.ts'

/** `lock` of a container whose volumes are already removed (`destroy_vm` of pve-container). */
const almostGone = 'destroyed'

export function planAbsence(given: Args, seen: Seen): Plan {
  const { ctid, container, record } = seen
  const problem = nameProblem(given, seen)
  if (problem) return refuse(problem)
  if (container === undefined && record === undefined) return done()
  const config = parseContainerConfig(container?.config ?? '')
  if (isHalfMade(seen, config)) return waitForCreation(given, seen) ?? actions(removal(given, seen))
  const lock = lockOf(config)
  const half = lock === almostGone
  // Somebody else is creating it, and its name comes last.
  const making = lock === 'create' ? waitForWork({ ...seen, config }, given) : undefined
  if (making) return making
  const reason = half ? undefined : hindrance(given, seen, config)
  if (reason) return refuse(reason)
  const locked = half ? undefined : waitForWork({ ...seen, config }, given)
  if (locked) return locked
  return actions([
    ...(container?.status === 'running' ? [stop(given, ctid)] : []),
    destroy(given, seen, { config, half }),
    ...seen.notes.map((path) => ({ kind: 'remove', on: 'node', path }) as const),
  ])
}

function hindrance(given: Args, seen: Seen, config: ContainerConfig): Refusal | undefined {
  const { ctid, container, highAvailability, linkedClones } = seen
  const other = otherContainer(given, seen, config)
  if (other) return other
  if (config.current.settings.get('protection') === '1')
    return {
      code: 'protected',
      message: `container ${ctid} is protected against being destroyed`,
      hint: `to allow it: pct set ${ctid} --protection 0`,
    }
  if (highAvailability === 'managed' || (highAvailability === 'ignored' && !given.purge))
    return {
      code: 'managed-by-ha',
      message: `container ${ctid} is a resource of HA`,
      hint: `remove it there first: ha-manager remove ct:${ctid}`,
    }
  if (linkedClones.length > 0)
    return {
      code: 'has-linked-clones',
      message: `these containers share the blocks of template ${ctid}: ${linkedClones.join(', ')}`,
      hint: 'destroy them first, or give them their own volumes: pct move-volume',
    }
  if (container?.status === 'running' && !given.force)
    return {
      code: 'container-runs',
      message: `container ${ctid} is running, so it is not destroyed`,
      hint: 'stop it first, or set force: true',
    }
  return undefined
}

/** Shuts it down, and kills it if it is to be destroyed anyway. */
function stop({ timeout }: Args, ctid: string): Action {
  return { kind: 'containerPower', on: 'node', ctid, verb: 'stop', timeout, force: true }
}

function destroy(
  { copy_timeout: timeout, purge, hostname = '' }: Args,
  { ctid, container }: Seen,
  { config, half }: { readonly config: ContainerConfig; readonly half: boolean },
): Action {
  const command = ['pct', 'destroy', ctid, ...(purge ? ['--purge', '1'] : [])]
  const volumes = volumesOf(config.current).filter(({ storage }) => storage !== undefined)
  const lost = [
    ...volumes.map(({ id }) => id),
    ...[...config.snapshots.keys()].map((name) => `the snapshot ${name}`),
  ]
  const what = lost.length === 0 ? '' : ` with ${lost.join(', ')}`
  return longPct({
    ctid,
    argv: half ? ['sh', '-c', `pct unlock ${ctid} && ${command.join(' ')}`] : command,
    label: half
      ? `finish destroying container ${ctid}, of which only the configuration is left`
      : `destroy container ${ctid} (${hostname})${what}`,
    work: ['destroy', sha256Of(container?.config ?? '')],
    timeout,
    effects: [
      { kind: 'container', name: ctid, becomes: { exists: false } },
      { kind: 'file', name: configFile(ctid), becomes: { kind: 'absent' } },
    ],
  })
}
