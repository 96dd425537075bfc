/** The settings of a container that a task declares, and how its configuration differs from them. Pure. */
import { defined, mapped } from '../../base/defined.ts'
import type { ConfigEntry } from '../../proxmox/container-config.ts'
import { properties } from '../../proxmox/container-settings.ts'
import type { Args } from './args.ts'

export interface Setting {
  readonly key: string
  readonly value: string
}

/** What Proxmox assumes for a setting that is absent. */
const assumed: Readonly<Record<string, string>> = { memory: '512', swap: '512', onboot: '0' }

/** All declared settings but the name, in the order of the arguments. */
export function wantedSettings(given: Args): readonly Setting[] {
  const { cores, memory, swap, onboot, features, net, nameserver, searchdomain } = given
  const values = defined({
    cores,
    memory,
    swap,
    onboot: mapped(onboot, (on) => (on ? 1 : 0)),
    features: features.length === 0 ? undefined : features.map((name) => `${name}=1`).join(','),
    ...net,
    nameserver,
    searchdomain,
  })
  return Object.entries(values).map(([key, value]) => ({ key, value: String(value) }))
}

/**
 * The settings to change. `entries` is the configuration after the next start. A network interface and the
 * features keep the properties that are not declared.
 */
export function changedSettings(
  wanted: readonly Setting[],
  entries: readonly Pick<ConfigEntry, 'key' | 'value'>[],
): readonly Setting[] {
  return wanted.flatMap(({ key, value }) => {
    const present = entries.find((entry) => entry.key === key)?.value
    if (!key.startsWith('net') && key !== 'features') {
      const [now, then] = [present ?? assumed[key] ?? '', value].map((text) => text.trim().split(/[\s,;]+/))
      return now?.join(' ') === then?.join(' ') ? [] : [{ key, value }]
    }
    const merged = mergedProperties(value, present ?? '')
    return merged === undefined ? [] : [{ key, value: merged }]
  })
}

/** The present properties with the declared ones; undefined if that changes nothing. */
function mergedProperties(declared: string, present: string): string | undefined {
  const wanted = properties(declared, 'name')
  const has = properties(present, 'name')
  if ([...wanted].every(([name, value]) => has.get(name)?.toLowerCase() === value.toLowerCase()))
    return undefined
  return [...new Map([...has, ...wanted])].map(([name, value]) => `${name}=${value}`).join(',')
}
