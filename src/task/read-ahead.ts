/**
 * Reads ahead: prepares and probes the following tasks together, so that a host answers them in a few frames.
 *
 * Nothing depends on it. An early reading is used only if no variable that it looked up has changed, and
 * nothing on the host has changed or been predicted since. Early failures are dropped; the task fails later
 * if the failure persists.
 */
import type { Task } from '../language/model.ts'
import type { TaskContext } from './task-context.ts'
import { type Item, type Items, itemsOf } from './items.ts'
import { prepareItem, type PreparedItem, type Ready } from './prepare.ts'
import { type Preparing, readFactFor } from './preparing.ts'
import type { Reading, Unit } from './unit.ts'

export interface Ahead {
  readonly items: Items
  readonly prepared: readonly { readonly prepared: PreparedItem; readonly reading: Reading | undefined }[]
  /** True while the reading is valid. */
  holds(): boolean
}

export interface ReadAheadOptions {
  readonly context: TaskContext
  /** `behind`: the unit whose actions the probe follows. The probe must use the same user. */
  readonly probe: (task: Task, item: Item, ready: Ready, behind: Unit | undefined) => Promise<Reading>
  /** Changes with every change and every prediction on the host and its node. */
  readonly generation: () => number
}

/** Maximum number of tasks and items that are read together. More would only enlarge the frames. */
const mostTasks = 40
const mostItems = 200

/** The read would not wait for the actions that it must follow. */
export class NotBehind extends Error {}

interface Early {
  readonly revision: number
  readonly generation: number
  /** Read after actions in flight. Failed reads are repeated. */
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

  /** Reads the first of these tasks ahead, before any of them starts. */
  begin(tasks: readonly Task[]): void {
    this.#read(ownTasks(tasks))
  }

  /** Reads the tasks after the actions of this unit that are in flight, so that they see the effects. */
  behind(tasks: readonly Task[], unit: Unit): void {
    this.#read(ownTasks(tasks), unit)
  }

  /**
   * Returns the valid reading for this task. Without one, reads it now together with the tasks that follow.
   */
  async take(task: Task, following: readonly Task[]): Promise<Ahead | undefined> {
    if (!this.#holds(this.#early.get(task))) this.#read([task, ...ownTasks(following)])
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
      behind === undefined ? readFactFor(context, fact) : Promise.reject(new NotBehind())
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

/** Other hosts may run the tasks with `run_once`. */
function ownTasks(tasks: readonly Task[]): readonly Task[] {
  return tasks.filter((task) => !task.runOnce && !startsLate(task))
}

/** True if the task must not read before it starts: on another host, in a limited time, or with few others. */
export function startsLate({ delegateTo, timeout, throttle, async }: Task): boolean {
  return [delegateTo, timeout, throttle, async].some((given) => given !== undefined)
}
