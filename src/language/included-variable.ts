import type { Variable } from './model.ts'

/**
 * A variable that a task has read from a file (`include_vars`). A scope renders it on read, like the variables
 * of a playbook.
 */
export class IncludedVariable {
  readonly variable: Variable
  /** Set under `no_log`: all texts in the value are secrets. */
  readonly hidden: boolean

  constructor(variable: Variable, hidden: boolean) {
    this.variable = variable
    this.hidden = hidden
  }
}
