/** Why a container cannot have GPUs: the texts for users. */

/** `kind` as in the resolution of an assignment. */
interface GpuProblem {
  readonly kind: 'problem'
  readonly code: string
  readonly message: string
  readonly hint: string
}

export function noDriver(node: string): GpuProblem {
  return {
    kind: 'problem',
    code: 'no-driver-on-node',
    message: `${node} has no NVIDIA driver loaded`,
    hint: `run nodes.yml for ${node} first`,
  }
}

export function noMinor(node: string): GpuProblem {
  return {
    kind: 'problem',
    code: 'driver-too-old',
    message: `the driver loaded on ${node} does not report the minors of its GPUs`,
    hint: 'install a newer driver on the node (nvidia_driver_version)',
  }
}
