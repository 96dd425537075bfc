/** The flow of a play as graphs show it. Names are as written; `id` is unique in one graph (`t12`). */

export interface PlayFlow {
  readonly id: string
  readonly name: string
  /** `hosts` of the play, as written. */
  readonly pattern: string
  /** A container starts the play once its own node has finished every earlier one. */
  readonly afterNode: boolean
  /** The play has `serial`. */
  readonly inBatches: boolean
  /** `pre_tasks`, `tasks` and `post_tasks`, without empty ones. Notified handlers run at the end of each. */
  readonly sections: readonly (readonly FlowStep[])[]
  readonly handlers: readonly FlowTask[]
}

export type FlowStep = FlowTask | FlowBlock | FlowRole

export interface FlowTask {
  readonly kind: 'task'
  readonly id: string
  readonly name: string
  readonly module: string
  readonly conditional: boolean
  readonly looped: boolean
  /** The IDs of the handlers that it may notify. */
  readonly notifies: readonly string[]
}

export interface FlowBlock {
  readonly kind: 'block'
  readonly id: string
  readonly name: string
  readonly steps: readonly FlowStep[]
  readonly rescue: readonly FlowStep[]
  readonly always: readonly FlowStep[]
}

/** The steps of one use of a role. */
export interface FlowRole {
  readonly kind: 'role'
  readonly id: string
  readonly name: string
  readonly steps: readonly FlowStep[]
}
