/** The keywords of plays, role uses and tasks, and hints for unsupported keywords of Ansible. */

const common =
  'vars become become_user become_method environment module_defaults tags ignore_errors ' +
  'ignore_unreachable any_errors_fatal run_once no_log exit_code timeout throttle'
/** Of everything but plays, whose hosts run their tasks themselves. */
const elsewhere = ' delegate_to delegate_facts'
const task =
  'name args when loop loop_control register notify until retries delay changed_when failed_when async poll ' +
  common +
  elsewhere

export const playKeywords = words(
  'name hosts roles pre_tasks tasks post_tasks handlers vars_files vars_prompt gather_facts after strategy serial ' +
    'max_fail_percentage force_handlers import_playbook ' +
    common,
)
export const roleKeywords = words('role name when ' + common + elsewhere)
export const taskKeywords = words(task)
export const handlerKeywords = words(`${task} listen`)
export const blockKeywords = words(`name block rescue always when notify ${common}${elsewhere}`)
export const importKeywords = words(`name when ${common}${elsewhere}`)
export const includeKeywords = words(`name args when loop loop_control ${common}${elsewhere}`)

/** Keys of `loop_control`. */
export const loopControls = words('loop_var index_var label pause extended extended_allitems break_when')

/** Arguments of `import_role` and `include_role`. */
export const roleArguments = words('name tasks_from')

/** Ansible's other arguments of `import_role`, with hints. */
export const otherRoleArguments: Readonly<Record<string, string>> = {
  allow_duplicates: 'leave it out: the role runs as often as it is written',
  apply: 'write its keywords on the task: the tasks of the role inherit them',
  defaults_from: 'read the file with include_vars before',
  handlers_from: 'move the handlers to handlers/main.yml: only those that are notified run',
  public: 'leave it out: the variables of a role are only visible in it',
  rolespec_validate: 'leave it out: the variables of a role are always checked',
  vars_from: 'read the file with include_vars before',
}

/** Unsupported keywords, with hints. */
export const notYet: Readonly<Record<string, string>> = {
  action: 'write the module as the key: "copy: {...}"',
  collections: 'leave it out: modules are called by their short names',
  become_exe: 'leave it out: sudo is the only method',
  become_flags: 'leave it out: sudo is the only method',
  connection: 'leave it out for localhost, which is local; for other hosts set "connection" in the inventory',
  debugger: 'leave it out',
  diff: 'to hide a diff write "no_log: true"; to see all of them use --diff',
  check_mode:
    'for a program that only reads write "reads: true" in command or shell; for a dry run of everything use --check',
  fact_path: 'leave it out: facts are read when something uses them',
  gather_subset: 'leave it out: facts are read when something uses them',
  gather_timeout: 'leave it out: facts are read when something uses them',
  local_action: 'write the module as the key, and delegate_to: localhost',
  order: 'leave it out: hosts are taken in the order of the inventory',
  port: 'set "port" in the inventory',
  remote_user: 'set "user" in the inventory',
  with_file: 'write loop with the texts themselves, or copy the files with src',
  with_first_found:
    'choose the file with an expression: src: !cel \'facts.os.id == "ubuntu" ? "a.hbs" : "b.hbs"\'',
  with_flattened: 'write loop with one list: !cel a + b',
  with_indexed_items: 'write loop, and "index_var" under loop_control',
  with_inventory_hostnames: 'write loop: "{{groups.NAME}}"',
  with_items: 'write loop; unlike with_items, it does not flatten nested lists: join them with !cel a + b',
  with_lines:
    'run the program with "command", "reads: true" and "register: out", then loop over "{{out.stdout_lines}}"',
  with_subelements: 'write loop with a list of maps, one for each pair',
  with_list: 'write loop',
  with_dict: 'write loop with a list of maps',
  with_fileglob: 'write loop with the names of the files',
  with_sequence: 'write loop with a list of numbers',
  with_together: 'write loop with a list of maps',
  with_nested: 'write loop with a list of maps',
}

const inTaskList = 'a block is an entry of a list of tasks; import_role imports a role there'
const onPlay = 'write it on the play'
const onTask = 'write it on the task'
const onRole =
  'write it on a role, a block or a task; to run the whole play on another host, name that host under "hosts"'

/** Keywords in the wrong place, with hints. */
export const misplaced: Readonly<Record<string, string>> = {
  always: inTaskList,
  async: onTask,
  block: inTaskList,
  delegate_facts: onRole,
  delegate_to: onRole,
  force_handlers: onPlay,
  max_fail_percentage: onPlay,
  poll: onTask,
  rescue: inTaskList,
  serial: onPlay,
  strategy: onPlay,
  vars_prompt: onPlay,
  vars_files: 'write it on the play; a task reads a file of variables with include_vars',
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}
