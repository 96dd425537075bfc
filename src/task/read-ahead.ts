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
import type { Reading } from './unit.ts'

export interface Ahead {
  readonly items: Items
  readonly prepared: readonly { readonly prepared: PreparedItem; readonly reading: Reading | undefined }[]
  /** Whether it is still worth anything. */
  holds(): boolean
}

export interface ReadAheadOptions {
  readonly context: TaskContext
  readonly probe: (task: Task, item: Item, ready: Ready) => Promise<Reading>
  /** Moves with every change and every prediction on the host and its node. */
  readonly generation: () => number
}

/** Tasks and items that are read together; more would only make frames larger. */
const mostTasks = 40
const mostItems = 200

interface Early {
  readonly revision: number
  readonly generation: number
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

  /** What was read for this task and still holds, after reading it now with those that follow where that was not done. */
  async take(task: Task, following: readonly Task[]): Promise<Ahead | undefined> {
    if (!this.#holds(this.#early.get(task))) this.#read([task, ...following])
    const early = this.#early.get(task)
    this.#early.delete(task)
    const ahead = await early?.ahead
    return ahead === undefined ? undefined : { ...ahead, holds: () => this.#holds(early) }
  }

  #holds(early: Early | undefined): boolean {
    if (early === undefined) return false
    const { variables } = this.#options.context.host
    return (
      early.generation === this.#options.generation() && !variables.changedSince(early.revision, early.reads)
    )
  }

  #read(tasks: readonly Task[]): void {
    for (const task of tasks.slice(0, mostTasks))
      if (!this.#holds(this.#early.get(task))) this.#early.set(task, this.#begin(task))
  }

  #begin(task: Task): Early {
    const { context, generation } = this.#options
    const reads = new Set<string>()
    const preparing: Preparing = { context, reads, readFact: (fact) => context.run.fleet.readFact(fact) }
    return {
      revision: context.host.variables.revision,
      generation: generation(),
      reads,
      ahead: this.#ahead(task, preparing).catch(() => undefined),
    }
  }

  async #ahead(task: Task, preparing: Preparing): Promise<Omit<Ahead, 'holds'>> {
    const items = await itemsOf(task, preparing)
    if (items.kind !== 'items') return { items, prepared: [] }
    const prepared = await Promise.all(
      items.items.slice(0, mostItems).map(async (item) => {
        const ready = await prepareItem(task, item, preparing)
        if (ready.kind !== 'ready') return { prepared: ready, reading: undefined }
        const reading = await this.#options.probe(task, item, ready).catch(() => undefined)
        return { prepared: ready, reading }
      }),
    )
    return { items, prepared }
  }
}
