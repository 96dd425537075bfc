/**
 * Checks on a node and in a container that assigned GPUs work and no others are accessible. Changes nothing.
 * Problems are reported as findings, each with its cause and its fix, and as a row of the table that ends the
 * run.
 */
import type { Host } from '../../host/host.ts'
import { done, type Plan, refuse } from '../../host/plan.ts'
import { weakenedIsolation } from '../../nvidia/isolation.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import type { Module, SummaryRow } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { computeWarnings } from './compute-findings.ts'
import { containerFindings, staleUserspace } from './container-findings.ts'
import { graphicsWarning } from './graphics-findings.ts'
import { kernelWarnings } from './kernel-findings.ts'
import { type ContainerSeen, readContainer } from './read-container.ts'
import { nodeFindings } from './node-findings.ts'
import { type NodeSeen, readNode } from './read-node.ts'
import { containerRow } from './container-row.ts'
import { nodeRows, unmanagedSentence } from './node-row.ts'

export type Seen =
  | { readonly kind: 'node'; readonly node: NodeSeen }
  | { readonly kind: 'container'; readonly container: ContainerSeen }

export const gpuVerify = {
  name: 'gpu_verify',
  summary:
    'Checks that the assigned GPUs work on a node or in a container, and that no other GPU is accessible.',
  args,
  result,
  exitCode: 7,
  verifies: true,
  probe,
  plan,
  report,
  row,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  return host.placement.ctid === undefined
    ? { kind: 'node', node: await readNode(given, host) }
    : { kind: 'container', container: await readContainer(given, host) }
}

function plan(given: Args, seen: Seen): Plan {
  const [findings, who, warnings] =
    seen.kind === 'node'
      ? [nodeFindings(given, seen.node), seen.node.name, nodeWarnings(given, seen.node)]
      : [containerFindings(given, seen.container), nameOf(seen.container), containerWarnings(seen.container)]
  if (findings.length === 0 || !given.fail) return done(warnings)
  const refusal = refuse({
    code: 'verification-failed',
    message: `${who}: ${findings.length === 1 ? '1 finding' : `${findings.length} findings`}`,
    findings,
  })
  return { ...refusal, warnings }
}

function nodeWarnings(given: Args, seen: NodeSeen): readonly string[] {
  const { name, unmanaged, computing, holders, kernels, loaded } = seen
  return [
    ...kernelWarnings(given, kernels, loaded !== undefined),
    ...computeWarnings(computing, `on ${name}`),
    ...holders,
    ...unmanaged.map(
      (container) => `${unmanagedSentence(name, container)}: a change of the driver breaks it`,
    ),
  ]
}

function containerWarnings(seen: ContainerSeen): readonly string[] {
  const { name, ctid, computing, config, unusedMajors } = seen
  const stale = staleUserspace(seen)
  const displays = graphicsWarning(seen)
  return [
    ...computeWarnings(computing, `in ${name}`),
    ...(displays === undefined ? [] : [displays]),
    ...(stale === undefined ? [] : [`${nameOf(seen)} is stopped: ${stale} when it runs`]),
    ...weakenedIsolation(parseContainerConfig(config ?? '')).map((what) => `container ${ctid}: ${what}`),
    ...unusedMajors,
  ]
}

function nameOf({ name, ctid, node }: ContainerSeen): string {
  return `${name} (CT ${ctid} on ${node})`
}

function report(
  _: Args,
  seen: Seen,
): { loaded: string | null; installed: string | null; gpus: readonly string[] } {
  const { loaded, userspace, smi } = seen.kind === 'node' ? seen.node : seen.container
  return {
    loaded: loaded ?? null,
    installed: (userspace && userspaceVersion(userspace)) ?? null,
    gpus: smi?.kind === 'gpus' ? smi.gpus.map(({ uuid }) => uuid) : [],
  }
}

function row(given: Args, seen: Seen): readonly SummaryRow[] {
  return seen.kind === 'node'
    ? nodeRows(given, seen.node, nodeFindings(given, seen.node))
    : [containerRow(given, seen.container, containerFindings(given, seen.container))]
}
