import { InputError, exitCodes } from '../../base/errors.ts'
import type { Event } from '../../events/events.ts'
import { runDifference } from '../../events/run-difference.ts'
import { problem } from '../../language/source.ts'
import { differenceText } from '../../view/difference-text.ts'
import { jsonText } from '../../view/json-text.ts'
import { noEnd, runsText } from '../../view/runs-text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags, OutputFlags } from '../flags.ts'
import {
  begunRun,
  chosenRecord,
  eventsIn,
  linesOf,
  readRecord,
  recordedRun,
  recordsOf,
  type RunRecord,
} from '../recorded-runs.ts'
import type { runForms } from '../run-forms.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { colorsFor, createView, reportProblems, terminalWidth } from '../show.ts'

export interface RunsFlags extends Pick<InventoryFlags, 'inventory'>, Pick<OutputFlags, 'color' | 'verbose'> {
  readonly output: (typeof runForms)[number]
  readonly diff?: boolean
}

type Shown = RunsFlags & Pick<Configuration, 'color' | 'diff'>

/**
 * `gpuplay runs -i INV` lists the recorded runs, `gpuplay runs show ID` shows one again, `gpuplay runs diff ID
 * ID` compares two.
 */
export async function runsCommand(this: Context, given: RunsFlags, ...words: string[]): Promise<void> {
  try {
    const wanted = wantedOf(words)
    const { output, ...common } = given
    const configuration = configured(this, common)
    const flags: Shown = { ...common, ...configuration, output }
    if (wanted.kind !== 'show') checkForm(output)
    const logs = recordsOf(this, inventoriesOf(this, configuration))
    switch (wanted.kind) {
      case 'list':
        list(this, flags, logs)
        break
      case 'show':
        await showAgain(this, flags, chosenRecord(logs, wanted.id))
        break
      case 'diff':
        compare(this, flags, [chosenRecord(logs, wanted.first), chosenRecord(logs, wanted.second)])
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: given.color ?? 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

type WantedRuns =
  | { readonly kind: 'list' }
  | { readonly kind: 'show'; readonly id: string }
  | { readonly kind: 'diff'; readonly first: string; readonly second: string }

/** @throws InputError if the words are none of the three commands */
function wantedOf([word, first, second, third]: readonly string[]): WantedRuns {
  const missing = (message: string, command: string): InputError => {
    const hint = `${command}; see "gpuplay runs" for the list`
    return new InputError([problem('missing-run', message, { hint })])
  }
  const unexpected = (argument: string, hint: string): InputError =>
    new InputError([
      problem('unexpected-argument', `unexpected argument ${JSON.stringify(argument)}`, { hint }),
    ])
  switch (word) {
    case undefined:
      return { kind: 'list' }
    case 'diff':
      if (third !== undefined) throw unexpected(third, `name two runs: gpuplay runs diff ${first} ${second}`)
      if (first !== undefined && second !== undefined) return { kind: 'diff', first, second }
      throw missing('diff compares two runs', 'name both: gpuplay runs diff ID ID')
    case 'show':
      if (second !== undefined) throw unexpected(second, 'compare two runs with: gpuplay runs diff ID ID')
      if (first !== undefined) return { kind: 'show', id: first }
      throw missing('show needs a run', 'name it: gpuplay runs show ID')
    default:
      throw unexpected(word, `show a run with: gpuplay runs show ${word}`)
  }
}

/** @throws InputError for a form of a single run */
function checkForm(output: RunsFlags['output']): void {
  if (output === 'plain' || output === 'jsonl') return
  const hint = 'use plain or jsonl, or name the run: gpuplay runs show ID'
  throw new InputError([problem('unknown-output', `only one run has the form ${output}`, { hint })])
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

/** Shows the events in the wanted form, without their pauses. */
async function showAgain(context: Context, { output, ...flags }: Shown, record: RunRecord): Promise<void> {
  const lines = readRecord(record)
  let last: Event | undefined
  const view = await createView(context, {
    ...flags,
    output: output === 'live' ? 'auto' : output,
    verbosity: flags.verbose,
    clock: () => Date.parse(last?.time ?? '') || 0,
  })
  for (const event of eventsIn(lines)) {
    last = event
    view.take(event)
  }
  await view.close()
  if (last?.type !== 'run.finished') context.errors.write(`${noEnd}\n`)
}

/** @throws InputError if a log cannot be read, or has no beginning */
function compare(
  context: Context,
  { output, color }: Shown,
  [first, second]: readonly [RunRecord, RunRecord],
): void {
  const [one, other] = [readRecord(first), readRecord(second)]
  const runs = [begunRun(first, one), begunRun(second, other)] as const
  const difference = runDifference(eventsIn(one), eventsIn(other))
  if (output === 'jsonl') {
    for (const host of difference.hosts) context.output.write(`${jsonText({ v: 1, ...host })}\n`)
    return
  }
  const colors = colorsFor(context, context.output, color)
  const width = terminalWidth(context.output)?.()
  context.output.write(`${differenceText(runs, difference, { colors, width })}\n`)
}
