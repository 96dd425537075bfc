/**
 * Installs a CUDA toolkit from NVIDIA's apt repository in a container, without a driver: the driver must
 * match the node's.
 *
 * apt's sources name the repository exactly once. Every installation is simulated first.
 */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse, settle } from '../../host/plan.ts'
import { toolkitHome } from '../../nvidia/cuda.ts'
import type { Module } from '../module.ts'
import { addRepository, install, installTools, refresh, removeDownload, takeOutOfForce } from './actions.ts'
import { args, type Args, result } from './args.ts'
import { type Inside, readInside, type Tools } from './inside.ts'
import type { Seen } from './seen.ts'
import { compatibilityOf, noCandidate, refusalOf, wouldBringDriver } from './refusals.ts'

export const cudaToolkit = {
  name: 'cuda_toolkit',
  summary: "Installs a CUDA toolkit from NVIDIA's apt repository, without a driver.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: ({ version }, { inside }) => ({ running: inside !== undefined, home: toolkitHome(version) }),
  message: (_, { inside }) =>
    inside === undefined ? 'CUDA toolkit pending: the container is stopped' : undefined,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = placement.ctid ?? ''
  const [container, driver] = await Promise.all([node.container(ctid), node.kernelModule('nvidia')])
  const here = { node: node.name, ctid, driver: driver.loaded ? driver.version : undefined }
  if (container?.status !== 'running') return { ...here, inside: undefined }
  return { ...here, inside: await readInside(given, host) }
}

function plan(given: Args, seen: Seen): Plan {
  const { inside } = seen
  if (inside === undefined) return done()
  const compatible = compatibilityOf(given, seen)
  if (typeof compatible === 'object') return refuse(compatible)
  const warnings = compatible === undefined ? [] : [compatible]
  const complete = inside.leftover ? actions([removeDownload], { warnings }) : done(warnings)
  if (inside.todo === undefined && inside.sources.length <= 1) return complete
  const refusal = refusalOf(given, seen, inside)
  if (refusal) return refuse(refusal)
  if (inside.system !== undefined && /^(initializing|starting|stopping|maintenance)$/.test(inside.system))
    return settle(`the container is not ready: ${inside.system}`, given.wait)
  const { tools, todo, offer } = inside
  if (tools) return planTools(given, inside, tools, warnings)
  if (inside.good === undefined)
    return actions(addRepository(given, inside), { stage: 'add the repository', warnings })
  if (todo === undefined) return complete
  if (offer === undefined) return actions([install(given, todo)], { warnings })
  if (!offer.listed) return actions([refresh(given)], { stage: 'update the package lists', warnings })
  const problem = noCandidate(given, inside, offer) ?? wouldBringDriver(todo.names, offer)
  return problem ? refuse(problem) : actions([install(given, todo)], { warnings })
}

/** Conflicting sources make every apt command fail, so they are disabled first. */
function planTools(given: Args, inside: Inside, tools: Tools, warnings: readonly string[]): Plan {
  const others = inside.good === undefined ? takeOutOfForce(inside) : []
  if (others.length > 0) return actions(others, { stage: 'disable other sources', warnings })
  const { simulated } = tools
  if (simulated?.failure !== undefined && !simulated.anyLists)
    return actions([refresh(given)], { stage: 'update the package lists', warnings })
  const problem = simulated && wouldBringDriver(tools.names, simulated)
  if (problem) return refuse(problem)
  return actions([installTools(given, tools.names)], { stage: 'install download tools', warnings })
}
