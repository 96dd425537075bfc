/** Mistakes in playbooks and tasks. */
import { type Mistake, tasks } from './mistake.ts'

export const playbookMistakes: readonly Mistake[] = [
  {
    name: 'a misspelt keyword of a play',
    files: { 'site.yml': '- hosts: all\n  task:\n    - debug: { msg: hello }\n' },
    says: `
site.yml:2:3: error: "task" is no keyword of a play
  1 | - hosts: all
  2 |   task:
    |   ^^^^
  help: did you mean "tasks"?
`,
  },
  {
    name: 'a misspelt keyword of a task',
    files: tasks('- name: Greet\n  debug: { msg: hello }\n  wehn: true'),
    says: `
site.yml:5:7: error: "wehn" is no keyword of a task
  4 |       debug: { msg: hello }
  5 |       wehn: true
    |       ^^^^
  help: did you mean "when"?
`,
  },
  {
    name: 'a keyword of Ansible that is not there yet',
    files: tasks('- name: Greet\n  debug: { msg: hello }\n  delegate_to: pve1'),
    says: `
site.yml:5:7: error: "delegate_to" is not yet supported
  4 |       debug: { msg: hello }
  5 |       delegate_to: pve1
    |       ^^^^^^^^^^^
  help: give the task a play of its own for that host; container modules reach the node by themselves
`,
  },
  {
    name: 'a misspelt module',
    files: tasks('- name: Greet\n  coppy: { dest: /etc/motd, content: hello }'),
    says: `
site.yml:4:7: error: there is no module and no keyword "coppy"
  3 |     - name: Greet
  4 |       coppy: { dest: /etc/motd, content: hello }
    |       ^^^^^
  help: did you mean "copy"?
`,
  },
  {
    name: 'a misspelt argument of a module',
    files: tasks('- copy:\n    dset: /etc/motd\n    content: hello'),
    says: `
site.yml:4:9: error: "copy" has no "dset"
  3 |     - copy:
  4 |         dset: /etc/motd
    |         ^^^^
  help: did you mean "dest"?
`,
  },
  {
    name: 'an argument that is missing',
    files: tasks('- copy:\n    content: hello'),
    says: `
site.yml:3:7: error: "copy" needs "dest"
  2 |   tasks:
  3 |     - copy:
    |       ^^^^
  help: dest: Where it goes; with a final slash, or where a directory is, into that directory
`,
  },
  {
    name: 'an argument of the wrong type',
    files: tasks('- get_url:\n    url: [https://example.org]\n    dest: /tmp/x'),
    says: `
site.yml:4:14: error: "url" must be text, and is a list
  3 |     - get_url:
  4 |         url: [https://example.org]
    |              ^^^^^^^^^^^^^^^^^^^^^
  help: URL to download; the host downloads it itself
`,
  },
  {
    name: 'a mode that YAML reads as a number',
    files: tasks('- file:\n    path: /etc/motd\n    mode: 0644'),
    says: `
site.yml:5:15: error: "mode" must be text, and 0644 is read as the number 644
  4 |         path: /etc/motd
  5 |         mode: 0644
    |               ^^^^
  help: quote it: mode: "0644"
`,
  },
  {
    name: 'a word that is not among the choices',
    files: tasks('- service:\n    name: ssh\n    state: runing'),
    says: `
site.yml:5:16: error: "state" must be one of started, stopped, restarted, reloaded, and is "runing"
  4 |         name: ssh
  5 |         state: runing
    |                ^^^^^^
  help: write one of these words
`,
  },
  {
    name: 'a file that is not there',
    files: tasks('- copy:\n    src: motd.txt\n    dest: /etc/motd'),
    says: `
site.yml:4:14: error: there is no file "motd.txt"
  3 |     - copy:
  4 |         src: motd.txt
    |              ^^^^^^^^
  help: looked for files/motd.txt, motd.txt
`,
  },
  {
    name: 'a template that is not there, but nearly',
    files: {
      ...tasks('- template:\n    src: mtod.hbs\n    dest: /etc/motd'),
      'templates/motd.hbs': 'hello\n',
    },
    says: `
site.yml:4:14: error: there is no file "mtod.hbs"
  3 |     - template:
  4 |         src: mtod.hbs
    |              ^^^^^^^^
  help: did you mean "motd.hbs"?
`,
  },
  {
    name: 'a role that is not there',
    files: { 'site.yml': '- hosts: nodes\n  roles:\n    - nvidia_hots\n' },
    says: `
site.yml:3:7: error: there is no role "nvidia_hots"
  2 |   roles:
  3 |     - nvidia_hots
    |       ^^^^^^^^^^^
  help: did you mean "nvidia_host"?
`,
  },
  {
    name: 'a handler that is not there',
    files: {
      'site.yml': `- hosts: nodes
  tasks:
    - copy: { dest: /etc/motd, content: hello }
      notify: Restart sshd
  handlers:
    - name: Restart ssh
      service: { name: ssh, state: restarted }
`,
    },
    says: `
site.yml:4:15: error: there is no handler "Restart sshd" in this play
  3 |     - copy: { dest: /etc/motd, content: hello }
  4 |       notify: Restart sshd
    |               ^^^^^^^^^^^^
  help: did you mean "Restart ssh"?
`,
  },
  {
    name: 'a misspelt name in a condition',
    files: tasks('- debug: { msg: hello }\n  when: inventory_hostnam == "pve1"'),
    says: `
site.yml:4:13: error: nothing is called "inventory_hostnam" here
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
    name: 'a condition in the words of Jinja',
    files: tasks('- debug: { msg: hello }\n  when: gpu_assignment is defined and check_mode'),
    says: `
site.yml:4:28: error: this expression cannot be read: unexpected character: 's'
  3 |     - debug: { msg: hello }
  4 |       when: gpu_assignment is defined and check_mode
    |                            ^^
  help: write defined(x)
`,
  },
  {
    name: 'a condition in braces',
    files: tasks(`- debug: { msg: hello }\n  when: '{{ check_mode }}'`),
    says: `
site.yml:4:14: error: a condition is never templated
  3 |     - debug: { msg: hello }
  4 |       when: '{{ check_mode }}'
    |              ^^
  help: leave the braces out
`,
  },
  {
    name: 'a condition that gives no truth value',
    files: tasks('- debug: { msg: hello }\n  when: groups.nodes.size()'),
    says: `
site.yml:4:13: error: a condition must give true or false, and "groups.nodes.size()" gives a number
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
site.yml:6:13: error: these do not go together: text == int
  5 |     - debug: { msg: hello }
  6 |       when: said.stdout == 1
    |             ^^^^^^^^^^^^^^^^
  help: compare values of one kind: text with text ("0"), numbers with numbers (0)
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
    name: 'an expression that ends too early',
    files: tasks('- debug:\n    msg: !cel (1 + 2'),
    says: `
site.yml:4:24: error: this expression cannot be read: expected ")", and found its end
  3 |     - debug:
  4 |         msg: !cel (1 + 2
    |                        ^
  help: look for a bracket, a quote or an operator that is missing or left over
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
    name: 'a variable of a template that nobody set',
    files: tasks('- debug:\n    msg: the driver is {{ nvidia_driver_versoin }}'),
    says: `
site.yml:4:31: error: nothing is called "nvidia_driver_versoin" here
  3 |     - debug:
  4 |         msg: the driver is {{ nvidia_driver_versoin }}
    |                               ^^^^^^^^^^^^^^^^^^^^^
  help: did you mean "nvidia_driver_version"?
`,
  },
  {
    name: 'a variable of a template file that nobody set',
    files: {
      ...tasks('- template:\n    src: motd.hbs\n    dest: /etc/motd'),
      'templates/motd.hbs': 'Welcome to {{ inventory_hostname }},\n  driver {{ driver }}\n',
    },
    says: `
templates/motd.hbs:2:13: error: nothing is called "driver" here
  1 | Welcome to {{ inventory_hostname }},
  2 |   driver {{ driver }}
    |             ^^^^^^
  help: set it in the inventory, in vars, or register it in an earlier task
`,
  },
  {
    name: 'a variable of a task that is made of itself',
    files: tasks('- debug: { msg: "{{ greeting }}" }\n  vars:\n    greeting: "{{ greeting }}"'),
    says: `
site.yml:5:9: error: this variable is made of itself: greeting -> greeting
  4 |       vars:
  5 |         greeting: "{{ greeting }}"
    |         ^^^^^^^^
  help: give one of them a value of its own
`,
  },
  {
    name: 'a key that stands twice',
    files: tasks('- file:\n    path: /etc/motd\n    mode: "0644"\n    path: /etc/issue'),
    says: `
site.yml:6:9: error: this key is given twice in one map
  5 |         mode: "0644"
  6 |         path: /etc/issue
    |         ^
  help: keep one of the two
`,
  },
  {
    name: 'YAML that cannot be read',
    files: tasks('- name: Greet\n  debug: { msg: "hello }'),
    says: `
site.yml:4:21: error: this quote is never closed
  3 |     - name: Greet
  4 |       debug: { msg: "hello }
    |                     ^
  help: close it with "
`,
  },
  {
    name: 'a tab that indents',
    files: { 'site.yml': '- hosts: all\n  tasks:\n\t- debug: { msg: hello }\n' },
    says: `
site.yml:3:1: error: a tab is used to indent
  2 |   tasks:
  3 | 	- debug: { msg: hello }
    | ^
  help: indent with spaces
`,
  },
  {
    name: 'an exit code that means something else',
    files: tasks('- debug: { msg: hello }\n  exit_code: 2'),
    says: `
site.yml:4:18: error: "exit_code" must be from 3 to 7, and is 2
  3 |     - debug: { msg: hello }
  4 |       exit_code: 2
    |                  ^
  help: write a number from 3 to 7
`,
  },
  {
    name: 'every mistake of every file at once',
    files: {
      'inventory.yml': 'all:\n  hosts:\n    pve1: { port: many }\n',
      'site.yml': `- hosts: all
  roles: [greeting]
  tasks:
    - coppy: { dest: /etc/motd }
    - file: { path: /etc/motd, mode: 0644 }
`,
      'roles/greeting/tasks/main.yml': '- debug: { mesage: hello }\n',
    },
    words: ['--limit', 'pve2'],
    says: `
inventory.yml:3:19: error: "port" is "many", which is not valid
  2 |   hosts:
  3 |     pve1: { port: many }
    |                   ^^^^
  help: a port is a number from 1 to 65535

roles/greeting/tasks/main.yml:1:12: error: "debug" has no "mesage"
  1 | - debug: { mesage: hello }
    |            ^^^^^^
  help: there are msg, var

site.yml:4:7: error: there is no module and no keyword "coppy"
  3 |   tasks:
  4 |     - coppy: { dest: /etc/motd }
    |       ^^^^^
  help: did you mean "copy"?

site.yml:5:38: error: "mode" must be text, and 0644 is read as the number 644
  4 |     - coppy: { dest: /etc/motd }
  5 |     - file: { path: /etc/motd, mode: 0644 }
    |                                      ^^^^
  help: quote it: mode: "0644"

--limit: error: there is no host and no group "pve2"
  help: did you mean "pve1"?
`,
  },
]
