/** A container or VM as `pvesh get` lists it. */
export interface Guest {
  readonly vmid: number
  readonly type: 'lxc' | 'qemu'
  readonly name: string
  /** `unknown`: of a guest on another node */
  readonly status: 'running' | 'stopped' | 'unknown'
  readonly node: string
  readonly template: number
  readonly lock?: string
  /** `gpu;lab` */
  readonly tags?: string
}
