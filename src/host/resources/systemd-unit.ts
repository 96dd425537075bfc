import { isUnknown, Unknown } from '../../base/unknown.ts'
import { revealed } from '../content.ts'
import { invalidName } from '../names.ts'
import { unit, unitName } from '../queries/system-queries.ts'
import type { UnitStatus } from '../status.ts'
import { fieldDifferences, type ResourceKind } from './kind.ts'

export interface UnitBecomes {
  readonly active?: string | Unknown
  readonly enabled?: string | Unknown
  readonly exists?: boolean
}

const nothing: UnitStatus = { exists: false, active: 'inactive', enabled: '' }

const directories = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]
const removed = new Unknown('an earlier task removes its file')
const written = new Unknown('its file is known only when the run writes it')

/**
 * systemd.service(5). A unit file with repeated settings is rare, and the host evaluates it when it is
 * written.
 */
function isOneshot(text: string): boolean {
  return /^Type=oneshot\s*$/m.test(text) && !/^RemainAfterExit=(1|y|yes|t|true|on)\s*$/im.test(text)
}

export const unitKind: ResourceKind<'unit', UnitStatus, UnitBecomes> = {
  kind: 'unit',
  word: 'unit',
  key(name) {
    const full = unitName(name)
    if (!/^[A-Za-z0-9:_.\\@-]+$/.test(full) || full.startsWith('-')) throw invalidName('unit', name)
    return full
  },
  query: unit,
  nothing,
  isNothing: ({ exists }) => !exists,
  partial: () => true,
  /**
   * systemd.unit(5): a unit is a file in one of these directories, and a link to /dev/null masks it. The file
   * determines whether the unit starts at boot.
   */
  impliedBy(name, live, files) {
    const template = name.replace(/@[^.]+\./, '@.')
    const found = directories
      .flatMap((directory) => [name, template].map((file) => files(`${directory}/${file}`)))
      .find((file) => file !== undefined)
    if (found === undefined) return undefined
    if (isUnknown(found)) return live.exists ? undefined : { exists: true, active: found, enabled: found }
    if (found.kind === 'link' && found.target === '/dev/null') return { enabled: 'masked' }
    if (found.kind === 'absent') return { active: removed, enabled: removed }
    if (live.exists) return undefined
    const text = found.kind === 'file' && found.text !== undefined ? revealed(found.text) : undefined
    const enabled = text === undefined ? written : /^\[Install\]/m.test(text) ? 'disabled' : 'static'
    const oneshot = text !== undefined && isOneshot(text) ? { oneshot: true as const } : {}
    return { exists: true, active: 'inactive', enabled, ...oneshot }
  },
  // An enabled and active unit will be active again; the state of others is unknown.
  booted: (reading, why) =>
    reading.enabled === 'enabled' && reading.active === 'active' ? reading : { ...reading, active: why },
  saysAll: ({ active, enabled, exists }) =>
    exists === false || (active !== undefined && enabled !== undefined),
  foresee({ active, enabled, exists }, before, rest) {
    if (exists === false) return nothing
    return {
      ...before,
      exists: exists ?? (before.exists || active !== undefined || enabled !== undefined),
      active: active ?? rest ?? before.active,
      enabled: enabled ?? rest ?? before.enabled,
    }
  },
  look: (reads, name) => reads.read(unitKind, name),
  differences: fieldDifferences,
  held: true,
}
