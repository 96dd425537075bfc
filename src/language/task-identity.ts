/** Stable across runs: identifies pending handlers on a host. `ordinal` (from 0) numbers equal tasks. */
export interface TaskIdentity {
  /** The playbook's file name without its folders. */
  readonly playbook: string
  readonly play: string
  readonly role: string | undefined
  /** Relative to the role's folder, or to the playbook's. */
  readonly file: string
  readonly name: string
  readonly ordinal: number
}
