import { basename } from 'node:path'
import { createDigests } from '../../base/digests.ts'
import { defined } from '../../base/defined.ts'
import type { ExitCode } from '../../base/errors.ts'
import { applyPlan } from '../../engine/plans/apply-plan.ts'
import { checkMaker } from '../../engine/plans/plan-file.ts'
import type { PlanCommand } from '../../engine/plans/plan-schema.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags, OutputFlags, VaultFlags } from '../flags.ts'
import { extraVarsOf, openPlanFile } from '../plan-files.ts'
import { outputsOf } from '../output-formats.ts'
import { reportingMistakes, type ShownOptions, showRun } from '../shown-run.ts'

export interface ApplyFlags
  extends
    VaultFlags,
    Pick<InventoryFlags, 'extraVars'>,
    OutputFlags,
    Partial<Pick<Configuration, 'forks' | 'diff'>> {
  readonly profile: boolean
}

/** `gpuplay apply FILE` */
export async function applyCommand(this: Context, flags: ApplyFlags, path: string): Promise<void> {
  await reportingMistakes(this, flags, false, () => apply(this, flags, path))
}

/** @throws InputError */
async function apply(context: Context, flags: ApplyFlags, path: string): Promise<ExitCode> {
  const plan = openPlanFile(context, path)
  checkMaker(plan, path, context.version)
  const { command, salt } = plan
  const extraVars = extraVarsOf(command, flags.extraVars ?? [], createDigests(salt))
  return showRun(context, optionsOf(context, flags, { ...command, extras: extraVars }), {
    playbooks: command.playbooks,
    check: false,
    tags: { tags: command.tags, skipTags: command.skipTags },
    startAt: command.startAt,
    onlyHosts: command.onlyHosts,
    forceHandlers: command.forceHandlers,
    profile: flags.profile,
    step: false,
    start: (request, dependencies) => applyPlan(plan, request, { ...dependencies, planName: basename(path) }),
  })
}

/** The options of the plan, with those of this command line that do not change what the run does. */
function optionsOf(
  context: Context,
  flags: ApplyFlags,
  { playbooks, inventories, connection, limit, extras }: PlanCommand & { readonly extras: readonly string[] },
): ShownOptions {
  const { color, forks, diff, verbose, quiet, output = [], vaultId, vaultPasswordFile } = flags
  const { screen, files } = outputsOf(output)
  const given = { output: screen, color, forks, diff, inventory: inventories }
  const found = configured(context, given, playbooks)
  const { ageIdentities, vaultPasswordFiles } = found
  return {
    forks: found.forks,
    forceHandlers: found.forceHandlers,
    output: found.output,
    color: found.color,
    diff: found.diff,
    keepRuns: found.keepRuns,
    lintSkip: found.lintSkip,
    inventory: inventories,
    extraVars: extras,
    verbose,
    quiet,
    files,
    askPass: false,
    askBecomePass: false,
    askVaultPass: flags.askVaultPass,
    ...connection,
    ...defined({ limit, vaultId, vaultPasswordFile, ageIdentities, vaultPasswordFiles }),
  }
}
