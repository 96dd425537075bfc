/** Explains where the value of a variable comes from: everything that sets it, and what wins where. */
import { InputError, type Position } from '../base/errors.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import type { Inventory, InventoryHost } from '../inventory/inventory-model.ts'
import { hideVariable } from '../language/born-secrets.ts'
import type { Play, RoleUse, Task, Variable } from '../language/model.ts'
import { renderValue } from '../language/render.ts'
import { type LayerName, layerOrder, type VariableScope } from '../language/scope.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { ChosenPlay } from './selection.ts'

/** One thing that sets the variable. */
export interface Candidate {
  /** For people: `vars of the play`. */
  readonly from: string
  /** Undefined for a value that gpuplay sets itself. */
  readonly where: Position | undefined
  /** Plain data, which may be or contain `Secret`; `Unknown` if only a run can know it. */
  readonly value: unknown
  /** A template or expression as written. */
  readonly written: string | undefined
}

/** The part of a run in which these candidates are seen. */
export interface VariableSection {
  /** For people: `in the role web of the play "Web servers"`. */
  readonly title: string
  /** Strongest first: the first one wins. */
  readonly candidates: readonly Candidate[]
}

export interface ExplainedHost {
  readonly inventory: Inventory
  readonly host: InventoryHost
  readonly variables: HostVariables
  /** All plays of the run. Those without the host do not count. */
  readonly plays: readonly ChosenPlay[]
}

/** @throws InputError if nothing sets the variable */
export function explainVariable(name: string, explained: ExplainedHost): readonly VariableSection[] {
  const { host, variables } = explained
  const plays = explained.plays.filter(({ hosts }) => hosts.includes(host.name))
  const parts: readonly Part[] =
    plays.length === 0 ? [{ title: 'in the inventory' }] : plays.flatMap((play) => partsOf(name, play))
  const sections = parts.map((part) => ({
    title: part.title,
    candidates: candidatesIn(name, part, explained),
  }))
  const found = sections.filter(({ candidates }) => candidates.length > 0)
  if (found.length > 0) return found
  const known = new Set(parts.flatMap((part) => [...variables.scope(part.play, part.task).names()]))
  throw new InputError([
    problem('undefined-variable', `nothing sets "${name}" on ${host.name}`, {
      hint: didYouMean(
        name,
        known,
        plays.length === 0 ? 'name the playbook, too, to see its variables' : 'check its name',
      ),
    }),
  ])
}

interface Part {
  readonly title: string
  readonly play?: Play
  readonly task?: Task
}

/** The play, each of its roles that sets the variable, and each task that does. */
function partsOf(name: string, { play, name: title }: ChosenPlay): readonly Part[] {
  const tasks = tasksOf(play)
  const inPlay = `the play "${title}"`
  const plain: Part = { title: `in ${inPlay}`, play }
  const roles = new Map<RoleUse, Task>()
  for (const task of tasks) if (task.role !== undefined && !roles.has(task.role)) roles.set(task.role, task)
  const inRoles = [...roles].flatMap(([use, task]): readonly Part[] =>
    [use.role.defaults, use.role.vars, use.parameters].some((variables) => variables.has(name))
      ? [
          {
            title: `in the role ${use.role.name} of ${inPlay} (line ${use.where.line})`,
            play,
            task: { ...task, vars: new Map() },
          },
        ]
      : [],
  )
  const inTasks = tasks.flatMap((task): readonly Part[] =>
    task.vars.has(name)
      ? [{ title: `in the task "${task.name}" of ${inPlay} (line ${task.where.line})`, play, task }]
      : [],
  )
  return [plain, ...inRoles, ...inTasks]
}

function tasksOf(play: Play): readonly Task[] {
  return [...play.sections.flatMap((section) => section.tasks), ...play.handlers]
}

interface Ranked {
  readonly layer: LayerName
  readonly candidates: readonly Candidate[]
}

function candidatesIn(name: string, part: Part, explained: ExplainedHost): readonly Candidate[] {
  const scope = explained.variables.scope(part.play, part.task)
  const found = scope.candidates(name).map(({ layer, variable }): Ranked => ({
    layer,
    candidates:
      layer === 'inventory'
        ? explained.inventory
            .candidates(explained.host, name)
            .toReversed()
            .map(({ from, variable: own }) => written(`${sources[layer]}: ${from}`, own, scope))
        : variable === undefined
          ? [{ ...sourceOf(name, layer, part), value: known(scope.get(name)), written: undefined }]
          : [written(sources[layer], variable, scope)],
  }))
  const registered = explained.plays
    .filter(({ hosts }) => hosts.includes(explained.host.name))
    .flatMap(({ play }) => tasksOf(play))
    .flatMap((task) => settingTask(name, task))
  return [...found, { layer: 'registered' as const, candidates: registered.toReversed() }]
    .sort((left, right) => layerOrder.indexOf(right.layer) - layerOrder.indexOf(left.layer))
    .flatMap(({ candidates }) => candidates)
}

/** The source of a value that no file contains: an answer, or gpuplay itself. */
function sourceOf(name: string, layer: LayerName, { play }: Part): Pick<Candidate, 'from' | 'where'> {
  const prompt = layer === 'play vars' ? play?.prompts.find((asked) => asked.name === name) : undefined
  return { from: prompt === undefined ? sources[layer] : 'vars_prompt of the play', where: prompt?.where }
}

/** The layers in words. */
const sources: Readonly<Record<LayerName, string>> = {
  'role defaults': 'defaults of the role',
  inventory: 'inventory',
  'play vars': 'vars of the play',
  'role vars': 'vars of the role',
  'role parameters': 'parameter of the role',
  'task vars': 'vars of the task',
  registered: 'result of a task',
  'extra vars': '-e',
  loop: 'loop of the task',
  'built in': 'set by gpuplay',
}

/** A task that sets the variable for the rest of the run. */
function settingTask(name: string, task: Task): readonly Candidate[] {
  const isFact = task.module === 'set_fact' && task.args.entries.has(name)
  const included = task.includes.get(name)
  if (included !== undefined)
    return [{ ...unsettled(`include_vars of the task "${task.name}"`), where: included.where }]
  if (task.register !== name && !isFact) return []
  const from = isFact ? `set_fact of the task "${task.name}"` : `result of the task "${task.name}"`
  return [{ ...unsettled(from), where: task.where }]
}

function unsettled(from: string): Omit<Candidate, 'where'> {
  return { from, value: new Unknown('from the time when the task has run'), written: undefined }
}

function written(from: string, { name, value, where }: Variable, scope: VariableScope): Candidate {
  const source = value.kind === 'template' || value.kind === 'expression' ? value.source : undefined
  return { from, where, value: rendered({ name, value, where }, scope), written: source }
}

function rendered(variable: Variable, scope: VariableScope): unknown {
  try {
    return known(hideVariable(variable, renderValue(variable.value, scope)))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return new Unknown(error.problems[0]?.message ?? error.message)
  }
}

/** A value with unknown parts is unknown as a whole: facts are not read here. */
function known(value: unknown): unknown {
  return findUnknown(value) ?? value
}
