/** The built-in variables, with their meanings. These names are reserved. */
import type { JsonSchema } from './declarations.ts'
import { omitName } from './omit.ts'
import { resultFields } from './registered.ts'

export const builtIns: Readonly<Record<string, string>> = {
  inventory_hostname: 'Name of the host in the inventory',
  group_names: 'Groups of the host, as a list',
  groups: 'Hosts of every group, as lists: `groups.web`; `groups.all` has all of them',
  hostvars: 'Variables and facts of every host: `hostvars.pve1.facts.kernel`',
  facts: 'Facts about the host, see above',
  check_mode: 'True in a dry run',
  play_hosts: 'Hosts of the play, as a list',
  batch_hosts: 'Hosts of the batch (`serial`), as a list; without batches those of the play',
  node_containers: 'On a node: its containers in the run, as a list of maps with `name` and `ctid`',
  node_containers_in_inventory:
    'On a node: all its containers in the inventory, also those that are not in the run; as `node_containers`',
  playbook_dir: 'Folder of the playbook',
  role_name: 'In a role: its name',
  role_path: 'In a role: its folder',
  failed_task: 'Under `rescue`: the task that failed, as a map with `name` and `module`',
  failed_result:
    'Under `rescue`: its result; `failed_result.msg` is the reason, `failed_result.unreachable` is true if the host was not reached',
  [omitName]: 'Omits the argument, or the list or map entry, whose value it is',
}

/**
 * The built-in variables that exist only under `rescue`, with their types. Under `always` they exist after a
 * failure.
 */
export const rescueNames: Readonly<Record<'failed_task' | 'failed_result', JsonSchema>> = {
  failed_task: { type: 'object', properties: { name: { type: 'string' }, module: { type: 'string' } } },
  failed_result: { type: 'object', properties: resultFields, additionalProperties: true },
}
