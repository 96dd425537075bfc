/** What the engine offers to every task, and the meaning of each. No variable can have one of these names. */
import { omitName } from './omit.ts'

export const builtIns: Readonly<Record<string, string>> = {
  inventory_hostname: 'Name of the host in the inventory',
  group_names: 'Groups of the host, as a list',
  groups: 'Hosts of every group, as lists: `groups.web`; `groups.all` has all of them',
  hostvars: 'Variables and facts of every host: `hostvars.pve1.facts.kernel`',
  facts: 'What is known of the host itself, see above',
  check_mode: 'True in a dry run',
  play_hosts: 'Hosts of the play, as a list',
  node_containers: 'On a node: its containers in the run, as a list of maps with `name` and `ctid`',
  playbook_dir: 'Folder of the playbook',
  role_name: 'In a role: its name',
  role_path: 'In a role: its folder',
  [omitName]: 'Leaves out the argument that it is given to, or the entry of a list or map',
}
