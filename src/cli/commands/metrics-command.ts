import { resolve } from 'node:path'
import { type ExitCode, exitCodes, InputError } from '../../base/errors.ts'
import { systemReason } from '../../base/regular-file.ts'
import { gpuStatusOf } from '../../modules/gpu-verify/gpu-status.ts'
import type { SummaryRow } from '../../modules/module.ts'
import { fleetMetrics, type MeasuredHost } from '../../view/fleet-metrics.ts'
import { metricsText } from '../../view/metrics-text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import { readFleetStatus } from '../fleet-status.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { lastRuns, recordsOf } from '../recorded-runs.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { reportProblems } from '../show.ts'
import { whyNotWritable, writeWholeFile } from '../whole-file.ts'

export interface MetricsFlags extends InventoryFlags, ConnectionFlags, Partial<Pick<Configuration, 'forks'>> {
  readonly output?: string
  readonly limit?: string
}

/** `gpuplay metrics -i INV`: what `gpuplay status` knows, for Prometheus. */
export async function metricsCommand(this: Context, flags: MetricsFlags): Promise<void> {
  try {
    this.setExitCode(await measure(this, flags))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

/** Something that is off is a metric, not a failure: a timer must not fail because of it. */
async function measure(context: Context, { output, ...flags }: MetricsFlags): Promise<ExitCode> {
  const { world } = context
  const path = output === undefined ? undefined : resolve(world.workingDirectory, output)
  const refusal = path === undefined ? undefined : whyNotWritable(path)
  if (refusal !== undefined) throw new InputError([refusal])
  const configuration = configured(context, flags)
  const { rows, interrupted } = await readFleetStatus(context, { ...flags, ...configuration })
  if (interrupted) {
    context.errors.write('interrupted: no metrics were written\n')
    return exitCodes.interrupted
  }
  const text = metricsText(
    fleetMetrics({
      version: context.version,
      hosts: rows.flatMap(measured),
      runs: lastRuns(recordsOf(context, inventoriesOf(context, configuration))),
    }),
  )
  if (path !== undefined) return write(context, path, text)
  context.output.write(text)
  return exitCodes.success
}

function measured(row: SummaryRow): readonly MeasuredHost[] {
  const status = gpuStatusOf(row)
  return status === undefined ? [] : [{ status, findings: row.findings?.length ?? 0 }]
}

function write(context: Context, path: string, text: string): ExitCode {
  try {
    writeWholeFile(path, text, context.world.randomHex)
    return exitCodes.success
  } catch (error) {
    context.errors.write(`error: cannot write ${path}: ${systemReason(error)}\n`)
    return exitCodes.invalidInput
  }
}
