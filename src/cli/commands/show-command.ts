import { exitCodes, InputError } from '../../base/errors.ts'
import { readEvent } from '../../events/read-event.ts'
import type { PlanFile } from '../../engine/plans/plan-schema.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { OutputFlags } from '../flags.ts'
import { openPlanFile } from '../plan-files.ts'
import { createView, reportProblems } from '../show.ts'

export interface ShowFlags extends Pick<OutputFlags, 'verbose'>, Partial<Pick<Configuration, 'color'>> {
  readonly output: 'plain' | 'jsonl' | 'json'
}

/** `gpuplay show FILE` */
export async function showCommand(this: Context, flags: ShowFlags, path: string): Promise<void> {
  const { output, color = 'auto', verbose } = flags
  try {
    const plan = openPlanFile(this, path)
    if (output === 'json') {
      this.output.write(`${JSON.stringify(plan, null, 2)}\n`)
      return
    }
    const view = await createView(this, { output, color, verbosity: verbose, diff: true })
    for (const value of plan.events) {
      const event = readEvent(JSON.stringify(value))
      if (event !== undefined) view.take(event)
    }
    await view.close()
    if (output === 'plain') this.output.write(`${closing(plan)}\n`)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color })
    this.setExitCode(exitCodes.invalidInput)
  }
}

/** Who made the plan and when, and what "apply" needs. */
function closing({ made, gpuplay, command }: PlanFile): string {
  const needed = command.extraVars.flatMap(({ shown, digest }) =>
    digest === undefined ? [] : [`to apply it, give this option again: -e ${shown}`],
  )
  return [`made ${made} by gpuplay ${gpuplay}`, ...needed].join('\n')
}
