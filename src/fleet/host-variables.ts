/**
 * The variables of one host while a run goes on: what the inventory gives, what tasks registered, facts that are read when they are first asked for, and what
 * the engine itself offers.
 */
import type { HostName } from '../base/brand.ts'
import type { Secrets } from '../base/secrets.ts'
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
  /** Learns the secrets among the variables. */
  readonly secrets: Pick<Secrets, 'add'>
  readonly inventory: Variables
  readonly extra: Variables
  /** Names of all facts that there are. */
  readonly factNames: readonly string[]
  /** What the engine offers under fixed names (`groups`, `inventory_hostname`, ...): computed when asked for. */
  readonly builtIn: Readonly<Record<string, () => unknown>>
}

/** Keys are machine and resource. */
export type Touched = ReadonlyMap<string, unknown>

export interface HostVariables {
  readonly name: HostName
  /** Registered results and variables that tasks set last for the whole run. What is returned takes it back. */
  register(name: string, value: unknown): () => void
  /** `touched`: what was looked at to see it, by machine and resource. */
  setFact(name: string, value: unknown, touched?: Touched): void
  /** All of them, or those that rest on something of which this is true. */
  forgetFacts(changed?: (touched: Touched) => boolean): void
  /** What a task sees. Make a new one for every evaluation: a scope remembers what it has rendered. */
  scope(play?: Play, task?: Task, options?: ScopeOptions): VariableScope
  /** Counts changes of variables. */
  readonly revision: number
  /** Whether one of these has changed after that revision. */
  changedSince(revision: number, names: ReadonlySet<string>): boolean
}

export interface ScopeOptions {
  readonly layers?: readonly Layer[]
  /** Filled with the names of variables that may change while the run goes on, whether or not there is one. */
  readonly reads?: Set<string>
}

export function createHostVariables(options: HostVariablesOptions): HostVariables {
  const { name, inventory, extra, factNames, builtIn, secrets } = options
  const registered = new Map<string, unknown>()
  const read = new Map<string, { readonly value: unknown; readonly touched: Touched }>()
  const changedAt = new Map<string, number>()
  let revision = 0
  const facts = (): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      factNames.map((fact) => {
        const known = read.get(fact)
        return [fact, known === undefined ? new Unread(name, fact) : known.value]
      }),
    )
  const offered = new LazyMap({ ...builtIn, facts })
  const changed = (variable: string): void => {
    revision += 1
    changedAt.set(variable, revision)
  }
  const put = (variable: string, value: unknown): void => {
    changed(variable)
    registered.set(variable, value)
  }
  return {
    name,
    register(variable, value) {
      const before = registered.get(variable)
      const had = registered.has(variable)
      put(variable, value)
      return () => {
        if (had) put(variable, before)
        else {
          changed(variable)
          registered.delete(variable)
        }
      }
    },
    setFact: (fact, value, touched = new Map()) => void read.set(fact, { value, touched }),
    forgetFacts(isChanged = () => true) {
      const gone = [...read].filter(([, { touched }]) => isChanged(touched))
      if (gone.length === 0) return
      changed('facts')
      for (const [fact] of gone) read.delete(fact)
    },
    get revision() {
      return revision
    },
    changedSince(since, names) {
      if (revision === since) return false
      // Through `hostvars` anything may have been read.
      return names.has('hostvars') || [...names].some((variable) => (changedAt.get(variable) ?? 0) > since)
    },
    scope(play, task, { layers = [], reads } = {}) {
      const all: readonly Layer[] = [
        { layer: 'inventory', written: inventory },
        { layer: 'extra vars', written: extra },
        { layer: 'registered', data: reads === undefined ? registered : new WatchedMap(registered, reads) },
        { layer: 'built in', data: reads === undefined ? offered : new WatchedMap(offered, reads) },
        ...(play === undefined ? [] : [{ layer: 'play vars' as const, written: play.vars }]),
        ...(play === undefined || task === undefined ? [] : [...taskLayers(play, task), placeOf(task)]),
        ...layers,
      ]
      return new VariableScope(all, secrets)
    },
  }
}

/** A map that remembers what was looked up. */
class WatchedMap implements ReadonlyMap<string, unknown> {
  readonly #map: ReadonlyMap<string, unknown>
  readonly #reads: Set<string>
  constructor(map: ReadonlyMap<string, unknown>, reads: Set<string>) {
    this.#map = map
    this.#reads = reads
  }
  get size(): number {
    return this.#map.size
  }
  has(name: string): boolean {
    this.#reads.add(name)
    return this.#map.has(name)
  }
  get(name: string): unknown {
    this.#reads.add(name)
    return this.#map.get(name)
  }
  keys(): MapIterator<string> {
    return this.#map.keys()
  }
  values(): MapIterator<unknown> {
    return this.#map.values()
  }
  entries(): MapIterator<[string, unknown]> {
    return this.#map.entries()
  }
  forEach(see: (value: unknown, name: string, map: ReadonlyMap<string, unknown>) => void): void {
    this.#map.forEach((value, name) => see(value, name, this))
  }
  [Symbol.iterator](): MapIterator<[string, unknown]> {
    return this.#map[Symbol.iterator]()
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
