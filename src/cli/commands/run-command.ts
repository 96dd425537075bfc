import { defined } from '../../base/defined.ts'
import { type ExitCode, exitCodes, InputError, type Problem } from '../../base/errors.ts'
import type { ListedPlay } from '../../events/listed-play.ts'
import { jsonText } from '../../view/json-text.ts'
import { type PlayParts, playsText } from '../../view/plays-text.ts'
import { plainText } from '../../view/text.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import { type OutputTargets, reportingMistakes, showRun, withOutputs } from '../shown-run.ts'
import { listRun } from '../start-run.ts'
import { type SelectionFlags, wantedOf } from '../wanted.ts'

export interface RunFlags extends SelectionFlags {
  readonly check: boolean
  readonly step: boolean
  readonly failOnChange: boolean
  readonly stepByStep: boolean
  readonly profile: boolean
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly listTags: boolean
  readonly syntaxCheck: boolean
}

/** The options of the command line, completed from the configuration. */
type RunOptions = Omit<RunFlags, 'output'> & Configuration & OutputTargets

/** `gpuplay run PLAYBOOK... -i INVENTORY` */
export async function runCommand(this: Context, flags: RunFlags, ...playbooks: string[]): Promise<void> {
  await reportingMistakes(this, flags, flags.check, () => runOnce(this, flags, playbooks))
}

/** @throws InputError */
async function runOnce(context: Context, flags: RunFlags, names: readonly string[]): Promise<ExitCode> {
  const options = withOutputs(context, flags, names)
  checkFlags(options)
  const { listHosts, listTasks, listTags, syntaxCheck } = options
  if (listHosts || listTasks || listTags || syntaxCheck) return list(context, options, names)
  const { stepByStep, profile, failOnChange, forceHandlers, step } = options
  return showRun(context, options, {
    ...wantedOf(context, options, names),
    stepByStep,
    profile,
    failOnChange,
    forceHandlers,
    step,
  })
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
