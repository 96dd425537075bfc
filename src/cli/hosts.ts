/** For commands that go to hosts without a playbook: inventory, pattern, and a fleet to read them with. */
import type { HostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import { createLimit } from '../base/limit.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import { createRunContext, type RunContext } from '../fleet/run-context.ts'
import { facts } from '../host/facts.ts'
import { loadInventory } from '../inventory/inventory.ts'
import { resolveLimit } from '../inventory/pattern.ts'
import { readExtraVars } from '../language/extra-vars.ts'
import { diskFiles } from '../language/files.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags } from './flags.ts'
import { createReach } from './reach.ts'
import { connectionDefaults, inventoriesOf } from './request.ts'

export interface ChosenHosts {
  readonly names: readonly HostName[]
  readonly run: RunContext
  /** What the command line says of the way to hosts; a password is asked for once. */
  readonly connection: ConnectionDefaults
}

/** @throws InputError */
export async function chooseHosts(
  context: Context,
  pattern: string,
  flags: InventoryFlags & ConnectionFlags,
): Promise<ChosenHosts> {
  const { variables: extra, problems } = readExtraVars(flags.extraVars ?? [], diskFiles)
  if (problems.length > 0) throw new InputError(problems)
  const inventory = loadInventory(inventoriesOf(context, flags), { extra })
  const chosen = resolveLimit(inventory, pattern, diskFiles)
  if (chosen.problems.length > 0) throw new InputError(chosen.problems)
  const names = chosen.hosts.map((host) => host.name)
  const connection = await connectionDefaults(context, flags)
  const run = createRunContext({
    name: 'none',
    world: context.world,
    sinks: [],
    inventory,
    extra,
    facts,
    defaults: connection,
    reach: createReach(context),
    check: false,
    reachable: names,
    signal: context.signal,
  })
  return { names, run, connection }
}

/** Works on hosts, so many at a time; the results in the order of the hosts. */
export async function onEach<T>(
  names: readonly HostName[],
  forks: number,
  work: (name: HostName) => Promise<T>,
): Promise<readonly T[]> {
  const limit = createLimit(forks)
  return Promise.all(names.map((name) => limit(() => work(name))))
}
