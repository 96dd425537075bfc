/** Actions that run `pct` on a node, with the effects that Proxmox VE's own code has (pve-container 6.1). */
import { defined } from '../base/defined.ts'
import type { Effect, Run } from '../host/action.ts'
import { sha256Of } from '../host/content.ts'
import { configFile } from './config-change.ts'
import { type ContainerConfig, parseContainerConfig, rewriteContainerConfig } from './container-config.ts'

/** The configuration becomes exactly this text; undefined: only the run shows it. */
export function configBecomes(ctid: string, text: string | undefined, why: string): readonly Effect[] {
  const path = configFile(ctid)
  return text === undefined
    ? [{ kind: 'unknown', resources: [`container:${ctid}`, `file:${path}`], why }]
    : [
        { kind: 'container', name: ctid, becomes: { config: text } },
        { kind: 'file', name: path, becomes: { kind: 'file', text } },
      ]
}

/** Proxmox writes the whole file at every change, also at that of a lock. */
export function rewritten(config: string): string {
  return rewriteContainerConfig(parseContainerConfig(config))
}

/** The configuration with other settings in its current section; `undefined` removes one. */
export function withCurrent(
  config: ContainerConfig,
  changes: Iterable<readonly [string, string | undefined]>,
): ContainerConfig {
  const settings = new Map(config.current.settings)
  for (const [key, value] of changes) {
    if (value === undefined) settings.delete(key)
    else settings.set(key, value)
  }
  return { ...config, current: { ...config.current, settings } }
}

export interface LongPct {
  readonly ctid: string
  readonly argv: readonly string[]
  readonly label: string
  /** What a running program must have in common to be taken for this one. */
  readonly work: readonly string[]
  /** Seconds. */
  readonly timeout: number
  readonly effects: readonly Effect[]
  readonly hint?: string
}

/** A program that goes on if the run or the connection ends; the next run waits for it. */
export function longPct({ ctid, argv, label, work, timeout, effects, hint }: LongPct): Run {
  return {
    kind: 'run',
    on: 'node',
    argv,
    label,
    detached: { name: `container-${ctid}`, fingerprint: sha256Of(work.join('\0')) },
    timeout,
    effects,
    ...defined({ hint }),
  }
}
