/** Pending changes of a container: what its next start makes of its configuration. */
import type { ConfigEntry, ContainerConfig } from './container-config.ts'

/**
 * The entries of the current section after the next start (pve-container, `vmconfig_apply_pending`): first it
 * deletes settings, then it sets the pending ones. Raw `lxc.*` lines stay, and pending
 * ones have no effect. Without pending changes, these are
 * the entries that apply now. Of duplicate settings only the last is returned.
 */
export function afterNextStart({ current, pending }: ContainerConfig): readonly ConfigEntry[] {
  const deleted = new Set(pending.deletes.at(-1)?.names)
  const set = effective(pending.entries).filter(({ key }) => !key.startsWith('lxc.'))
  const overwritten = new Set(set.map(({ key }) => key))
  return [
    ...effective(current.entries).filter(({ key }) => !overwritten.has(key) && !deleted.has(key)),
    ...set,
  ]
}

/** The names of the settings that pending changes set or delete. */
export function pendingNames({ pending }: ContainerConfig): readonly string[] {
  const deleted = pending.deletes.at(-1)?.names ?? []
  return [...new Set([...effective(pending.entries).map(({ key }) => key), ...deleted])]
}

function effective(entries: readonly ConfigEntry[]): readonly ConfigEntry[] {
  return entries.filter(
    ({ key, line }) =>
      key.startsWith('lxc.') || !entries.some((other) => other.key === key && other.line > line),
  )
}
