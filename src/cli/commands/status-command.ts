import { type ExitCode, exitCodes, InputError } from '../../base/errors.ts'
import { jsonText } from '../../view/json-text.ts'
import { statusText } from '../../view/status-text.ts'
import { printableData } from '../../view/text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import { readFleetStatus } from '../fleet-status.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { colorsFor, reportProblems, terminalWidth } from '../show.ts'

export interface StatusFlags
  extends InventoryFlags, ConnectionFlags, Partial<Pick<Configuration, 'color' | 'forks'>> {
  readonly output: 'text' | 'json'
  readonly limit?: string
}

/** `gpuplay status -i INV`: the table of the role `verify` for the whole fleet. */
export async function statusCommand(this: Context, flags: StatusFlags): Promise<void> {
  try {
    this.setExitCode(await show(this, flags))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: flags.color ?? 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

async function show(context: Context, given: StatusFlags): Promise<ExitCode> {
  const { output, ...flags } = given
  const configuration = configured(context, flags)
  const { rows, interrupted } = await readFleetStatus(context, { ...flags, ...configuration })
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
    return exitCodes.interrupted
  }
  return rows.some(({ state }) => state !== 'ok') ? exitCodes.changesFound : exitCodes.success
}
