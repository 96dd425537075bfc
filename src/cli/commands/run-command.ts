import { type ExitCode, exitCodes, InputError } from '../../base/errors.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags, OutputFlags } from '../flags.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { keptRuns, runFolders } from '../run-folders.ts'
import { createRunLog, type RunLog } from '../run-log.ts'
import { shownCommand } from '../shown-command.ts'
import { playbooksOf, shippedNames } from '../shipped.ts'
import { createView, emitProblems, reportProblems } from '../show.ts'
import { startRun } from '../start-run.ts'

export interface RunFlags extends InventoryFlags, ConnectionFlags, OutputFlags {
  readonly check: boolean
  readonly diff: boolean
  readonly limit?: string
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  readonly forks: number
  readonly failOnChange: boolean
  readonly stepByStep: boolean
  readonly profile: boolean
}

/** `gpuplay run PLAYBOOK... -i INVENTORY` */
export async function runCommand(this: Context, flags: RunFlags, ...playbooks: string[]): Promise<void> {
  this.setExitCode(await runOnce(this, flags, playbooks))
}

async function runOnce(context: Context, flags: RunFlags, names: readonly string[]): Promise<ExitCode> {
  const view = await createView(context, { ...flags, verbosity: flags.verbose })
  let log: RunLog | undefined
  try {
    try {
      checkFlags(flags)
      const recorder = createRunLog({
        folders: runFolders(inventoriesOf(context, flags), context.world),
        keep: keptRuns(context.world),
      })
      log = recorder
      return await startRun(context, flags, {
        playbooks: playbooksOf(context, names),
        otherPlaybooks: shippedNames(context.shipped),
        tags: { tags: flags.tags ?? [], skipTags: flags.skipTags ?? [] },
        check: flags.check,
        stepByStep: flags.stepByStep,
        profile: flags.profile,
        failOnChange: flags.failOnChange,
        command: shownCommand(context.words),
        sinks: [recorder.take, (event) => view.take(event)],
        // A program reads these events, so nobody can answer a question.
        mayAsk: flags.output !== 'jsonl',
      })
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      if (flags.output === 'jsonl') emitProblems(context, error.problems, { view, check: flags.check })
      reportProblems(context, error.problems, flags)
      return exitCodes.invalidInput
    }
  } finally {
    await view.close()
    for (const sentence of log?.close() ?? []) context.errors.write(`warning: ${sentence}\n`)
  }
}

/** @throws InputError if an option has no effect without another */
function checkFlags({ check, failOnChange }: RunFlags): void {
  if (!failOnChange || check) return
  throw new InputError([
    {
      code: 'option-without-effect',
      message: '--fail-on-change works only together with --check',
      hint: 'add --check, or leave --fail-on-change out',
    },
  ])
}
