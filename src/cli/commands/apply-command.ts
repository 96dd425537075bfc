import { basename } from 'node:path'
import { createDigests } from '../../base/digests.ts'
import { defined } from '../../base/defined.ts'
import { exitCodes, InputError } from '../../base/errors.ts'
import { applyPlan } from '../../engine/plans/apply-plan.ts'
import { checkMaker } from '../../engine/plans/plan-file.ts'
import type { PlanCommand } from '../../engine/plans/plan-schema.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags, OutputFlags } from '../flags.ts'
import { extraVarsOf, openPlanFile } from '../plan-files.ts'
import { createView, emitProblems, reportProblems } from '../show.ts'
import { type ShownOptions, showRun } from '../shown-run.ts'

export interface ApplyFlags
  extends Pick<InventoryFlags, 'extraVars'>, OutputFlags, Partial<Pick<Configuration, 'forks' | 'diff'>> {
  readonly profile: boolean
}

/** `gpuplay apply FILE` */
export async function applyCommand(this: Context, flags: ApplyFlags, path: string): Promise<void> {
  try {
    const plan = openPlanFile(this, path)
    checkMaker(plan, path, this.version)
    const { command, salt } = plan
    const extraVars = extraVarsOf(command, flags.extraVars ?? [], createDigests(salt))
    const exitCode = await showRun(this, optionsOf(this, flags, { ...command, given: extraVars }), {
      playbooks: command.playbooks,
      check: false,
      tags: { tags: command.tags, skipTags: command.skipTags },
      startAt: command.startAt,
      onlyHosts: command.onlyHosts,
      forceHandlers: command.forceHandlers,
      profile: flags.profile,
      step: false,
      start: (request, dependencies) =>
        applyPlan(plan, request, { ...dependencies, planName: basename(path) }),
    })
    this.setExitCode(exitCode)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { output = 'auto', color = 'auto' } = flags
    if (output === 'jsonl') {
      const view = await createView(this, { output, color, verbosity: 0, diff: false })
      emitProblems(this, error.problems, { view, check: false })
      await view.close()
    }
    reportProblems(this, error.problems, { color })
    this.setExitCode(exitCodes.invalidInput)
  }
}

/** The options of the plan, with those of this command line that do not change what the run does. */
function optionsOf(
  context: Context,
  flags: ApplyFlags,
  { playbooks, inventories, connection, limit, given }: PlanCommand & { readonly given: readonly string[] },
): ShownOptions {
  const { output, color, forks, diff, verbose } = flags
  const found = configured(context, { output, color, forks, diff, inventory: inventories }, playbooks)
  return {
    forks: found.forks,
    forceHandlers: found.forceHandlers,
    output: found.output,
    color: found.color,
    diff: found.diff,
    keepRuns: found.keepRuns,
    lintSkip: found.lintSkip,
    inventory: inventories,
    extraVars: given,
    verbose,
    askPass: false,
    askBecomePass: false,
    ...connection,
    ...defined({ limit }),
  }
}
