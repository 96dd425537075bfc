/** Changes of a container's configuration file on its node. */
import { defined } from '../base/defined.ts'
import type { Content, WriteFile } from '../host/action.ts'
import { type Plan, settle } from '../host/plan.ts'
import { backupDirectory } from '../host/work-directory.ts'
import type { ContainerConfig } from './container-config.ts'
import { lockOf, unlockHint } from './device-entries.ts'

export function configFile(ctid: string): string {
  return `/etc/pve/lxc/${ctid}.conf`
}

/** Replaces the whole file under Proxmox's lock; a copy of the old one is kept. `timeout`: seconds. */
export function writeConfig(ctid: string, content: Content, timeout: number): WriteFile {
  return {
    kind: 'writeFile',
    on: 'node',
    path: configFile(ctid),
    content,
    plain: true,
    backup: true,
    backupDirectory,
    lock: { kind: 'flock', path: `/run/lock/lxc/pve-config-${ctid}.lock`, timeout },
    label: `change the configuration of container ${ctid}`,
    ...defined({
      effects:
        content.kind === 'text' && typeof content.text === 'string'
          ? [{ kind: 'container', name: ctid, becomes: { config: content.text } }]
          : undefined,
    }),
  }
}

/** Waits while Proxmox works on the container; undefined if it does not. `timeout`: seconds. */
export function waitForLock(ctid: string, config: ContainerConfig, timeout: number): Plan | undefined {
  const lock = lockOf(config)
  if (lock === undefined) return undefined
  return settle(
    `container ${ctid} is locked (lock: ${lock}): Proxmox is working on it`,
    timeout,
    unlockHint(ctid),
  )
}
