/** Mistakes in conditions, expressions, templates and their variables. */
import { type Mistake, tasks } from './mistake.ts'

export const expressionMistakes: readonly Mistake[] = [
  {
    name: 'a misspelt name in a condition',
    files: tasks('- debug: { msg: hello }\n  when: inventory_hostnam == "pve1"'),
    says: `
site.yml:4:13: error: "inventory_hostnam" is not defined
  3 |     - debug: { msg: hello }
  4 |       when: inventory_hostnam == "pve1"
    |             ^^^^^^^^^^^^^^^^^
  help: did you mean "inventory_hostname"?
`,
  },
  {
    name: 'a field that a result does not have',
    files: tasks(
      '- stat: { path: /etc/motd }\n  register: motd\n- debug: { msg: hello }\n  when: motd.exist',
    ),
    says: `
site.yml:6:18: error: "motd" has no "exist"
  5 |     - debug: { msg: hello }
  6 |       when: motd.exist
    |                  ^^^^^
  help: it has changed, failed, skipped, unreachable, msg, attempts, stat
`,
  },
  {
    name: 'a condition in Jinja syntax',
    files: tasks('- debug: { msg: hello }\n  when: gpu_assignment is defined and check_mode'),
    says: `
site.yml:4:28: error: "is defined" is a Jinja test; expressions here are CEL
  3 |     - debug: { msg: hello }
  4 |       when: gpu_assignment is defined and check_mode
    |                            ^^
  help: write defined(gpu_assignment) && check_mode
`,
  },
  {
    name: 'a condition in braces',
    files: tasks(`- debug: { msg: hello }\n  when: '{{ check_mode }}'`),
    says: `
site.yml:4:14: error: expressions cannot contain templates
  3 |     - debug: { msg: hello }
  4 |       when: '{{ check_mode }}'
    |              ^^
  help: remove the braces
`,
  },
  {
    name: 'a condition that is not a boolean',
    files: tasks('- debug: { msg: hello }\n  when: groups.nodes.size()'),
    says: `
site.yml:4:13: error: a condition must be true or false, but "groups.nodes.size()" is a number
  3 |     - debug: { msg: hello }
  4 |       when: groups.nodes.size()
    |             ^^^^^^^^^^^^^^^^^^^
  help: compare it: groups.nodes.size() > 0
`,
  },
  {
    name: 'a comparison of text with a number',
    files: tasks('- command: echo 1\n  register: said\n- debug: { msg: hello }\n  when: said.stdout == 1'),
    says: `
site.yml:6:13: error: cannot compare text with a number: said.stdout is text, 1 is a number
  5 |     - debug: { msg: hello }
  6 |       when: said.stdout == 1
    |             ^^^^^^^^^^^^^^^^
  help: compare values of the same type: text with text ("0"), numbers with numbers (0)
`,
  },
  {
    name: 'a function that CEL does not have',
    files: tasks('- debug: { msg: !cel uper(inventory_hostname) }'),
    says: `
site.yml:3:26: error: there is no function "uper"
  2 |   tasks:
  3 |     - debug: { msg: !cel uper(inventory_hostname) }
    |                          ^^^^^^^^^^^^^^^^^^^^^^^^
  help: did you mean "upper"?
`,
  },
  {
    name: 'an incomplete expression',
    files: tasks('- debug:\n    msg: !cel (1 + 2'),
    says: `
site.yml:4:24: error: this expression is invalid: expected ")", but found the end
  3 |     - debug:
  4 |         msg: !cel (1 + 2
    |                        ^
  help: check for a missing or extra bracket, quote or operator
`,
  },
  {
    name: 'a template without its quotes',
    files: tasks('- file:\n    path: {{ directory }}\n    state: directory'),
    says: `
site.yml:4:15: error: a value that starts with "{{" must be quoted
  3 |     - file:
  4 |         path: {{ directory }}
    |               ^^^^^^^^^^^^^^^
  help: quote it: "{{ directory }}"
`,
  },
  {
    name: 'an undefined variable in a template',
    files: tasks('- debug:\n    msg: the driver is {{ nvidia_driver_versoin }}'),
    says: `
site.yml:4:31: error: "nvidia_driver_versoin" is not defined
  3 |     - debug:
  4 |         msg: the driver is {{ nvidia_driver_versoin }}
    |                               ^^^^^^^^^^^^^^^^^^^^^
  help: did you mean "nvidia_driver_version"?
`,
  },
  {
    name: 'an undefined variable in a template file',
    files: {
      ...tasks('- template:\n    src: motd.hbs\n    dest: /etc/motd'),
      'templates/motd.hbs': 'Welcome to {{ inventory_hostname }},\n  driver {{ driver }}\n',
    },
    says: `
templates/motd.hbs:2:13: error: "driver" is not defined
  1 | Welcome to {{ inventory_hostname }},
  2 |   driver {{ driver }}
    |             ^^^^^^
  help: set it in the inventory or under "vars", or register it in an earlier task
`,
  },
  {
    name: 'a task variable that refers to itself',
    files: tasks('- debug: { msg: "{{ greeting }}" }\n  vars:\n    greeting: "{{ greeting }}"'),
    says: `
site.yml:5:9: error: this variable refers to itself: greeting -> greeting
  4 |       vars:
  5 |         greeting: "{{ greeting }}"
    |         ^^^^^^^^
  help: give one of them a value that does not use the others
`,
  },
]
