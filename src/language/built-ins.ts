/** The built-in variables of every task, with their meanings. These names are reserved. */
import { omitName } from './omit.ts'

export const builtIns: Readonly<Record<string, string>> = {
  inventory_hostname: 'Name of the host in the inventory',
  group_names: 'Groups of the host, as a list',
  groups: 'Hosts of every group, as lists: `groups.web`; `groups.all` has all of them',
  hostvars: 'Variables and facts of every host: `hostvars.pve1.facts.kernel`',
  facts: 'Facts about the host, see above',
  check_mode: 'True in a dry run',
  play_hosts: 'Hosts of the play, as a list',
  node_containers: 'On a node: its containers in the run, as a list of maps with `name` and `ctid`',
  node_containers_in_inventory:
    'On a node: all its containers in the inventory, also those that are not in the run; as `node_containers`',
  playbook_dir: 'Folder of the playbook',
  role_name: 'In a role: its name',
  role_path: 'In a role: its folder',
  [omitName]: 'Omits the argument, or the list or map entry, whose value it is',
}
