import { type ExitCode, exitCodes, InputError, type Problem } from '../../base/errors.ts'
import { type HostName, hostName } from '../../base/brand.ts'
import { explainVariable } from '../../engine/explain-variable.ts'
import { prepareRun, type PreparedRun } from '../../engine/prepare-run.ts'
import type { RunDependencies, RunRequest } from '../../engine/request.ts'
import { runPlaybooks } from '../../engine/run-playbooks.ts'
import { refOf } from '../../engine/task-refs.ts'
import type { Event } from '../../events/events.ts'
import type { ExplainedItem } from '../../events/explained-item.ts'
import { hostOf, type InventoryHost } from '../../inventory/inventory-model.ts'
import type { Task } from '../../language/model.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { configured } from '../configuration.ts'
import { taskText, variableText } from '../explain-text.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { keyedFiles } from '../keyed-files.ts'
import { playbooksOf } from '../shipped.ts'
import { reportProblems } from '../show.ts'
import { dependenciesOf, requestOf } from '../start-run.ts'

export interface ExplainFlags extends InventoryFlags, ConnectionFlags {
  readonly host: string
}

/** A run that is only explained. */
interface Explained {
  readonly name: string
  readonly request: RunRequest
  readonly dependencies: RunDependencies
  readonly host: InventoryHost
  readonly prepared: PreparedRun
}

/** `gpuplay explain var|task NAME --host HOST [PLAYBOOK...]` */
export async function explainCommand(this: Context, flags: ExplainFlags, ...words: string[]): Promise<void> {
  try {
    const [what = '', name = '', ...playbooks] = words
    if (what !== 'var' && what !== 'task') throw new InputError([unknownSubject(what)])
    if (what === 'task' && playbooks.length === 0) throw new InputError([noPlaybook(name)])
    const explained = await prepared(this, { ...flags, connects: what === 'task' }, { name, playbooks })
    this.setExitCode(what === 'var' ? variable(this, explained) : await task(this, explained))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

function unknownSubject(what: string): Problem {
  return {
    code: 'unknown-subject',
    message: `gpuplay explains "var" and "task", not "${what}"`,
    hint: 'write gpuplay explain var NAME --host HOST, or gpuplay explain task NAME PLAYBOOK --host HOST',
  }
}

function noPlaybook(name: string): Problem {
  return {
    code: 'no-playbook',
    message: 'no playbook was given',
    hint: `name the playbook of the task: gpuplay explain task ${JSON.stringify(name)} site.yml --host HOST`,
  }
}

/** @throws InputError with every mistake in the files, and for an unknown host */
async function prepared(
  context: Context,
  { host: wanted, connects, ...flags }: ExplainFlags & { readonly connects: boolean },
  { name, playbooks }: { readonly name: string; readonly playbooks: readonly string[] },
): Promise<Explained> {
  const line = { ...flags, ...configured(context, flags, playbooks) }
  const passwords = connects ? line : { ...line, askPass: false, askBecomePass: false }
  const request = await requestOf(context, passwords, {
    playbooks: playbooksOf(context, playbooks),
    check: true,
  })
  const files = await keyedFiles(context, line)
  const dependencies = { ...(await dependenciesOf(context, files, request)), sinks: [] }
  const run = prepareRun(request, dependencies, context.signal)
  const { inventory } = run.loaded
  const host = hostOf(inventory, hostName(wanted))
  if (host !== undefined) return { name, request, dependencies, host, prepared: run }
  throw new InputError([
    problem('unknown-host', `there is no host ${JSON.stringify(wanted)} in the inventory`, {
      hint: didYouMean(wanted, [...inventory.hosts.keys()], 'see `gpuplay inventory --graph`'),
    }),
  ])
}

function variable(context: Context, { name, host, prepared: { loaded, context: run } }: Explained): ExitCode {
  const sections = explainVariable(name, {
    inventory: loaded.inventory,
    host,
    variables: run.fleet.variables(host.name),
    plays: loaded.selection.plays,
  })
  context.output.write(variableText(name, host.name, sections))
  return exitCodes.success
}

/** Plans the playbook on the host, and on its node, whose changes it may depend on. */
async function task(context: Context, explained: Explained): Promise<ExitCode> {
  const { name, host, request, dependencies, prepared: run } = explained
  const tasks = tasksNamed(explained)
  const node = run.context.fleet.nodeOf(host.name)
  const items: ExplainedItem[] = []
  const events: Event[] = []
  const exitCode = await runPlaybooks(
    { ...request, limit: [host.name, ...(node === undefined ? [] : [node])].join(',') },
    {
      ...dependencies,
      sinks: [(event) => void events.push(event)],
      explain: {
        wanted: (candidate: Task, on: HostName) => on === host.name && tasks.has(candidate.key),
        take: (item) => void items.push(item),
      },
    },
  )
  const own = events.filter((event) => !('host' in event) || event.host === host.name)
  context.output.write(taskText({ name, host: host.name, items, events: own }))
  return exitCode === exitCodes.unreachable ? exitCode : exitCodes.success
}

/** The keys of the tasks that the name means: a key, a name, or a name with its role. @throws InputError */
function tasksNamed({ name, host, prepared: { loaded } }: Explained): ReadonlySet<string> {
  const all = loaded.selection.plays.flatMap(({ play, hosts }) =>
    [...play.sections.flatMap((section) => section.tasks), ...play.handlers].map((found) => ({
      key: found.key,
      names: [found.key, found.name, refOf(play, found, found.name).name],
      isHere: hosts.includes(host.name),
    })),
  )
  const named = all.filter(({ names }) => names.includes(name))
  if (named.length === 0) {
    const names = all.flatMap((found) => found.names.slice(1))
    throw new InputError([
      problem('unknown-task', `the playbook has no task ${JSON.stringify(name)}`, {
        hint: didYouMean(name, names, 'see `gpuplay run PLAYBOOK --list-tasks`'),
      }),
    ])
  }
  if (named.some(({ isHere }) => isHere)) return new Set(named.map(({ key }) => key))
  throw new InputError([
    problem('unused-task', `no play with the task ${JSON.stringify(name)} runs on ${host.name}`, {
      hint: 'see `gpuplay run PLAYBOOK --list-hosts`',
    }),
  ])
}
