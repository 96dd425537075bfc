/** Mistakes in playbooks and tasks: keywords, modules, arguments, references, and YAML. */
import { type Mistake, tasks } from './mistake.ts'

export const playbookMistakes: readonly Mistake[] = [
  {
    name: 'a misspelt keyword of a play',
    files: { 'site.yml': '- hosts: all\n  task:\n    - debug: { msg: hello }\n' },
    says: `
site.yml:2:3: error: "task" is not a keyword of a play
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
site.yml:5:7: error: "wehn" is not a keyword of a task
  4 |       debug: { msg: hello }
  5 |       wehn: true
    |       ^^^^
  help: did you mean "when"?
`,
  },
  {
    name: 'an unsupported keyword of Ansible',
    files: tasks('- name: Greet\n  debug: { msg: hello }\n  become_flags: -i'),
    says: `
site.yml:5:7: error: "become_flags" is not yet supported
  4 |       debug: { msg: hello }
  5 |       become_flags: -i
    |       ^^^^^^^^^^^^
  help: leave it out: sudo is the only method
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
    name: 'a missing argument',
    files: tasks('- copy:\n    content: hello'),
    says: `
site.yml:3:7: error: "copy" needs "dest"
  2 |   tasks:
  3 |     - copy:
    |       ^^^^
  help: dest: Path of the file; if it ends in a slash or is a directory, the file is written into that directory
`,
  },
  {
    name: 'an argument of the wrong type',
    files: tasks('- get_url:\n    url: [https://example.org]\n    dest: /tmp/x'),
    says: `
site.yml:4:14: error: "url" must be text, not a list
  3 |     - get_url:
  4 |         url: [https://example.org]
    |              ^^^^^^^^^^^^^^^^^^^^^
  help: URL that the host downloads
`,
  },
  {
    name: 'a mode that YAML reads as a number',
    files: tasks('- file:\n    path: /etc/motd\n    mode: 0644'),
    says: `
site.yml:5:15: error: "mode" must be text, but 0644 is read as the number 644
  4 |         path: /etc/motd
  5 |         mode: 0644
    |               ^^^^
  help: quote it: mode: "0644"
`,
  },
  {
    name: 'a value that is not one of the choices',
    files: tasks('- service:\n    name: ssh\n    state: runing'),
    says: `
site.yml:5:16: error: "state" must be one of started, stopped, restarted, reloaded, not "runing"
  4 |         name: ssh
  5 |         state: runing
    |                ^^^^^^
  help: write one of these words
`,
  },
  {
    name: 'a missing file',
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
    name: 'a misspelt template file',
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
    name: 'a missing role',
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
    name: 'a missing handler',
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
    name: 'a duplicate key',
    files: tasks('- file:\n    path: /etc/motd\n    mode: "0644"\n    path: /etc/issue'),
    says: `
site.yml:6:9: error: this key appears twice in one map
  5 |         mode: "0644"
  6 |         path: /etc/issue
    |         ^
  help: remove one of them
`,
  },
  {
    name: 'invalid YAML',
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
    name: 'a tab as indentation',
    files: { 'site.yml': '- hosts: all\n  tasks:\n\t- debug: { msg: hello }\n' },
    says: `
site.yml:3:1: error: a tab is used for indentation
  2 |   tasks:
  3 | 	- debug: { msg: hello }
    | ^
  help: indent with spaces
`,
  },
  {
    name: 'an exit code with another meaning',
    files: tasks('- debug: { msg: hello }\n  exit_code: 2'),
    says: `
site.yml:4:18: error: "exit_code" must be from 3 to 7, not 2
  3 |     - debug: { msg: hello }
  4 |       exit_code: 2
    |                  ^
  help: write a number from 3 to 7
`,
  },
  {
    name: 'all mistakes in all files at once',
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
  help: it has msg, warning, var

site.yml:4:7: error: there is no module and no keyword "coppy"
  3 |   tasks:
  4 |     - coppy: { dest: /etc/motd }
    |       ^^^^^
  help: did you mean "copy"?

site.yml:5:38: error: "mode" must be text, but 0644 is read as the number 644
  4 |     - coppy: { dest: /etc/motd }
  5 |     - file: { path: /etc/motd, mode: 0644 }
    |                                      ^^^^
  help: quote it: mode: "0644"

--limit: error: there is no host or group "pve2"
  help: did you mean "pve1"?
`,
  },
]
