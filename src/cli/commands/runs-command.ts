import { InputError, exitCodes } from '../../base/errors.ts'
import type { Event } from '../../events/events.ts'
import { readEvent } from '../../events/read-event.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { jsonText } from '../../view/json-text.ts'
import { noEnd, runsText } from '../../view/runs-text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags, OutputFlags } from '../flags.ts'
import { linesOf, recordedRun, recordsOf, type RunRecord } from '../recorded-runs.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { colorsFor, createView, reportProblems, terminalWidth } from '../show.ts'

export interface RunsFlags extends Pick<InventoryFlags, 'inventory'>, Pick<OutputFlags, 'color' | 'verbose'> {
  readonly output: 'plain' | 'jsonl'
  readonly diff?: boolean
}

type Shown = RunsFlags & Pick<Configuration, 'color' | 'diff'>

/** `gpuplay runs -i INV` lists the recorded runs; `gpuplay runs ID` shows one again. */
export async function runsCommand(this: Context, given: RunsFlags, id?: string): Promise<void> {
  try {
    const { output, ...common } = given
    const configuration = configured(this, common)
    const flags: Shown = { ...common, ...configuration, output }
    const logs = recordsOf(this, inventoriesOf(this, configuration))
    if (id === undefined) list(this, flags, logs)
    else await showAgain(this, flags, chosen(logs, id))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: given.color ?? 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

/** @throws InputError if no log, or more than one, begins with this */
function chosen(logs: readonly RunRecord[], id: string): RunRecord {
  const [first, second] = logs.filter((log) => log.id.startsWith(id))
  if (first === undefined) {
    const ids = logs.map((log) => log.id)
    const hint = didYouMean(id, ids, 'see "gpuplay runs" for the list')
    throw new InputError([
      problem('unknown-run', `no run with the ID ${JSON.stringify(id)} is recorded`, { hint }),
    ])
  }
  if (second === undefined) return first
  const hint = `type more of the ID, for example ${second.id}`
  throw new InputError([
    problem('unknown-run', `the IDs of several runs begin with ${JSON.stringify(id)}`, { hint }),
  ])
}

function list(context: Context, { output, color }: Shown, logs: readonly RunRecord[]): void {
  const runs = logs.flatMap(({ path }) => {
    const read = linesOf(path)
    if ('lines' in read) return recordedRun(read.lines) ?? []
    context.errors.write(`warning: ${read.why}\n`)
    return []
  })
  if (output === 'jsonl') {
    for (const { started, finished } of runs) {
      const { run, time, command, check, hosts } = started
      const exitCode = finished?.exitCode ?? null
      context.output.write(`${jsonText({ v: 1, run, time, command, check, hosts, exitCode })}\n`)
    }
    return
  }
  if (runs.length === 0) context.output.write('no run is recorded for this inventory\n')
  else
    context.output.write(
      `${runsText(runs, colorsFor(context, context.output, color), terminalWidth(context.output)?.())}\n`,
    )
}

/** Shows the events as the plain view does, since nothing happens any more that a live view could show. */
async function showAgain(context: Context, flags: Shown, { path }: RunRecord): Promise<void> {
  const read = linesOf(path)
  if ('why' in read) throw new InputError([problem('unreadable-log', read.why)])
  const view = await createView(context, { ...flags, verbosity: flags.verbose })
  let last: Event | undefined
  for (const line of read.lines) {
    const event = readEvent(line)
    if (event === undefined) continue
    last = event
    view.take(event)
  }
  await view.close()
  if (last?.type !== 'run.finished') context.errors.write(`${noEnd}\n`)
}
