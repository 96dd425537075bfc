/** One task on its way: its items, those that have ended and those that are only foreseen. */
import type { TaskRef } from '../events/events.ts'
import type { Task } from '../language/model.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import type { ItemResult, TaskResult } from './item-result.ts'
import type { Items } from './items.ts'
import type { Ahead } from './read-ahead.ts'
import type { Result } from './results.ts'

export class TaskRun {
  /** Place in the sequence. */
  readonly index: number
  readonly task: Task
  readonly ref: TaskRef
  /** Milliseconds of the clock. */
  readonly started: number
  items: Items | undefined
  ahead: Ahead | undefined
  readonly results: ItemResult[] = []
  readonly planned: ItemResult[] = []
  /** What was registered last, and how it is taken back. */
  registered: Result | undefined
  readonly undo: (() => void)[] = []

  constructor(index: number, task: Task, ref: TaskRef, started: number) {
    this.index = index
    this.task = task
    this.ref = ref
    this.started = started
  }

  /** How many items have ended or are foreseen. */
  get foreseen(): number {
    return this.results.length + this.planned.length
  }

  /** All items have ended, or one could not be reached. */
  get whole(): boolean {
    if (this.items === undefined || this.planned.length > 0) return false
    if (this.items.kind !== 'items') return this.results.length > 0
    return this.results.length >= this.items.items.length || this.results.at(-1)?.outcome === 'unreachable'
  }

  /** Later tasks see the result, foreseen or real, instead of the one before. */
  register({ result, outcome }: TaskResult, variables: HostVariables): void {
    this.takeBack()
    if (this.task.register !== undefined) {
      this.registered = result
      this.undo.push(variables.register(this.task.register, result))
    }
    if (outcome === 'failed' || outcome === 'skipped' || outcome === 'unreachable') return
    for (const { facts = {} } of [...this.results, ...this.planned]) {
      for (const [name, value] of Object.entries(facts)) this.undo.push(variables.register(name, value))
    }
  }

  takeBack(): void {
    for (const back of this.undo.splice(0).reverse()) back()
    this.registered = undefined
  }
}
