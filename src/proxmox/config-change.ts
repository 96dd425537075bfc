/** Changes of a container's configuration file on its node. */
import { defined } from '../base/defined.ts'
import { isUnknown } from '../base/unknown.ts'
import type { Content, WriteFile } from '../host/action.ts'
import { sha256Of } from '../host/content.ts'
import type { Host } from '../host/host.ts'
import { type Plan, type Refusal, settle } from '../host/plan.ts'
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

/**
 * Whether the text of a configuration is all of its file: bytes that are not UTF-8 became U+FFFD when it was read, and
 * would be lost in a change.
 */
export async function isWholeText(ctid: string, config: string, node: Host): Promise<boolean> {
  if (!config.includes('\u{fffd}')) return true
  const hash = await node.maybe(node.hash(configFile(ctid)))
  return isUnknown(hash) || hash === sha256Of(config)
}

/** The refusal to change a file whose text is not all of it. */
export function notUtf8(ctid: string, config: string): Refusal {
  const line = config.split('\n').findIndex((each) => each.includes('\u{fffd}')) + 1
  return {
    code: 'not-utf8',
    message: `line ${line} of ${configFile(ctid)} has bytes that are not UTF-8, which a change would destroy`,
    hint: `write that line again in UTF-8; for notes: pct set ${ctid} --description TEXT`,
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
