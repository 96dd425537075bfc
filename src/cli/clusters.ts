/** Asks the clusters that the inventory of a command line names, before the inventory is read. */
import { askClusters } from '../fleet/clusters/ask-clusters.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import type { AskedClusters } from '../inventory/clusters/cluster-listing.ts'
import type { Variables } from '../language/model.ts'
import type { Files } from '../language/read-files.ts'
import { type Context, noteConnection } from './context.ts'
import { createReach } from './reach.ts'

export interface ClusterQuestions {
  readonly inventories: readonly string[]
  /** Variables of the command line. */
  readonly extra: Variables
  /** With the keys for secrets. */
  readonly files: Files
  readonly defaults: ConnectionDefaults
}

/** Call it once for each command. */
export function askedClusters(
  context: Context,
  { inventories, extra, files, defaults }: ClusterQuestions,
): Promise<AskedClusters> {
  const { secrets, signal, world } = context
  const { environment, home } = world
  return askClusters(inventories, {
    extra,
    localSources: { environment, files, folders: ['.'] },
    secrets,
    home,
    defaults,
    reach: () => createReach(context),
    contacting: () => noteConnection(context),
    signal,
  })
}
