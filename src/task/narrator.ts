/** Emits the events of the tasks of one host, in task order. */
import { defined } from '../base/defined.ts'
import type { EventBody } from '../events/events.ts'
import { labelOf } from '../host/label.ts'
import type { TaskContext } from './task-context.ts'
import { isFailure, type ItemResult, type TaskResult } from './item-result.ts'
import { hidden } from './task-detail.ts'
import type { TaskRun } from './task-run.ts'
import type { Converged, Planned, Unit } from './unit.ts'

export class Narrator {
  readonly #context: TaskContext
  readonly #rescued: boolean
  readonly #announced = new Set<number>()
  /** Events of actions whose task has not been reported yet, by unit. */
  readonly #held = new Map<string, EventBody[]>()

  /** @param rescued A failure of the tasks is followed by the `rescue` of a block */
  constructor(context: TaskContext, rescued: boolean) {
    this.#context = context
    this.#rescued = rescued
  }

  /** Announces the task once, however often it is planned. */
  announce({ index, ref }: TaskRun): void {
    if (this.#announced.has(index)) return
    this.#announced.add(index)
    this.#emit({ type: 'task.started', host: this.#host, task: ref })
  }

  progress({ task, ref }: TaskRun, message: string): void {
    if (!task.noLog) this.#emit({ type: 'task.progress', host: this.#host, task: ref, message })
  }

  /** Reports an action now, or together with its unit. */
  acted(
    { key, ref, task, ready }: Unit,
    { action }: Planned,
    { milliseconds, now }: { readonly milliseconds: number; readonly now: boolean },
  ): void {
    const { host, run } = this.#context
    const { machine } = ready.delegate === undefined ? host : run.fleet.host(ready.delegate)
    const event: EventBody = {
      type: 'action.finished',
      host: host.machine.name,
      task: ref,
      on: action.on === 'node' && machine.node ? machine.node.name : machine.name,
      kind: action.kind,
      label: task.noLog ? 'hidden by no_log' : labelOf(action),
      milliseconds: Math.round(milliseconds),
    }
    if (now) this.#emit(event)
    else this.#held.set(key, [...(this.#held.get(key) ?? []), event])
  }

  /** Reports the next finished item of a task. */
  item(
    { task, ref, items, results }: TaskRun,
    unit: Unit | undefined,
    { converged, result }: { readonly converged: Converged | undefined; readonly result: ItemResult },
  ): void {
    const host = this.#host
    if (unit !== undefined) {
      for (const event of this.#held.get(unit.key) ?? []) this.#emit(event)
      this.#held.delete(unit.key)
      const warnings = converged?.warnings ?? []
      for (const message of task.noLog && warnings.length > 0 ? ['a warning is hidden by no_log'] : warnings)
        this.#emit({ type: 'warning', host, task: ref, message })
      const seen = converged !== undefined && 'seen' in converged && !task.noLog ? converged.seen : undefined
      const rows = seen === undefined ? [] : (unit.module.row?.(unit.ready.args, seen) ?? [])
      for (const row of [rows].flat()) this.#context.addRow(row)
    }
    if (items?.kind !== 'items' || !items.loop) return
    const { outcome, detail } = result
    this.#emit({
      type: 'item.finished',
      host,
      task: ref,
      item: task.noLog ? '(hidden)' : (items.items[results.length]?.label ?? ''),
      outcome,
      detail: task.noLog ? hidden(detail) : detail,
    })
  }

  task({ ref, started }: TaskRun, result: TaskResult): void {
    const { outcome, ignored, detail } = result
    const rescued = this.#rescued && isFailure(result)
    this.#emit({
      type: 'task.finished',
      host: this.#host,
      task: ref,
      outcome,
      ...defined({ ignored: ignored ? true : undefined, rescued: rescued ? true : undefined }),
      detail,
      milliseconds: Math.round(this.#context.run.world.clock() - started),
    })
  }

  get #host(): string {
    return this.#context.host.machine.name
  }

  #emit(event: EventBody): void {
    this.#context.run.emitter.emit(event)
  }
}
