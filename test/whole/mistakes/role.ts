/** Mistakes in the variables of the included roles. */
import type { Mistake } from './mistake.ts'

const nodesPlay = '- hosts: nodes\n  roles: [runfile_cache, nvidia_host]\n'
const containersPlay = '- hosts: containers\n  roles: [lxc_passthrough, lxc_userspace_driver, cuda_toolkit]\n'

function node(variables: string): string {
  return `all:
  children:
    nodes:
      hosts:
        pve1:
${indent(variables)}`
}

function container(variables: string): string {
  return `all:
  hosts: { pve1: {} }
  children:
    containers:
      hosts:
        ollama:
          node: pve1
          ctid: 101
${indent(variables)}`
}

function indent(lines: string): string {
  return `${lines
    .split('\n')
    .map((line) => `          ${line}`)
    .join('\n')}\n`
}

export const roleMistakes: readonly Mistake[] = [
  {
    name: 'a version that YAML reads as a number',
    files: { 'site.yml': nodesPlay, 'inventory.yml': node('nvidia_driver_version: 580.95') },
    says: `
inventory.yml:6:34: error: "nvidia_driver_version" must be text, but 580.95 is a number
  5 |         pve1:
  6 |           nvidia_driver_version: 580.95
    |                                  ^^^^^^
  help: quote it: nvidia_driver_version: "580.95"
`,
  },
  {
    name: 'a missing version',
    files: { 'site.yml': nodesPlay, 'inventory.yml': node('address: 127.0.0.1') },
    says: `
site.yml:2:11: error: the role "runfile_cache" needs "nvidia_driver_version" on pve1
  1 | - hosts: nodes
  2 |   roles: [runfile_cache, nvidia_host]
    |           ^^^^^^^^^^^^^
  help: nvidia_driver_version: Driver version of the node, in quotes: "580.95.05"

site.yml:2:26: error: the role "nvidia_host" needs "nvidia_driver_version" on pve1
  1 | - hosts: nodes
  2 |   roles: [runfile_cache, nvidia_host]
    |                          ^^^^^^^^^^^
  help: nvidia_driver_version: Driver version of the node, in quotes: "580.95.05"
`,
  },
  {
    name: 'a version that does not match the URL',
    files: {
      'site.yml': nodesPlay,
      'inventory.yml': node(
        'nvidia_driver_version: "580.95.05"\nnvidia_runfile_url: https://mirror.example.org/NVIDIA-Linux-x86_64-570.86.16.run',
      ),
    },
    says: `
inventory.yml:7:31: error: nvidia_runfile_url is not for version 580.95.05
  6 |           nvidia_driver_version: "580.95.05"
  7 |           nvidia_runfile_url: https://mirror.example.org/NVIDIA-Linux-x86_64-570.86.16.run
    |                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  help: remove nvidia_runfile_url to use the default for the version, or make both name the same version
`,
  },
  {
    name: 'a value that is not one of the choices',
    files: {
      'site.yml': nodesPlay,
      'inventory.yml': node('nvidia_driver_version: "580.95.05"\nnvidia_host_reboot: always'),
    },
    says: `
inventory.yml:7:31: error: "nvidia_host_reboot" must be one of ask, auto, never, not "always"
  6 |           nvidia_driver_version: "580.95.05"
  7 |           nvidia_host_reboot: always
    |                               ^^^^^^
  help: write one of these words
`,
  },
  {
    name: 'an invalid list of GPUs',
    files: { 'site.yml': containersPlay, 'inventory.yml': container('gpu_assignment: nvidia0') },
    says: `
inventory.yml:9:27: error: "gpu_assignment" is "nvidia0", which is not valid
  8 |           ctid: 101
  9 |           gpu_assignment: nvidia0
    |                           ^^^^^^^
  help: GPUs of the container: an index ("0"), several ("0,1"), all, none, UUIDs or PCI addresses. Without it, the container keeps its GPUs
`,
  },
  {
    name: 'a MIG instance',
    files: { 'site.yml': containersPlay, 'inventory.yml': container('gpu_assignment: MIG-1234') },
    says: `
inventory.yml:9:27: error: MIG instances are not supported; only whole GPUs can be assigned
  8 |           ctid: 101
  9 |           gpu_assignment: MIG-1234
    |                           ^^^^^^^^
  help: assign the whole GPU by its index, UUID (GPU-...) or PCI address
`,
  },
  {
    name: 'a MIG instance in a list',
    files: { 'site.yml': containersPlay, 'inventory.yml': container('gpu_assignment: [0, MIG-1234]') },
    says: `
inventory.yml:9:27: error: MIG instances are not supported; only whole GPUs can be assigned
  8 |           ctid: 101
  9 |           gpu_assignment: [0, MIG-1234]
    |                           ^^^^^^^^^^^^^
  help: assign the whole GPU by its index, UUID (GPU-...) or PCI address
`,
  },
  {
    name: 'an invalid PCI address',
    files: {
      'site.yml': nodesPlay,
      'inventory.yml': node('nvidia_driver_version: "580.95.05"\nnvidia_host_exclude_gpus: ["01:00.0"]'),
    },
    says: `
inventory.yml:7:38: error: "nvidia_host_exclude_gpus[0]" is "01:00.0", which is not valid
  6 |           nvidia_driver_version: "580.95.05"
  7 |           nvidia_host_exclude_gpus: ["01:00.0"]
    |                                      ^^^^^^^^^
  help: a PCI address with its domain: "0000:01:00.0"
`,
  },
  {
    name: 'a list with an invalid GPU',
    files: { 'site.yml': containersPlay, 'inventory.yml': container('gpu_assignment: [0, nvidia1]') },
    says: `
inventory.yml:9:27: error: "gpu_assignment[1]" is "nvidia1", which is not valid
  8 |           ctid: 101
  9 |           gpu_assignment: [0, nvidia1]
    |                           ^^^^^^^^^^^^
  help: GPUs of the container: an index ("0"), several ("0,1"), all, none, UUIDs or PCI addresses. Without it, the container keeps its GPUs
`,
  },
  {
    name: 'an invalid driver version',
    files: { 'site.yml': nodesPlay, 'inventory.yml': node('nvidia_driver_version: latest') },
    says: `
inventory.yml:6:34: error: "nvidia_driver_version" is "latest", which is not valid
  5 |         pve1:
  6 |           nvidia_driver_version: latest
    |                                  ^^^^^^
  help: Driver version of the node, in quotes: "580.95.05"
`,
  },
  {
    name: 'a container with another driver version than its node',
    files: {
      'site.yml': containersPlay,
      'inventory.yml': container('gpu_assignment: "0"\nnvidia_driver_version: "570.86.16"').replace(
        'pve1: {}',
        'pve1: { nvidia_driver_version: "580.95.05" }',
      ),
    },
    says: `
inventory.yml:10:34: error: ollama requests driver 570.86.16, but its node pve1 has 580.95.05
   9 |           gpu_assignment: "0"
  10 |           nvidia_driver_version: "570.86.16"
     |                                  ^^^^^^^^^^^
  help: remove nvidia_driver_version from the container; a container always uses the driver version of its node
`,
  },
  {
    name: 'a toolkit version that YAML reads as a number',
    files: {
      'site.yml': containersPlay,
      'inventory.yml': container('gpu_assignment: "0"\ncuda_toolkit_version: 12.8'),
    },
    says: `
inventory.yml:10:33: error: "cuda_toolkit_version" must be text, but 12.8 is a number
   9 |           gpu_assignment: "0"
  10 |           cuda_toolkit_version: 12.8
     |                                 ^^^^
  help: quote it: cuda_toolkit_version: "12.8"
`,
  },
  {
    name: 'a mode that YAML reads as a number, in the variables of a play',
    files: {
      'site.yml': `- hosts: containers
  vars:
    lxc_passthrough_mode: 0666
  roles: [lxc_passthrough]
`,
      'inventory.yml': container('gpu_assignment: all'),
    },
    says: `
site.yml:3:27: error: "lxc_passthrough_mode" must be text, but 0666 is read as the number 666
  2 |   vars:
  3 |     lxc_passthrough_mode: 0666
    |                           ^^^^
  help: quote it: lxc_passthrough_mode: "0666"
`,
  },
  {
    name: 'an unknown role parameter',
    files: {
      'site.yml': '- hosts: nodes\n  roles:\n    - role: nvidia_host\n      nvidia_host_rebot: never\n',
    },
    says: `
site.yml:4:7: error: the role "nvidia_host" has no parameter "nvidia_host_rebot"
  3 |     - role: nvidia_host
  4 |       nvidia_host_rebot: never
    |       ^^^^^^^^^^^^^^^^^
  help: did you mean "nvidia_host_reboot"?
`,
  },
]
