/**
 * The variables of one host during a run: from the inventory, registered by tasks, facts (read on first use),
 * and built in.
 */
import type { HostName } from '../base/brand.ts'
import type { Secrets } from '../base/secrets.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import type { Play, Task, Variables } from '../language/model.ts'
import type { LocalSources } from '../language/evaluation.ts'
import { type Layer, playLayers, taskLayers, VariableScope } from '../language/scope.ts'
import { taskFolders } from '../language/task-files.ts'

/**
 * Takes the place of a fact that has not been read. The engine reads the fact and evaluates again, so it
 * reads only facts that are used.
 */
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
  /** Receives the secrets among the variables. */
  readonly secrets: Pick<Secrets, 'add'>
  /** Those of the inventory, as it is now. */
  readonly inventory: () => Variables
  readonly extra: Variables
  /** Names of all facts. */
  readonly factNames: readonly string[]
  /** Built-in variables (`groups`, `inventory_hostname`, ...), computed on access. */
  readonly builtIn: Readonly<Record<string, () => unknown>>
  readonly localSources: Omit<LocalSources, 'folders'>
}

/** Keys are `MACHINE RESOURCE`. */
export type Touched = ReadonlyMap<string, unknown>

export interface HostVariables {
  /** Sets a registered result or a variable for the rest of the run. Returns a function that undoes this. */
  register(name: string, value: unknown): () => void
  /** @param touched Resources that were read for this fact, by machine and resource. */
  setFact(name: string, value: unknown, touched?: Touched): void
  /** Forgets all facts, or those whose resources satisfy `changed`. */
  forgetFacts(changed?: (touched: Touched) => boolean): void
  /**
   * Returns the variables that a task sees. Create a new scope for every evaluation, because a scope caches
   * rendered values.
   */
  scope(play?: Play, task?: Task, options?: ScopeOptions): VariableScope
  /** Counts changes of variables. */
  readonly revision: number
  /** True if one of these variables has changed since that revision. */
  changedSince(revision: number, names: ReadonlySet<string>): boolean
}

export interface ScopeOptions {
  readonly layers?: readonly Layer[]
  /**
   * Receives the names of variables that were looked up and may change during the run, including undefined
   * ones.
   */
  readonly reads?: Set<string>
}

export function createHostVariables(options: HostVariablesOptions): HostVariables {
  const { name, inventory, extra, factNames, builtIn, secrets, localSources } = options
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
      // `hostvars` may have read any variable.
      return names.has('hostvars') || [...names].some((variable) => (changedAt.get(variable) ?? 0) > since)
    },
    scope(play, task, { layers = [], reads } = {}) {
      const all: readonly Layer[] = [
        { layer: 'inventory', written: inventory() },
        { layer: 'extra vars', written: extra },
        { layer: 'registered', data: reads === undefined ? registered : new WatchedMap(registered, reads) },
        { layer: 'built in', data: reads === undefined ? offered : new WatchedMap(offered, reads) },
        // Of two layers of one kind, those of the task count.
        ...layers,
        ...(play === undefined ? [] : layersOf(play, task)),
      ]
      const folders = task === undefined ? ['.'] : taskFolders(task)
      return new VariableScope(all, secrets, { ...localSources, folders })
    },
  }
}

/** A map that records which names were looked up. */
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

function layersOf(play: Play, task: Task | undefined): readonly Layer[] {
  return task === undefined ? playLayers(play) : [...taskLayers(play, task), placeOf(task)]
}

/** Variables that describe where the task is defined. */
function placeOf(task: Task): Layer {
  const data = new Map<string, unknown>([['playbook_dir', task.directory]])
  if (task.role !== undefined) {
    data.set('role_name', task.role.role.name)
    data.set('role_path', task.role.role.directory)
  }
  return { layer: 'built in', data }
}

/** Values that are computed on access. */
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
 * Evaluates until the value contains no unread fact. Reads each fact that it meets and evaluates again in a
 * fresh scope. The result may contain `Unknown` for values that a dry run cannot know.
 */
export async function withFacts<T>(evaluate: () => T, read: (fact: Unread) => Promise<void>): Promise<T> {
  for (;;) {
    const value = evaluate()
    const unknown = findUnknown(value)
    if (!(unknown instanceof Unread)) return value
    await read(unknown)
  }
}
