import { join } from 'node:path'
import { type ExitCode, exitCodes, InputError, type Problem } from '../../base/errors.ts'
import type { Counts, Event } from '../../events/events.ts'
import { unansweredRow } from '../../modules/gpu-verify/gpu-table.ts'
import type { SummaryRow } from '../../modules/module.ts'
import { jsonText } from '../../view/json-text.ts'
import { statusText } from '../../view/status-text.ts'
import { printableData } from '../../view/text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { colorsFor, reportProblems, terminalWidth } from '../show.ts'
import { startRun } from '../start-run.ts'

export interface StatusFlags
  extends InventoryFlags, ConnectionFlags, Partial<Pick<Configuration, 'color' | 'forks'>> {
  readonly output: 'text' | 'json'
  readonly limit?: string
}

/**
 * `gpuplay status -i INV`: the table of the role `verify` for the whole fleet. A dry run of a playbook that
 * only reads, so it takes no lease, and is not recorded.
 */
export async function statusCommand(this: Context, flags: StatusFlags): Promise<void> {
  try {
    this.setExitCode(await show(this, flags))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: flags.color ?? 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
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

async function show(context: Context, given: StatusFlags): Promise<ExitCode> {
  const { output, ...flags } = given
  const configuration = configured(context, flags)
  const events: Event[] = []
  const exitCode = await startRun(
    context,
    { ...flags, ...configuration },
    {
      playbooks: [join(context.shipped, 'playbooks', 'status.yml')],
      // As for the user's own playbooks there.
      variableFolders: [context.world.workingDirectory],
      check: true,
      sinks: [(event) => void events.push(event)],
      mayAsk: false,
      step: false,
    },
  )
  const told = toldBy(events)
  if (told.hosts.length === 0) throw new InputError([noGpuHosts])
  const interrupted = exitCode === exitCodes.interrupted
  const rows = [...told.rows, ...(interrupted ? [] : unanswered(told))].sort((left, right) =>
    left.order < right.order ? -1 : 1,
  )
  if (output === 'json') {
    const hosts = rows.map(({ data, findings = [] }) => ({ ...data, findings }))
    context.output.write(`${jsonText({ v: 1, hosts }, 2)}\n`)
  } else {
    const width = terminalWidth(context.output)?.()
    const colors = colorsFor(context, context.output, configuration.color)
    context.output.write(`${statusText(printableData(rows), colors, width)}\n`)
  }
  if (interrupted) {
    context.errors.write('interrupted: hosts that had not answered yet are missing\n')
    return exitCode
  }
  return rows.some(({ state }) => state !== 'ok') ? exitCodes.changesFound : exitCodes.success
}

const noGpuHosts: Problem = {
  code: 'no-hosts',
  message: 'the inventory has no hosts in the groups nodes and containers',
  hint: 'put Proxmox VE nodes into the group nodes, and containers into the group containers',
}

function toldBy(events: readonly Event[]): Told {
  const problems = new Map<string, Pick<Problem, 'message' | 'hint'>>()
  let told: Told = { hosts: [], containers: {}, problems, counts: {}, rows: [] }
  for (const event of events) {
    if (event.type === 'run.started') told = { ...told, hosts: event.hosts, containers: event.containers }
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
