/**
 * Waits for tasks of Proxmox VE that copy, delete or roll back the volumes of a container. They take as long as gpuplay
 * gives its own copies, and they may be its own: a run that was killed leaves them running.
 */
import { type Plan, settle } from '../host/plan.ts'
import { waitForLock } from './config-change.ts'
import type { ContainerConfig } from './container-config.ts'
import { lockOf } from './device-entries.ts'

/** The arguments of a module, in seconds. */
export interface WaitLimits {
  readonly copy_timeout: number
  readonly lock_timeout: number
}

export interface WorkedOn {
  readonly ctid: string
  readonly config: ContainerConfig
  /** The types of Proxmox's running tasks that may have locked it (`readTasksOf`). */
  readonly tasks: readonly string[]
}

/** The types of tasks that work on volumes (`fork_worker` in pve-container's API); a backup is none of them. */
const copying = new Set([
  'vzclone',
  'vzcreate',
  'vzdelsnapshot',
  'vzdestroy',
  'vzrestore',
  'vzrollback',
  'vzsnapshot',
  'vztemplate',
])

/** The kinds of locks that they set. */
const locks = new Set(['create', 'destroyed', 'disk', 'rollback', 'snapshot', 'snapshot-delete'])

/** Waits until these tasks, of which there is at least one, have ended. */
export function waitForTasks(ctid: string, tasks: readonly string[], limits: WaitLimits): Plan {
  return settle(
    `Proxmox is still working on container ${ctid} (${tasks.join(', ')})`,
    tasks.some((task) => copying.has(task)) ? limits.copy_timeout : limits.lock_timeout,
    'run again when the task has finished; the node shows its log',
  )
}

/**
 * Waits while the container is locked; undefined if it is not. A lock for which no task runs was left by one that was
 * killed, so it is not worth a long wait.
 */
export function waitForWork({ ctid, config, tasks }: WorkedOn, limits: WaitLimits): Plan | undefined {
  const lock = lockOf(config)
  const copies = locks.has(lock ?? '') ? tasks.filter((task) => copying.has(task)) : []
  if (copies.length > 0) return waitForTasks(ctid, copies, limits)
  return waitForLock(ctid, config, limits.lock_timeout)
}
