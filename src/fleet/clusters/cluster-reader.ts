/** Puts the answers of a cluster together. The two ways to ask differ only in how they get an answer. */
import { HostError, type Position, type Problem } from '../../base/errors.ts'
import { createLimit } from '../../base/limit.ts'
import type {
  ClusterListing,
  ListedConfig,
  ListedContainer,
  ListedNode,
} from '../../inventory/clusters/cluster-listing.ts'
import { problem } from '../../language/source.ts'
import { parseGpus, parseResources, parseStatus } from './cluster-answers.ts'

export interface ClusterWay {
  /**
   * Returns the data of an API path.
   * @throws HostError if the cluster refuses this question, UnreachableError if it answers none
   */
  get(path: string): Promise<unknown>
  /** The configurations that can be read, by CTID, and why others cannot be, by node. */
  configs(containers: readonly ListedContainer[]): Promise<ReadConfigs>
}

export interface ReadConfigs {
  readonly configs: ReadonlyMap<number, ListedConfig>
  readonly failures: ReadonlyMap<string, Problem>
}

/** Questions at a time: a node starts a process for some of them. */
const atATime = 4

/** @param options.where For warnings */
export async function readCluster(
  way: ClusterWay,
  { wantsFacts, where }: { readonly wantsFacts: boolean; readonly where: Position },
): Promise<ClusterListing> {
  const { cluster, nodes } = parseStatus(await way.get('/cluster/status'))
  const containers = parseResources(await way.get('/cluster/resources?type=vm'))
  if (!wantsFacts) return { cluster, nodes, containers, warnings: [] }
  const online = new Set(nodes.filter(({ isOnline }) => isOnline).map(({ name }) => name))
  const limit = createLimit(atATime)
  const withGpus = Promise.all(
    nodes.map(async (node) =>
      node.isOnline ? limit(() => readGpus(way, node)) : { node, failure: offline },
    ),
  )
  const [asked, { configs, failures }] = await Promise.all([
    withGpus,
    way.configs(containers.filter(({ node }) => online.has(node))),
  ])
  const warnings = asked.flatMap(({ node, failure }) => {
    const found = failure ?? failures.get(node.name)
    return found === undefined ? [] : [unknownGpus(node, found, where)]
  })
  return {
    cluster,
    nodes: asked.map(({ node }) => node),
    containers: containers.map((container) => ({ ...container, config: configs.get(container.ctid) })),
    warnings,
  }
}

interface AskedNode {
  readonly node: ListedNode
  readonly failure: Problem | undefined
}

async function readGpus(way: ClusterWay, node: ListedNode): Promise<AskedNode> {
  try {
    const gpus = parseGpus(await way.get(`/nodes/${node.name}/hardware/pci`))
    return { node: { ...node, gpus }, failure: undefined }
  } catch (error) {
    // A node may be down although its cluster has not noticed it yet.
    if (!(error instanceof HostError)) throw error
    return { node, failure: error.problem }
  }
}

const offline: Problem = { code: 'node-offline', message: 'the node is offline' }

function unknownGpus({ name }: ListedNode, { message }: Problem, where: Position): Problem {
  return problem('unknown-gpus', `the GPUs of ${name} or of its containers are unknown: ${message}`, {
    where,
    hint: 'they are missing in the groups of hosts with GPUs; run again when the node is up, or leave it out with --limit',
  })
}
