import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { InputError, exitCodes } from '../../base/errors.ts'
import { readRegularFile, systemReason } from '../../base/regular-file.ts'
import type { Event } from '../../events/events.ts'
import { readEvent } from '../../events/read-event.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { jsonText } from '../../view/json-text.ts'
import { noEnd, type RecordedRun, runsText } from '../../view/runs-text.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags, OutputFlags } from '../flags.ts'
import { runFolders } from '../run-folders.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { logsIn } from '../run-log.ts'
import { colorsFor, createView, reportProblems, terminalWidth } from '../show.ts'

export interface RunsFlags extends Pick<InventoryFlags, 'inventory'>, Pick<OutputFlags, 'color' | 'verbose'> {
  readonly output: 'plain' | 'jsonl'
  readonly diff: boolean
}

/** `gpuplay runs -i INV` lists the recorded runs; `gpuplay runs ID` shows one again. */
export async function runsCommand(this: Context, flags: RunsFlags, id?: string): Promise<void> {
  try {
    const logs = logsOf(this, flags)
    if (id === undefined) list(this, flags, logs)
    else await showAgain(this, flags, chosen(logs, id))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, flags)
    this.setExitCode(exitCodes.invalidInput)
  }
}

interface Log {
  readonly id: string
  readonly path: string
}

/** The logs in all folders of the inventory, oldest first. */
function logsOf(context: Context, flags: RunsFlags): readonly Log[] {
  return runFolders(inventoriesOf(context, flags), context.world)
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      try {
        return logsIn(folder).map((name) => ({ id: name.replace(/\.jsonl$/, ''), path: join(folder, name) }))
      } catch (error) {
        context.errors.write(`warning: cannot read ${folder}: ${systemReason(error)}\n`)
        return []
      }
    })
    .sort((left, right) => (left.id < right.id ? -1 : 1))
}

/** @throws InputError if no log, or more than one, begins with this */
function chosen(logs: readonly Log[], id: string): Log {
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

function list(context: Context, { output, color }: RunsFlags, logs: readonly Log[]): void {
  const runs = logs.flatMap(({ path }) => {
    const read = linesOf(path)
    if ('lines' in read) return recorded(read.lines) ?? []
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

/** Undefined for a log without a beginning: the disk was full. */
function recorded(lines: readonly string[]): RecordedRun | undefined {
  const started = readEvent(lines[0] ?? '')
  const last = readEvent(lines.at(-1) ?? '')
  if (started?.type !== 'run.started') return undefined
  return { started, finished: last?.type === 'run.finished' ? last : undefined }
}

/** Shows the events as the plain view does, since nothing happens any more that a live view could show. */
async function showAgain(context: Context, flags: RunsFlags, { path }: Log): Promise<void> {
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

/** More than any run writes. */
const largest = 512 * 1024 * 1024

function linesOf(path: string): { readonly lines: readonly string[] } | { readonly why: string } {
  const read = readRegularFile(path, largest)
  if (read.kind === 'bytes') return { lines: read.bytes.toString('utf8').trimEnd().split('\n') }
  return { why: `cannot read ${path}: ${read.kind === 'missing' ? 'it was removed meanwhile' : read.why}` }
}
