/** The words of plays, role uses and tasks; and those of Ansible that are understood well enough to say what to do instead. */

const common = 'vars become become_user become_method environment tags ignore_errors no_log exit_code'
const task =
  'name args when loop loop_control register notify until retries delay changed_when failed_when ' + common

export const playKeywords = words(
  'name hosts roles pre_tasks tasks post_tasks handlers gather_facts after strategy any_errors_fatal import_playbook ' +
    common,
)
export const roleKeywords = words('role name when ' + common)
export const taskKeywords = words(task)
export const handlerKeywords = words(`${task} listen`)
export const importKeywords = words(`name when ${common}`)

/** Not yet supported, and what to write meanwhile. */
export const notYet: Readonly<Record<string, string>> = {
  action: 'write the module as the key: "copy: {...}"',
  async: 'long actions survive a lost connection anyway; leave it out',
  block: 'write the tasks one after the other, or put them in a file and use import_tasks',
  rescue: 'use failed_when or ignore_errors, and a later task with a condition on the result',
  always: 'write the tasks after the others, with a condition',
  collections: 'modules are called by their short names; leave it out',
  connection: 'set "connection" in the inventory',
  debugger: 'leave it out',
  delegate_to:
    'give the task a play of its own for that host; container modules reach the node by themselves',
  diff: 'use --diff on the command line',
  check_mode: 'use --check on the command line',
  force_handlers: 'handlers that were notified are remembered on the host and run next time; leave it out',
  include_role: 'write import_role',
  include_tasks: 'write import_tasks',
  include_vars: 'put the variables into group_vars, host_vars or vars',
  local_action: 'write a play for localhost',
  max_fail_percentage: 'use any_errors_fatal',
  module_defaults: 'give the arguments to each task, or put them into a variable',
  order: 'hosts are taken in the order of the inventory; leave it out',
  poll: 'long actions survive a lost connection anyway; leave it out',
  port: 'set "port" in the inventory',
  remote_user: 'set "user" in the inventory',
  run_once: 'give the task a play of its own with one host: "hosts: group[0]"',
  serial: 'use --limit for one batch after the other',
  tasks_from: 'split the role into two',
  throttle: 'use --forks',
  timeout: 'use the timeout argument of the module',
  vars_files: 'put the variables into group_vars, host_vars or vars, or use -e @file',
  vars_prompt: 'use -e name=value',
  with_items: 'write loop',
  with_list: 'write loop',
  with_dict: 'write loop with a list of maps',
  with_fileglob: 'write loop with the names of the files',
  with_sequence: 'write loop with a list of numbers',
  with_together: 'write loop with a list of maps',
  with_nested: 'write loop with a list of maps',
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}
