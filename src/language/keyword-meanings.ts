/** What keywords mean, for editors. docs/playbooks.md explains them in full. */

const ofPlays = {
  hosts: 'The hosts of the play: names, groups and patterns of the inventory',
  roles: 'Roles whose tasks run before `tasks`',
  pre_tasks: 'Tasks before the roles, with their own run of handlers',
  tasks: 'The tasks, in order',
  post_tasks: 'Tasks after `tasks` and its handlers',
  handlers: 'Tasks that run at the end of a list of tasks if one of these notifies them',
  vars_files: 'Files of variables',
  vars_prompt: 'Variables that gpuplay asks for before it connects to a host',
  gather_facts: 'Accepted, but not needed: facts are read when something uses them',
  after: '`node`: a container starts the play when its own node has finished the earlier ones',
  strategy: '`linear`: all hosts finish a task before one starts the next. Default: `free`',
  serial: 'The size of a batch of hosts: a number, a share (`25%`), or a list of them',
  max_fail_percentage: 'If more than this share of the hosts of a batch fails, the run ends',
  force_handlers: 'Run notified handlers also on hosts that have failed',
  import_playbook: 'Inserts the plays of another playbook',
}

const ofTasks = {
  name: 'What it is for; the output shows it',
  args: 'Further arguments of the module',
  when: 'Conditions in CEL; all must be true',
  loop: 'A list: the task runs for each item',
  loop_control: 'The names of the variables of the loop, its labels and pauses',
  register: 'The variable that gets the result',
  notify: 'Handlers, or topics that they listen to, to run if the task changes something',
  until: 'Conditions in CEL: the task is retried until all are true',
  retries: 'The number of retries while `until` is false',
  delay: 'Seconds between two attempts',
  changed_when: 'Conditions in CEL on the result: whether the task counts as changed',
  failed_when: 'Conditions in CEL on the result: whether the task counts as failed',
  async: 'Seconds that the program may take; it survives a lost connection',
  poll: 'Seconds between two looks at the program of `async`; 0 continues without it',
  listen: 'Topics that notify the handler, besides its name',
  block: 'Tasks with common keywords',
  rescue: 'Tasks to run if a task of the block fails',
  always: 'Tasks to run after the block in any case',
  delegate_to: 'The host that the task acts on, or `localhost`',
  delegate_facts: 'The variables that the task sets belong to the host of `delegate_to`',
}

const everywhere = {
  vars: 'Variables, for everything below',
  become: 'Run as another user, with sudo',
  become_user: 'The user for `become`. Default: `root`',
  become_method: 'The method of `become`; `sudo` is the only one',
  environment: 'Environment variables of programs',
  module_defaults: 'Default arguments, by module',
  tags: 'Words by which `--tags` and `--skip-tags` select tasks',
  ignore_errors: 'Continue on the host after a failure',
  ignore_unreachable: 'Continue on the host if it cannot be reached for a task',
  any_errors_fatal: 'The first failure ends the run on all hosts',
  run_once: 'One host runs the task for all hosts of the play or batch',
  no_log: 'Hide arguments, results and diffs in all output',
  exit_code: 'The exit code of the run if the task fails: 3 to 7',
  timeout: 'Seconds that each task may take; 0: no limit',
  throttle: 'The number of hosts that run the task at the same time',
}

const ofRoles = {
  role: 'The role: its name, or its folder',
  tasks_from: 'The file in `tasks` of the role. Default: `main`',
  file: 'The file, relative to the one that contains the task',
}

const ofLoops = {
  loop_var: 'The name of the variable for the item. Default: `item`',
  index_var: 'The name of a variable for the index of the item, from 0',
  label: 'What the output shows for an item',
  pause: 'Seconds to wait between two items',
  extended: 'The items see `ansible_loop`',
  extended_allitems: '`false`: `ansible_loop` without `allitems`',
  break_when: 'Conditions in CEL on the result of an item; if all are true, the loop ends',
}

export const keywordMeanings: Readonly<Record<string, string>> = {
  ...ofPlays,
  ...ofTasks,
  ...everywhere,
  ...ofRoles,
  ...ofLoops,
}
