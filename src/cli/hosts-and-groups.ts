/** The names of all hosts and groups of the inventory that a command line names, for its completion. */
import type { AskedClusters } from '../inventory/clusters/cluster-listing.ts'
import { readInventory } from '../inventory/inventory.ts'
import type { RunProgram } from '../inventory/inventory-programs.ts'
import { InputError } from '../base/errors.ts'
import { overridden, readConfiguration } from './configuration.ts'
import type { Context } from './context.ts'
import { inventoriesOf } from './run-inputs.ts'

/** Returns no names if there is no inventory, or none that can be read. */
export function hostsAndGroups(context: Context): readonly string[] {
  try {
    const typed = inventoriesIn(context.words)
    const { configuration } = readConfiguration(context, { inventory: typed })
    const sources = inventoriesOf(
      context,
      overridden(configuration, typed.length > 0 ? { inventory: typed } : {}),
    )
    const { environment, addresses: ownAddresses } = context.world
    const { inventory } = readInventory(sources, {
      environment,
      ownAddresses,
      programs: notRun,
      clusters: notAsked,
    })
    return inventory === undefined ? [] : [...inventory.hosts.keys(), ...inventory.groups.keys()]
  } catch (error) {
    if (error instanceof InputError) return []
    throw error
  }
}

/** A key press must not wait for clusters, nor for programs, which may query clouds. */
const notAsked: AskedClusters = () => ({ kind: 'not asked' })

const notRun: RunProgram = () => ({ kind: 'failed', why: 'it was not run', hint: '' })

/** The values of `-i`, `--inventory` and `--inventory=`, without the word that is being typed. */
function inventoriesIn(words: readonly string[]): readonly string[] {
  return words.slice(0, -1).flatMap((word, index) => {
    const own = /^(?:--inventory=|-i=?)(.+)$/s.exec(word)?.[1]
    if (own !== undefined) return [own]
    return /^(?:--inventory|-[A-Za-z]*i)$/.test(words[index - 1] ?? '') ? [word] : []
  })
}
