/** One task in progress: its items, finished and predicted. */
import type { HostName } from '../base/brand.ts'
import type { TaskRef } from '../events/events.ts'
import type { Task } from '../language/model.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import type { ItemResult, TaskResult } from './item-result.ts'
import type { Items } from './items.ts'
import type { Turn } from './once.ts'
import type { Ahead } from './read-ahead.ts'
import type { Result } from './results.ts'

export class TaskRun {
  /** Position in the sequence. */
  readonly index: number
  readonly task: Task
  readonly ref: TaskRef
  /** Start time on the clock, in milliseconds. */
  readonly started: number
  items: Items | undefined
  ahead: Ahead | undefined
  readonly results: ItemResult[] = []
  readonly planned: ItemResult[] = []
  /** The latest registered result, and the functions that undo it. */
  registered: Result | undefined
  readonly undo: (() => void)[] = []
  /** For `run_once`: whether this host runs the task; undefined until it is decided. */
  turn: Turn | undefined
  /** For `strategy: linear`: true once all hosts have reached the task. */
  arrived = false
  /** For `throttle`: ends the turn of this host. May be called more than once. */
  leave: (() => void) | undefined
  /** True once actions may have reached the host. */
  sent = false
  /** The index of the item before which the loop has waited (`pause`). */
  pausedBefore = 0
  /** Dry runs only: why it is unknown whether the next items run (`break_when`). */
  doubt: string | undefined

  constructor(index: number, task: Task, ref: TaskRef, started: number) {
    this.index = index
    this.task = task
    this.ref = ref
    this.started = started
  }

  /** Number of items that are finished or predicted. */
  get foreseen(): number {
    return this.results.length + this.planned.length
  }

  /** True if all items are finished, or one was unreachable. */
  get whole(): boolean {
    if (this.items === undefined || this.planned.length > 0) return false
    if (this.items.kind !== 'items') return this.results.length > 0
    return this.results.length >= this.items.items.length || this.results.at(-1)?.outcome === 'unreachable'
  }

  /** Replaces the registered result that later tasks see, predicted or real. */
  register({ result, outcome }: TaskResult, variablesOf: (host?: HostName) => HostVariables): void {
    this.takeBack()
    if (this.task.register !== undefined) {
      this.registered = result
      this.undo.push(variablesOf().register(this.task.register, result))
    }
    if (outcome === 'failed' || outcome === 'unreachable') return
    for (const { facts = {}, factsOf } of [...this.results, ...this.planned]) {
      for (const [name, value] of Object.entries(facts))
        this.undo.push(variablesOf(factsOf).register(name, value))
    }
  }

  /** Variables that the items set on their own host, finished and predicted. */
  get facts(): Readonly<Record<string, unknown>> {
    const own = [...this.results, ...this.planned].filter(({ factsOf }) => factsOf === undefined)
    return Object.assign({}, ...own.map(({ facts }) => facts ?? {}))
  }

  takeBack(): void {
    for (const back of this.undo.splice(0).reverse()) back()
    this.registered = undefined
  }
}
