/** For commands that go to hosts without a playbook: inventory, pattern, and a fleet to read them with. */
import type { HostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import { createEmitter } from '../events/emitter.ts'
import { createFleet, type Fleet } from '../fleet/fleet.ts'
import { createRedactor, type Redactor } from '../events/redactor.ts'
import { createControllerFiles } from '../fleet/controller-files.ts'
import { facts } from '../host/facts.ts'
import { scripts } from '../host/means.ts'
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
  readonly fleet: Fleet
  readonly redactor: Redactor
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
  const redactor = createRedactor()
  const fleet = createFleet({
    inventory,
    extra,
    facts,
    defaults: await connectionDefaults(context, flags),
    reach: createReach(context),
    means: scripts,
    overlay: undefined,
    controller: createControllerFiles(context.world.workingDirectory),
    emitter: createEmitter({ run: 'none', now: context.world.now, sinks: [], redactor }),
    redactor,
    check: false,
    reachable: names,
    signal: context.signal,
    sleep: context.world.sleep,
  })
  return { names, fleet, redactor }
}

/** Works on hosts, so many at a time; the results in the order of the hosts. */
export async function onEach<T>(
  names: readonly HostName[],
  forks: number,
  work: (name: HostName) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = []
  const waiting = [...names.entries()]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, name] = next
      results[index] = await work(name)
    }
  }
  await Promise.all(Array.from({ length: Math.min(forks, names.length) }, worker))
  return results
}
