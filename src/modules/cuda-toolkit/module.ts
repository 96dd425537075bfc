/**
 * Installs a CUDA toolkit from NVIDIA's apt repository in a container, without a driver: the driver must
 * match the node's.
 *
 * apt's sources name the repository exactly once. Every installation is simulated first.
 */
import { planChange } from '../../apt/change.ts'
import { waitForNetwork } from '../../apt/network.ts'
import { known, knownOr } from '../../base/unknown.ts'
import type { ContainerStatus, Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse, settle } from '../../host/plan.ts'
import { readCards } from '../../nvidia/cards.ts'
import { toolkitHome } from '../../nvidia/cuda.ts'
import type { Card } from '../../nvidia/generations.ts'
import { readNodeGpus } from '../../nvidia/gpus.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { deviceEntries } from '../../proxmox/device-entries.ts'
import type { Module } from '../module.ts'
import { addRepository, disableOthers, removeDownload, toolkitRequest, toolsRequest } from './actions.ts'
import { args, type Args, result } from './args.ts'
import { readInside } from './inside.ts'
import type { Seen } from './seen.ts'
import { compatibilityOf, misfitOf, refusalOf } from './refusals.ts'

/** Packages that always have programs, which a dry run can predict. */
const hasPrograms = /^cuda-(toolkit|nvcc|compiler)$/

export const cudaToolkit = {
  name: 'cuda_toolkit',
  summary: "Installs a CUDA toolkit from NVIDIA's apt repository, without a driver.",
  args,
  result,
  mayBeUnknown: ['gpus'],
  exitCode: 5,
  probe,
  plan,
  report: ({ version, packages }, { inside }) => ({
    running: inside !== undefined,
    home: toolkitHome(version),
    programs:
      inside !== undefined && (packages.some((name) => hasPrograms.test(name)) || known(inside.programs)),
  }),
  message: ({ install }, { inside }) =>
    install && inside === undefined ? 'CUDA toolkit pending: the container is stopped' : undefined,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = placement.ctid ?? ''
  const [container, driver] = await Promise.all([node.container(ctid), node.kernelModule('nvidia')])
  const cards =
    container === undefined ? [] : knownOr(await node.maybe(readOwnCards(given, node, container)), [])
  const here = { node: node.name, ctid, driver: driver.loaded ? driver.version : undefined, cards }
  if (container?.status !== 'running') return { ...here, inside: undefined }
  return { ...here, inside: await readInside(given, host) }
}

async function readOwnCards(
  { gpus }: Args,
  node: Host,
  container: ContainerStatus,
): Promise<readonly Card[]> {
  if (gpus === undefined) return configuredCards(node, container)
  const wanted = known(gpus)
  return wanted.length === 0 ? [] : (await readCards(node)).filter(({ pci }) => wanted.includes(pci))
}

/** A stopped container has no devices, so its configuration is read. */
async function configuredCards(node: Host, { config }: ContainerStatus): Promise<readonly Card[]> {
  const paths = deviceEntries(parseContainerConfig(config)).map(({ path }) => path)
  if (!paths.some((path) => /^\/dev\/nvidia\d+$/.test(path))) return []
  const [{ gpus }, cards] = await Promise.all([readNodeGpus(node), readCards(node)])
  const own = gpus.filter(({ minor }) => minor !== undefined && paths.includes(`/dev/nvidia${minor}`))
  return cards.filter(({ pci }) => own.some((gpu) => gpu.pci === pci))
}

function plan(given: Args, seen: Seen): Plan {
  const { inside } = seen
  const misfit = misfitOf(given, seen)
  if (misfit) return refuse(misfit)
  const compatible = compatibilityOf(given, seen)
  if (typeof compatible === 'object') return refuse(compatible)
  // The installation itself warns.
  const warnings = compatible === undefined || !given.install ? [] : [compatible]
  if (inside === undefined) return done(warnings)
  const complete = inside.leftover && given.install ? actions([removeDownload], { warnings }) : done(warnings)
  if (inside.todo === undefined && inside.sources.length <= 1) return complete
  const refusal = refusalOf(given, seen, inside)
  if (refusal) return refuse(refusal)
  if (!given.install) return done()
  if (inside.system !== undefined && /^(initializing|starting|stopping|maintenance)$/.test(inside.system))
    return settle(`the container is not ready: ${inside.system}`, given.wait)
  if (inside.lack !== undefined) return waitForNetwork(inside.lack, seen.ctid)
  const { tools, todo, distribution = '' } = inside
  // Conflicting sources make every apt command fail.
  const others = tools && inside.good === undefined ? disableOthers(inside) : []
  if (others.length > 0) return actions(others, { stage: 'disable other sources', warnings })
  const tooled =
    tools &&
    planChange(toolsRequest(given, tools.names), tools.work, { stage: 'install download tools', warnings })
  if (tooled) return tooled
  if (inside.good === undefined)
    return actions(addRepository(given, inside), { stage: 'add the repository', warnings })
  return (
    (todo?.work && planChange(toolkitRequest(given, distribution, todo), todo.work, { warnings })) ?? complete
  )
}
