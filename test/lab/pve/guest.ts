/** A container or VM as `pvesh get` lists it. */
export interface Guest {
  readonly vmid: number
  readonly type: 'lxc' | 'qemu'
  readonly name: string
  readonly status: 'running' | 'stopped'
  readonly node: string
  readonly template: number
  readonly lock?: string
}
