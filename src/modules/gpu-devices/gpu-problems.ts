/** Why a container cannot have GPUs: the texts for users. */
import type { Refusal } from '../../host/plan.ts'
import type { ConfigEntry } from '../../proxmox/container-config.ts'

/** `kind` as in the resolution of an assignment. */
interface GpuProblem {
  readonly kind: 'problem'
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** `rules`: the device rules that open GPUs which are not assigned. */
export function openToAll(ctid: string, rules: readonly ConfigEntry[]): Refusal {
  return {
    code: 'container-open-to-all-devices',
    message: `container ${ctid} is privileged, and its device rules open GPUs that are not assigned to it`,
    hint: 'limit these lines to the devices that the container needs, or make the container unprivileged',
    findings: rules.map(({ key, value, line }) => ({
      message: `line ${line} of ${ctid}.conf allows all devices`,
      line: `${key}: ${value}`,
    })),
  }
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
