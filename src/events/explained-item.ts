/** One item of a task as `gpuplay explain` shows it. Secrets are removed. */
import type { Position } from '../base/errors.ts'
import type { TaskRef } from './events.ts'

export interface ExplainedItem {
  readonly host: string
  readonly task: TaskRef
  readonly where: Position
  /** The label of the item; '' without a loop. */
  readonly item: string
  readonly conditions: readonly ExplainedCondition[]
  /** As plain data; unknown parts as text. Undefined if a condition is false or cannot be evaluated. */
  readonly arguments: Readonly<Record<string, unknown>> | undefined
  /** What the module reads, by machine and resource: `pve1 file:/etc/x`. */
  readonly asks: readonly string[]
}

export interface ExplainedCondition {
  readonly text: string
  readonly where: Position
  /** `true`, `false`, or why it is unknown. */
  readonly value: string
}
