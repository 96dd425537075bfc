/** A play as lists show it, for views and programs. */

/** A play with its hosts and tasks. */
export interface ListedPlay {
  readonly name: string
  /** `hosts` of the play, as written. */
  readonly pattern: string
  readonly hosts: readonly string[]
  /** Tasks of earlier plays may change the hosts (`group_by`, `add_host`). */
  readonly mayChange?: true
  /** Without handlers, and without tasks that the command line leaves out. */
  readonly tasks: readonly ListedTask[]
  /** All tags of these tasks, sorted. */
  readonly tags: readonly string[]
}

export interface ListedTask {
  /** With its role: `verify : Read the GPUs`. Templates are not rendered. */
  readonly name: string
  readonly module: string
  readonly tags: readonly string[]
  /** An earlier task of the list may include it (`include_tasks`, `include_role`). */
  readonly included?: true
}
