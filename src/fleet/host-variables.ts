/**
 * The variables of one host while a run goes on: what the inventory gives, what tasks registered, facts that are read when they are first asked for, and what
 * the engine itself offers.
 */
import type { HostName } from '../base/brand.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import type { Play, Task, Variables } from '../language/model.ts'
import { type Layer, taskLayers, VariableScope } from '../language/scope.ts'

/** Stands where a fact would be that nobody has read yet. The engine reads it and evaluates again, so that only used facts are ever read. */
export class Unread extends Unknown {
  readonly host: HostName
  readonly fact: string
  constructor(host: HostName, fact: string) {
    super(`the fact ${fact} of ${host} has not been read`)
    this.host = host
    this.fact = fact
  }
}

export interface HostVariablesOptions {
  readonly name: HostName
  readonly inventory: Variables
  readonly extra: Variables
  /** Names of all facts that there are. */
  readonly factNames: readonly string[]
  /** What the engine offers under fixed names (`groups`, `inventory_hostname`, ...): computed when asked for. */
  readonly builtIn: Readonly<Record<string, () => unknown>>
}

export interface HostVariables {
  readonly name: HostName
  /** Registered results and facts that were set; they last for the whole run. */
  register(name: string, value: unknown): void
  setFact(name: string, value: unknown): void
  forgetFacts(): void
  /** Facts as an object: read ones by value, others `Unread`. */
  facts(): Readonly<Record<string, unknown>>
  /** What a task sees. Make a new one for every evaluation: a scope remembers what it has rendered. */
  scope(play?: Play, task?: Task, more?: readonly Layer[]): VariableScope
  readonly registered: ReadonlyMap<string, unknown>
}

export function createHostVariables(options: HostVariablesOptions): HostVariables {
  const { name, inventory, extra, factNames, builtIn } = options
  const registered = new Map<string, unknown>()
  const read = new Map<string, unknown>()
  const facts = (): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      factNames.map((fact) => [fact, read.has(fact) ? read.get(fact) : new Unread(name, fact)]),
    )
  const offered: Layer = { layer: 'built in', data: new LazyMap({ ...builtIn, facts }) }
  return {
    name,
    registered,
    facts,
    register: (variable, value) => void registered.set(variable, value),
    setFact: (fact, value) => void read.set(fact, value),
    forgetFacts: () => read.clear(),
    scope(play, task, more = []) {
      return new VariableScope([
        { layer: 'inventory', written: inventory },
        { layer: 'extra vars', written: extra },
        { layer: 'registered', data: registered },
        offered,
        ...(play === undefined ? [] : [{ layer: 'play vars' as const, written: play.vars }]),
        ...(play === undefined || task === undefined ? [] : [...taskLayers(play, task), placeOf(task)]),
        ...more,
      ])
    },
  }
}

/** Where the task stands. */
function placeOf(task: Task): Layer {
  const data = new Map<string, unknown>([['playbook_dir', task.directory]])
  if (task.role !== undefined) {
    data.set('role_name', task.role.role.name)
    data.set('role_path', task.role.role.directory)
  }
  return { layer: 'built in', data }
}

/** Values that are made when they are asked for. */
class LazyMap extends Map<string, unknown> {
  readonly #makers: ReadonlyMap<string, () => unknown>
  constructor(makers: Readonly<Record<string, () => unknown>>) {
    super(Object.keys(makers).map((key) => [key, undefined]))
    this.#makers = new Map(Object.entries(makers))
  }
  override get(key: string): unknown {
    return this.#makers.get(key)?.()
  }
}

/**
 * Evaluates until nothing that it met is an unread fact: each is read and the evaluation done again in a fresh scope.
 * The result may hold `Unknown` for what a dry run cannot know.
 */
export async function withFacts<T>(evaluate: () => T, read: (fact: Unread) => Promise<void>): Promise<T> {
  for (;;) {
    const value = evaluate()
    const unknown = findUnknown(value)
    if (!(unknown instanceof Unread)) return value
    await read(unknown)
  }
}
