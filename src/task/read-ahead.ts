/**
 * Reads early: the tasks that follow are prepared and probed together, so that a host answers them in a few frames.
 *
 * Nothing rests on it: what was read early is used only while no variable that it looked at has changed and nothing was changed or predicted on the host
 * since. What fails early is forgotten, and fails at its turn if it still does.
 */
import type { Task } from '../language/model.ts'
import type { TaskContext } from './context.ts'
import { type Item, type Items, itemsOf } from './items.ts'
import { prepareItem, type PreparedItem, type Ready } from './prepare.ts'
import type { Preparing } from './preparing.ts'
import type { Reading, Unit } from './unit.ts'

export interface Ahead {
  readonly items: Items
  readonly prepared: readonly { readonly prepared: PreparedItem; readonly reading: Reading | undefined }[]
  /** Whether it is still worth anything. */
  holds(): boolean
}

export interface ReadAheadOptions {
  readonly context: TaskContext
  /** `behind`: it travels behind actions of this unit, and can only follow them as the same user. */
  readonly probe: (task: Task, item: Item, ready: Ready, behind: Unit | undefined) => Promise<Reading>
  /** Moves with every change and every prediction on the host and its node. */
  readonly generation: () => number
}

/** Tasks and items that are read together; more would only make frames larger. */
const mostTasks = 40
const mostItems = 200

/** It would be read past the actions. */
export class NotBehind extends Error {}

interface Early {
  readonly revision: number
  readonly generation: number
  /** Read behind actions: what failed there is read again. */
  readonly behind: boolean
  readonly reads: ReadonlySet<string>
  readonly ahead: Promise<Omit<Ahead, 'holds'> | undefined>
}

export class ReadAhead {
  readonly #options: ReadAheadOptions
  readonly #early = new Map<Task, Early>()

  constructor(options: ReadAheadOptions) {
    this.#options = options
  }

  /** Reads the first of these tasks before the turn of any. */
  begin(tasks: readonly Task[]): void {
    this.#read(tasks)
  }

  /** Reads them behind actions of this unit that are on their way: over what those will leave behind. */
  behind(tasks: readonly Task[], unit: Unit): void {
    this.#read(tasks, unit)
  }

  /** What was read for this task and still holds, after reading it now with those that follow where that was not done. */
  async take(task: Task, following: readonly Task[]): Promise<Ahead | undefined> {
    if (!this.#holds(this.#early.get(task))) this.#read([task, ...following])
    const early = this.#early.get(task)
    this.#early.delete(task)
    const ahead = await early?.ahead
    if (ahead === undefined && early?.behind === true) return this.take(task, following)
    return ahead === undefined ? undefined : { ...ahead, holds: () => this.#holds(early) }
  }

  #holds(early: Early | undefined): boolean {
    if (early === undefined) return false
    const { variables } = this.#options.context.host
    return (
      early.generation === this.#options.generation() && !variables.changedSince(early.revision, early.reads)
    )
  }

  #read(tasks: readonly Task[], behind?: Unit): void {
    for (const task of tasks.slice(0, mostTasks))
      if (!this.#holds(this.#early.get(task))) this.#early.set(task, this.#begin(task, behind))
  }

  #begin(task: Task, behind: Unit | undefined): Early {
    const { context, generation } = this.#options
    const reads = new Set<string>()
    const readFact: Preparing['readFact'] = (fact) =>
      behind === undefined ? context.run.fleet.readFact(fact) : Promise.reject(new NotBehind())
    const preparing: Preparing = { context, reads, readFact }
    return {
      revision: context.host.variables.revision,
      generation: generation(),
      behind: behind !== undefined,
      reads,
      ahead: this.#ahead(task, preparing, behind).catch(() => undefined),
    }
  }

  async #ahead(task: Task, preparing: Preparing, behind: Unit | undefined): Promise<Omit<Ahead, 'holds'>> {
    const items = await itemsOf(task, preparing)
    if (items.kind !== 'items') return { items, prepared: [] }
    const prepared = await Promise.all(
      items.items.slice(0, mostItems).map(async (item) => {
        const ready = await prepareItem(task, item, preparing)
        if (ready.kind !== 'ready') return { prepared: ready, reading: undefined }
        const probed = this.#options.probe(task, item, ready, behind)
        const reading = behind === undefined ? await probed.catch(() => undefined) : await probed
        return { prepared: ready, reading }
      }),
    )
    return { items, prepared }
  }
}
