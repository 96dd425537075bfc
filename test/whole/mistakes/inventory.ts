/** Mistakes in inventories. */
import type { Mistake } from './mistake.ts'

export const inventoryMistakes: readonly Mistake[] = [
  {
    name: 'a node that is not in the inventory',
    files: {
      'inventory.yml': `all:
  hosts:
    pve1: {}
    ollama: { node: pvel, ctid: 101 }
`,
    },
    says: `
inventory.yml:4:21: error: "pvel", the node of "ollama", is not a host of the inventory
  3 |     pve1: {}
  4 |     ollama: { node: pvel, ctid: 101 }
    |                     ^^^^
  help: did you mean "pve1"?
`,
  },
  {
    name: 'a container without a node',
    files: { 'inventory.yml': 'all:\n  hosts:\n    ollama: { ctid: 101 }\n' },
    says: `
inventory.yml:3:15: error: the container "ollama" has no "node"
  2 |   hosts:
  3 |     ollama: { ctid: 101 }
    |               ^^^^
  help: add "node: NAME", where NAME is a host of this inventory
`,
  },
  {
    name: 'two containers with the same ID on one node',
    files: {
      'inventory.yml': `all:
  hosts:
    pve1: {}
    ollama: { node: pve1, ctid: 101 }
    jellyfin: { node: pve1, ctid: 101 }
`,
    },
    says: `
inventory.yml:5:35: error: "jellyfin" and "ollama" are both container 101 of the node "pve1"
  4 |     ollama: { node: pve1, ctid: 101 }
  5 |     jellyfin: { node: pve1, ctid: 101 }
    |                                   ^^^
  help: the other one is at inventory.yml:4; give one of them another ctid
`,
  },
  {
    name: 'an invalid container ID',
    files: { 'inventory.yml': 'all:\n  hosts:\n    pve1: {}\n    ollama: { node: pve1, ctid: 42 }\n' },
    says: `
inventory.yml:4:33: error: "ctid" must be at least 100, not 42
  3 |     pve1: {}
  4 |     ollama: { node: pve1, ctid: 42 }
    |                                 ^^
  help: a container id is a number, 100 or higher
`,
  },
  {
    name: 'groups that contain each other',
    files: {
      'inventory.yml': `all:
  hosts: { pve1: {} }
  children:
    old:
      children:
        new:
          children:
            old:
`,
    },
    says: `
inventory.yml:8:13: error: these groups contain each other: old -> new -> old
  7 |           children:
  8 |             old:
    |             ^^^
  help: remove one of them from the children of another
`,
  },
  {
    name: 'variables that refer to each other',
    files: {
      'inventory.yml': `all:
  hosts:
    pve1:
      address: "{{ name }}.example.org"
      name: "{{ address }}"
`,
    },
    says: `
inventory.yml:5:7: error: this variable refers to itself: name -> address -> name
  4 |       address: "{{ name }}.example.org"
  5 |       name: "{{ address }}"
    |       ^^^^
  help: give one of them a value that does not use the others
`,
  },
  {
    name: 'an unknown connection',
    files: { 'inventory.yml': 'all:\n  hosts:\n    pve1: { connection: shh }\n' },
    says: `
inventory.yml:3:25: error: "connection" must be one of ssh, openssh, local, pct, not "shh"
  2 |   hosts:
  3 |     pve1: { connection: shh }
    |                         ^^^
  help: did you mean "ssh"?
`,
  },
  {
    name: 'a misspelt key of a group',
    files: { 'inventory.yml': 'all:\n  childrens:\n    nodes:\n      hosts: { pve1: {} }\n' },
    says: `
inventory.yml:2:3: error: a group has no key "childrens", only hosts, children and vars
  1 | all:
  2 |   childrens:
    |   ^^^^^^^^^
  help: did you mean "children"?
`,
  },
  {
    name: 'a misspelt role variable',
    files: {
      'site.yml': '- hosts: nodes\n  roles: [nvidia_host]\n',
      'inventory.yml': `all:
  children:
    nodes:
      hosts:
        pve1: { nvidia_driver_version: "580.95.05", nvidia_host_rebot: auto }
`,
    },
    says: `
inventory.yml:5:53: error: nothing reads "nvidia_host_rebot"; the role "nvidia_host" has "nvidia_host_reboot"
  4 |       hosts:
  5 |         pve1: { nvidia_driver_version: "580.95.05", nvidia_host_rebot: auto }
    |                                                     ^^^^^^^^^^^^^^^^^
  help: did you mean "nvidia_host_reboot"?
`,
  },
  {
    name: 'an incomplete variable in an INI inventory',
    files: { 'inventory.yml': '[nodes]\npve1 address 192.0.2.1\n' },
    says: `
inventory.yml:1:1: error: this file contains INI, but its name says YAML
  1 | [nodes]
    | ^^^^^^^
  help: rename the file to inventory.ini
`,
  },
]
