/** Locks that Proxmox VE writes into the configuration of a container while it works on it. */
import { type Plan, settle } from '../host/plan.ts'
import { unlockHint } from './device-entries.ts'

export interface Lockable {
  readonly ctid: string
  /** The kind of the lock (`backup`, `snapshot`, ...); undefined if there is none. */
  readonly lock: string | undefined
}

/** Waits up to `timeout` seconds for the locks of these containers; undefined if none of them is locked. */
export function waitForLocks(containers: readonly Lockable[], timeout: number): Plan | undefined {
  const locked = containers.filter(({ lock }) => lock !== undefined)
  const [first] = locked
  if (first === undefined) return undefined
  const names = locked.map(({ ctid, lock }) => `container ${ctid} is locked (lock: ${lock ?? ''})`)
  return settle(`${names.join(', ')}: Proxmox is working on it`, timeout, unlockHint(first.ctid))
}
