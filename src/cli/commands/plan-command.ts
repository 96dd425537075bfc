import { basename } from 'node:path'
import { type ExitCode, exitCodes } from '../../base/errors.ts'
import { commandLine } from '../../base/shell.ts'
import { makePlan } from '../../engine/plans/make-plan.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import { checkPlanPlace, commandOf, writePlanFile } from '../plan-files.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { type OutputTargets, reportingMistakes, showRun, withOutputs } from '../shown-run.ts'
import { type SelectionFlags, wantedOf } from '../wanted.ts'

export interface PlanFlags extends SelectionFlags {
  /** The plan file to write. */
  readonly out: string
}

/** `gpuplay plan PLAYBOOK... -i INVENTORY -o FILE` */
export async function planCommand(this: Context, flags: PlanFlags, ...playbooks: string[]): Promise<void> {
  await reportingMistakes(this, flags, true, () => plan(this, withOutputs(this, flags, playbooks), playbooks))
}

async function plan(
  context: Context,
  options: Omit<PlanFlags, 'output'> & Configuration & OutputTargets,
  playbooks: readonly string[],
): Promise<ExitCode> {
  const { out } = options
  checkPlanPlace(context, out)
  const wanted = wantedOf(context, { ...options, check: true }, playbooks)
  const inventories = inventoriesOf(context, options)
  const exitCode = await showRun(context, options, {
    ...wanted,
    forceHandlers: options.forceHandlers,
    step: false,
    async start(request, dependencies) {
      const made = await makePlan(request, dependencies, {
        planName: basename(out),
        command: (digests, secrets) => commandOf(options, wanted, { inventories, digests, secrets }),
      })
      if (made.exitCode !== exitCodes.interrupted) writePlanFile(context, out, made.plan)
      return made.exitCode
    },
  })
  if (exitCode !== exitCodes.interrupted)
    context.errors.write(`the plan is in ${out}; to apply it: ${commandLine(['gpuplay', 'apply', out])}\n`)
  return exitCode
}
