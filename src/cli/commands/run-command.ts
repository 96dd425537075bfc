import { defined } from '../../base/defined.ts'
import { type ExitCode, exitCodes, InputError, type Problem } from '../../base/errors.ts'
import type { Event } from '../../events/events.ts'
import type { ListedPlay } from '../../events/listed-play.ts'
import { jsonText } from '../../view/json-text.ts'
import { type PlayParts, playsText } from '../../view/plays-text.ts'
import { plainText } from '../../view/text.ts'
import type { View } from '../../view/view.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags, OutputFlags } from '../flags.ts'
import { createFileViews } from '../output-files.ts'
import { type OutputFile, outputsOf } from '../output-formats.ts'
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
type RunOptions = Omit<RunFlags, 'output'> & Configuration & { readonly files: readonly OutputFile[] }

/** `gpuplay run PLAYBOOK... -i INVENTORY` */
export async function runCommand(this: Context, flags: RunFlags, ...playbooks: string[]): Promise<void> {
  this.setExitCode(await runOnce(this, flags, playbooks))
}

async function runOnce(context: Context, flags: RunFlags, names: readonly string[]): Promise<ExitCode> {
  const { color = 'auto' } = flags
  const output = flags.output?.find((value) => typeof value === 'string') ?? 'auto'
  try {
    const { screen, files } = outputsOf(flags.output ?? [])
    const given = { ...flags, output: screen }
    const options: RunOptions = { ...given, ...configured(context, given, names), files }
    checkFlags(options)
    const { listHosts, listTasks, listTags, syntaxCheck } = options
    if (listHosts || listTasks || listTags || syntaxCheck) return await list(context, options, names)
    return await runAndShow(context, options, names)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { problems } = error
    const choice = { verbosity: 0, diff: false }
    const views = [
      ...(await fileViewsIfPossible(context, flags, choice)),
      ...(output === 'jsonl' ? [await createView(context, { output, color, ...choice })] : []),
    ]
    emitProblems(context, problems, { views, check: flags.check })
    for (const view of views) await view.close()
    reportProblems(context, problems, { color })
    return exitCodes.invalidInput
  }
}

/** For mistakes in the files, which reports show too. If a report itself is the mistake, there is none. */
async function fileViewsIfPossible(
  context: Context,
  { output = [] }: RunFlags,
  choice: { readonly verbosity: number; readonly diff: boolean },
): Promise<readonly View[]> {
  try {
    return await createFileViews(context, outputsOf(output).files, choice)
  } catch (error) {
    if (error instanceof InputError) return []
    throw error
  }
}

async function runAndShow(
  context: Context,
  options: RunOptions,
  names: readonly string[],
): Promise<ExitCode> {
  const inventories = inventoriesOf(context, options)
  const wanted = wantedOf(context, options, names)
  const verbosity = options.quiet ? -1 : options.verbose
  const views = [
    ...(await createFileViews(context, options.files, { verbosity, diff: options.diff })),
    await createView(context, { ...options, verbosity }),
  ]
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
      sinks: [recorder.take, ...views.map((view) => (event: Event) => view.take(event))],
      // A program reads these events, so nobody can answer a question.
      mayAsk: options.output !== 'jsonl',
      step: options.step,
    })
  } finally {
    for (const view of views) await view.close()
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
  if (options.quiet && options.verbose > 0)
    problems.push({
      code: 'exclusive-options',
      message: '--quiet prints less, and --verbose more',
      hint: 'leave one of them out',
    })
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
