/** What `gpuplay status` and `gpuplay metrics` know: the rows of the role `verify` for the whole fleet. */
import { join } from 'node:path'
import { exitCodes, InputError, type Problem } from '../base/errors.ts'
import type { Counts, Event } from '../events/events.ts'
import { unansweredRow } from '../modules/gpu-verify/gpu-table.ts'
import type { SummaryRow } from '../modules/module.ts'
import type { Context } from './context.ts'
import { type CommandLine, startRun } from './start-run.ts'

export interface FleetStatus {
  /** Each node, then its containers. Hosts that did not answer have rows too. */
  readonly rows: readonly SummaryRow[]
  /** The user stopped the command, so hosts that had not answered yet are missing. */
  readonly interrupted: boolean
}

/**
 * Reads the fleet with a dry run of a playbook that only reads, so it takes no lease, and is not recorded.
 * @throws InputError with every mistake in the files and arguments, and for an inventory without such hosts
 */
export async function readFleetStatus(context: Context, flags: CommandLine): Promise<FleetStatus> {
  const events: Event[] = []
  const exitCode = await startRun(context, flags, {
    playbooks: [join(context.shipped, 'playbooks', 'status.yml')],
    // As for the user's own playbooks there.
    variableFolders: [context.world.workingDirectory],
    check: true,
    sinks: [(event) => void events.push(event)],
    mayAsk: false,
    step: false,
  })
  const told = toldBy(events)
  if (told.hosts.length === 0) throw new InputError([noGpuHosts])
  const interrupted = exitCode === exitCodes.interrupted
  const rows = [...told.rows, ...(interrupted ? [] : unanswered(told))].sort((left, right) =>
    left.order < right.order ? -1 : 1,
  )
  return { rows, interrupted }
}

const noGpuHosts: Problem = {
  code: 'no-hosts',
  message: 'the inventory has no hosts in the groups nodes and containers',
  hint: 'put Proxmox VE nodes into the group nodes, and containers into the group containers',
}

/** What a run said about its hosts. */
interface Told {
  readonly hosts: readonly string[]
  readonly containers: Started['containers']
  /** The last problem of each host. */
  readonly problems: ReadonlyMap<string, Pick<Problem, 'message' | 'hint'>>
  readonly counts: Readonly<Record<string, Counts>>
  readonly rows: readonly SummaryRow[]
}

type Started = Extract<Event, { readonly type: 'run.started' }>

function toldBy(events: readonly Event[]): Told {
  const problems = new Map<string, Pick<Problem, 'message' | 'hint'>>()
  let told: Told = { hosts: [], containers: {}, problems, counts: {}, rows: [] }
  for (const event of events) {
    if (event.type === 'run.started') told = { ...told, hosts: event.hosts, containers: event.containers }
    else if (event.type === 'hosts.joined')
      told = {
        ...told,
        hosts: [...told.hosts, ...event.hosts],
        containers: { ...told.containers, ...event.containers },
      }
    else if (event.type === 'run.finished') told = { ...told, counts: event.hosts, rows: event.rows }
    else if (event.type === 'host.unreachable') problems.set(event.host, event.problem)
    else if (event.type === 'task.finished' && event.detail.problem !== undefined)
      problems.set(event.host, event.detail.problem)
    else if (event.type === 'task.finished' && event.outcome === 'unknown')
      problems.set(event.host, {
        ...notChecked(event.host),
        message: `it was not checked: ${event.detail.why ?? ''}`,
      })
  }
  return told
}

/** The rows of the hosts that have none, since they did not answer, or an answer made no sense. */
function unanswered({ hosts, containers, problems, counts, rows }: Told): readonly SummaryRow[] {
  const answered = new Set(rows.flatMap(({ data }) => data?.['host'] ?? []))
  const silent = (host: string): boolean => (counts[host]?.unreachable ?? 0) > 0
  return hosts
    .filter((host) => !answered.has(host))
    .map((host) => {
      const { node = null, ctid = null } = containers[host] ?? {}
      const state = silent(host) || (node !== null && silent(node)) ? 'unreachable' : 'problem'
      return unansweredRow({ host, node, ctid }, state, problems.get(host) ?? notChecked(host))
    })
}

function notChecked(host: string): Pick<Problem, 'message' | 'hint'> {
  return { message: 'it was not checked', hint: `run verify.yml for ${host}` }
}
