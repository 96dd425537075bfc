/** Chooses and opens hosts for commands that have no playbook: inventory, pattern and fleet. */
import type { HostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import { createLimit } from '../base/limit.ts'
import { createRunContext, type RunContext } from '../fleet/run-context.ts'
import { facts } from '../host/facts.ts'
import { checkUnlocked, loadInventory } from '../inventory/inventory.ts'
import { resolveLimit } from '../inventory/pattern.ts'
import { unreadableSettings } from '../inventory/relations.ts'
import { blindKeys } from '../language/encrypted/keyring.ts'
import { readExtraVars } from '../language/extra-vars.ts'
import { askedClusters } from './clusters.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags } from './flags.ts'
import { keyedFiles } from './keyed-files.ts'
import { createReach } from './reach.ts'
import { connectionDefaults, inventoriesOf } from './run-inputs.ts'

export interface ChosenHosts {
  readonly names: readonly HostName[]
  readonly run: RunContext
}

/** @throws InputError */
export async function chooseHosts(
  context: Context,
  pattern: string,
  flags: InventoryFlags & ConnectionFlags & Configuration,
): Promise<ChosenHosts> {
  const files = await keyedFiles(context, flags)
  const { variables: extra, problems } = readExtraVars(flags.extraVars ?? [], files)
  if (problems.length > 0) throw new InputError(problems)
  const inventories = inventoriesOf(context, flags)
  const defaults = await connectionDefaults(context, flags)
  const inventory = loadInventory(inventories, {
    extra,
    clusters: await askedClusters(context, { inventories, extra, files, defaults }),
    environment: context.world.environment,
    ownAddresses: context.world.addresses,
    files,
  })
  const chosen = resolveLimit(inventory, pattern, { files })
  if (chosen.problems.length > 0) throw new InputError(chosen.problems)
  checkUnlocked(inventory, chosen.hosts)
  const names = chosen.hosts.map((host) => host.name)
  const localSources = {
    environment: context.world.environment,
    files: { ...files, keys: blindKeys },
    folders: ['.'],
  }
  const unreadable = unreadableSettings(inventory, names, { extra, localSources })
  if (unreadable.length > 0) throw new InputError(unreadable)
  const run = createRunContext({
    name: 'none',
    secrets: context.secrets,
    world: context.world,
    files,
    sinks: [],
    inventory,
    extra,
    facts,
    defaults,
    reach: createReach(context),
    check: false,
    reachable: (name) => names.includes(name),
    signal: context.signal,
  })
  return { names, run }
}

/** Runs `work` on up to `forks` hosts at a time. Returns the results in the order of the hosts. */
export async function onEach<T>(
  names: readonly HostName[],
  forks: number,
  work: (name: HostName) => Promise<T>,
): Promise<readonly T[]> {
  const limit = createLimit(forks)
  return Promise.all(names.map((name) => limit(() => work(name))))
}
