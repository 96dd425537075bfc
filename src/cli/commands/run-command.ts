import { defined } from '../../base/defined.ts'
import { type ExitCode, exitCodes, InputError, type Problem } from '../../base/errors.ts'
import type { ListedPlay } from '../../events/listed-play.ts'
import { jsonText } from '../../view/json-text.ts'
import { type PlayParts, playsText } from '../../view/plays-text.ts'
import { plainText } from '../../view/text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags, OutputFlags } from '../flags.ts'
import { hostsToRerun } from '../rerun.ts'
import { inventoriesOf } from '../run-inputs.ts'
import { runFolders } from '../run-folders.ts'
import { createRunLog, type RunLog } from '../run-log.ts'
import { shownCommand } from '../shown-command.ts'
import { playbooksOf, shippedNames } from '../shipped.ts'
import { createView, emitProblems, reportProblems } from '../show.ts'
import { listRun, startRun, type Wanted } from '../start-run.ts'

export interface RunFlags
  extends InventoryFlags, ConnectionFlags, OutputFlags, Partial<Pick<Configuration, 'forks' | 'diff'>> {
  readonly check: boolean
  readonly limit?: string
  readonly rerunFailed: boolean
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  readonly startAtTask?: string
  readonly step: boolean
  readonly forceHandlers?: boolean
  readonly failOnChange: boolean
  readonly stepByStep: boolean
  readonly profile: boolean
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly listTags: boolean
  readonly syntaxCheck: boolean
}

/** The options of the command line, completed from the configuration. */
type RunOptions = RunFlags & Configuration

/** `gpuplay run PLAYBOOK... -i INVENTORY` */
export async function runCommand(this: Context, flags: RunFlags, ...playbooks: string[]): Promise<void> {
  this.setExitCode(await runOnce(this, flags, playbooks))
}

async function runOnce(context: Context, flags: RunFlags, names: readonly string[]): Promise<ExitCode> {
  const { output = 'auto', color = 'auto' } = flags
  try {
    const options: RunOptions = { ...flags, ...configured(context, flags, names) }
    checkFlags(options)
    const { listHosts, listTasks, listTags, syntaxCheck } = options
    if (listHosts || listTasks || listTags || syntaxCheck) return await list(context, options, names)
    return await runAndShow(context, options, names)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { problems } = error
    if (output === 'jsonl') {
      const view = await createView(context, { output, color, verbosity: 0, diff: false })
      emitProblems(context, problems, { view, check: flags.check })
      await view.close()
    }
    reportProblems(context, problems, { color })
    return exitCodes.invalidInput
  }
}

async function runAndShow(
  context: Context,
  options: RunOptions,
  names: readonly string[],
): Promise<ExitCode> {
  const inventories = inventoriesOf(context, options)
  const wanted = wantedOf(context, options, names)
  const view = await createView(context, { ...options, verbosity: options.verbose })
  let log: RunLog | undefined
  try {
    const recorder = createRunLog({
      folders: runFolders(inventories, context.world),
      keep: options.keepRuns,
      now: context.world.now,
    })
    log = recorder
    return await startRun(context, options, {
      ...wanted,
      stepByStep: options.stepByStep,
      profile: options.profile,
      failOnChange: options.failOnChange,
      forceHandlers: options.forceHandlers,
      command: shownCommand(context.words),
      sinks: [recorder.take, (event) => view.take(event)],
      // A program reads these events, so nobody can answer a question.
      mayAsk: options.output !== 'jsonl',
      step: options.step,
    })
  } finally {
    await view.close()
    for (const sentence of log?.close() ?? []) context.errors.write(`warning: ${sentence}\n`)
  }
}

function wantedOf(context: Context, options: RunOptions, names: readonly string[]): Wanted {
  const { check, rerunFailed, tags = [], skipTags = [], startAtTask } = options
  const playbooks = playbooksOf(context, names)
  const inventories = inventoriesOf(context, options)
  return {
    playbooks,
    otherPlaybooks: shippedNames(context.shipped),
    tags: { tags, skipTags },
    startAt: startAtTask,
    onlyHosts: rerunFailed ? hostsToRerun(context, { playbooks, inventories, check }) : undefined,
    check,
  }
}

/** Prints what a run would take part in, and connects to no host. */
async function list(context: Context, options: RunOptions, names: readonly string[]): Promise<ExitCode> {
  const plays = await listRun(context, options, wantedOf(context, options, names))
  const { listHosts: hosts, listTasks: tasks, listTags: tags } = options
  const parts = { hosts, tasks, tags }
  const text = !(hosts || tasks || tags)
    ? `no mistakes found: ${names.join(', ')}`
    : options.output === 'jsonl'
      ? plays.map((play) => jsonText(partsOf(play, parts))).join('\n')
      : playsText(plays, parts)
  if (text !== '') context.output.write(`${plainText(text)}\n`)
  return exitCodes.success
}

/** Returns a line of JSON for programs. */
function partsOf(play: ListedPlay, { hosts, tasks, tags }: PlayParts): object {
  return {
    v: 1,
    play: play.name,
    pattern: play.pattern,
    ...defined({
      hosts: hosts ? play.hosts : undefined,
      tasks: tasks ? play.tasks : undefined,
      tags: tags ? play.tags : undefined,
    }),
  }
}

/** @throws InputError if an option has no effect without another, or together with another */
function checkFlags({ check, failOnChange, step, ...options }: RunOptions): void {
  const problems: Problem[] = []
  if (failOnChange && !check)
    problems.push({
      code: 'option-without-effect',
      message: '--fail-on-change works only together with --check',
      hint: 'add --check, or leave --fail-on-change out',
    })
  const lists = Object.entries({
    '--list-hosts': options.listHosts,
    '--list-tasks': options.listTasks,
    '--list-tags': options.listTags,
    '--syntax-check': options.syntaxCheck,
  }).flatMap(([name, given]) => (given ? [name] : []))
  const [first] = lists
  if (step && first !== undefined)
    problems.push({
      code: 'exclusive-options',
      message: `--step has no effect with ${first}, which runs no tasks`,
      hint: 'leave one of them out',
    })
  if (problems.length > 0) throw new InputError(problems)
}
