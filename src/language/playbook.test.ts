import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../base/errors.ts'
import type { LoadOptions } from './loader.ts'
import type { Play } from './model.ts'
import { loadPlaybook, readPlaybook } from './playbook.ts'
import { renderValue } from './render.ts'
import { memoryFiles } from './testing/memory-files.ts'
import { testModules } from './testing/modules.ts'
import { report } from './testing/report.ts'
import { scopeOf } from './testing/scopes.ts'

type Contents = Readonly<Record<string, string>>

const roleFiles: Contents = {
  '/p/roles/web/meta/arguments.yml': `type: object
properties:
  port: { type: integer, default: 80, description: where it listens }
  user_name: { type: string, description: who owns the files }
required: [user_name]
`,
  '/p/roles/web/defaults/main.yml': 'root: "/srv/{{user_name}}"\n',
  '/p/roles/web/vars/main.yml': 'unit: web\n',
  '/p/roles/web/tasks/main.yml': `- name: write the page
  template: { src: page.hbs, dest: "{{root}}/page" }
  notify: restart web
- import_tasks: more.yml
  tags: more
`,
  '/p/roles/web/tasks/more.yml': '- command: true\n  become: false\n',
  '/p/roles/web/handlers/main.yml':
    '- name: restart web\n  service: { name: "{{unit}}", state: restarted }\n',
  '/p/roles/web/templates/page.hbs': 'port {{port}}\n',
}

function load(contents: Contents, options: Partial<LoadOptions> = {}) {
  const files = memoryFiles({ ...roleFiles, ...contents })
  return readPlaybook('/p/site.yml', { modules: testModules, files, ...options })
}

function mistakesIn(tasks: string, options: Partial<LoadOptions> = {}): readonly string[] {
  const indented = tasks.replaceAll(/^(?=.)/gm, '    ')
  return report(load({ '/p/site.yml': `- hosts: all\n  tasks:\n${indented}` }, options).problems)
}

function playsOf(contents: Contents, options: Partial<LoadOptions> = {}): readonly Play[] {
  const { playbook, problems } = load(contents, options)
  assert.deepEqual(report(problems), [])
  return playbook?.plays ?? []
}

const taskMistakes: readonly (readonly [name: string, tasks: string, expected: readonly string[]])[] = [
  [
    'a misspelt keyword',
    '- debug: {msg: x}\n  wehn: true\n',
    ['site.yml:4:7 unknown-keyword: "wehn" is no keyword of a task (did you mean "when"?)'],
  ],
  [
    'a misspelt module',
    '- copyy: {dest: /x}\n',
    ['site.yml:3:7 unknown-module: there is no module and no keyword "copyy" (did you mean "copy"?)'],
  ],
  [
    'a misspelt argument, without also missing the one that was meant',
    '- copy: {desst: /x, content: a}\n',
    ['site.yml:3:14 invalid-argument: "copy" has no "desst" (did you mean "dest"?)'],
  ],
  [
    'an argument that stands among the keywords',
    '- command: x\n  chdir: /tmp\n',
    [
      'site.yml:4:7 unknown-keyword: "chdir" is no keyword of a task (it is an argument of "command": indent it)',
    ],
  ],
  [
    'a missing argument',
    '- copy: {content: x}\n',
    ['site.yml:3:7 invalid-argument: "copy" needs "dest" (dest: where the file is written)'],
  ],
  [
    'two arguments of which there can be one',
    '- copy: {dest: /x, content: x, src: /p/site.yml}\n',
    ['site.yml:3:7 invalid-argument: "copy" takes only one of "src", "content"'],
  ],
  [
    'neither of two arguments',
    '- copy: {dest: /x}\n',
    ['site.yml:3:7 invalid-argument: "copy" needs one of "src", "content"'],
  ],
  [
    'a mode that is a number',
    '- copy: {dest: /x, content: x, mode: 0644}\n',
    [
      'site.yml:3:42 invalid-argument: "mode" must be text, and 0644 is read as the number 644 (quote it: mode: "0644")',
    ],
  ],
  [
    'yes where true is meant',
    '- service: {name: x, enabled: yes}\n',
    [
      'site.yml:3:35 invalid-argument: "enabled" must be true or false, and yes is text in YAML 1.2 (write true)',
    ],
  ],
  [
    'a word that is none of the choices',
    '- service: {name: x, state: startd}\n',
    [
      'site.yml:3:33 invalid-argument: "state" must be one of started, stopped, restarted, and is "startd" (did you mean "started"?)',
    ],
  ],
  [
    'an undefined variable in a template',
    '- debug: {msg: "{{ prot }}"}\n',
    ['site.yml:3:24 undefined-variable: nothing is called "prot" here (did you mean "port"?)'],
  ],
  [
    'an undefined variable in a condition',
    '- debug: {msg: x}\n  when: prot == 1\n',
    ['site.yml:4:13 undefined-variable: nothing is called "prot" here (did you mean "port"?)'],
  ],
  [
    'a condition in braces',
    '- debug: {msg: x}\n  when: "{{ port }}"\n',
    ['site.yml:4:14 invalid-expression: a condition is never templated (leave the braces out)'],
  ],
  [
    'a field that no result of that module has',
    '- command: x\n  register: out\n- debug: {msg: x}\n  when: out.stdot == ""\n',
    ['site.yml:6:17 no-such-key: "out" has no "stdot" (did you mean "stdout"?)'],
  ],
  [
    'the same in has() and in a template',
    '- command: x\n  register: out\n- debug: {msg: "{{out.stdot}}"}\n  when: has(out.stder)\n',
    [
      'site.yml:5:27 no-such-key: "out" has no "stdot" (did you mean "stdout"?)',
      'site.yml:6:21 no-such-key: "out" has no "stder" (did you mean "stderr"?)',
    ],
  ],
  [
    'a number that is compared with text',
    '- command: x\n  register: out\n- debug: {msg: x}\n  when: out.rc == "0"\n',
    [
      'site.yml:6:13 wrong-type: these do not go together: int == text (compare values of one kind: text with text ("0"), numbers with numbers (0))',
    ],
  ],
  [
    'a result that is read before it is there',
    '- debug: {msg: "{{later.rc}}"}\n- command: x\n  register: later\n',
    [
      'site.yml:3:23 undefined-variable: nothing is called "later" here (set it in the inventory, in vars, or register it in an earlier task)',
    ],
  ],
  [
    'the loop variable outside of a loop',
    '- debug: {msg: "{{item}}"}\n',
    [
      'site.yml:3:23 undefined-variable: nothing is called "item" here (set it in the inventory, in vars, or register it in an earlier task)',
    ],
  ],
  [
    'an Ansible name that is another one here',
    '- debug: {msg: "{{ansible_check_mode}}"}\n',
    [
      'site.yml:3:23 undefined-variable: nothing is called "ansible_check_mode" here (it is called check_mode here)',
    ],
  ],
  [
    'a file that is not there',
    '- copy: {dest: /x, src: a.txt}\n',
    ['site.yml:3:29 missing-file: there is no file "a.txt" (looked for /p/files/a.txt, /p/a.txt)'],
  ],
  [
    'a handler that is not there',
    '- debug: {msg: x}\n  notify: restart\n',
    ['site.yml:4:15 unknown-handler: there is no handler "restart" in this play (add one under "handlers")'],
  ],
  [
    'keywords that are not supported yet',
    '- block: []\n- debug: {msg: x}\n  with_items: [1]\n  delegate_to: x\n',
    [
      'site.yml:3:7 not-yet-supported: "block" is not yet supported (write the tasks one after the other, or put them in a file and use import_tasks)',
      'site.yml:5:7 not-yet-supported: "with_items" is not yet supported (write loop)',
      'site.yml:6:7 not-yet-supported: "delegate_to" is not yet supported (give the task a play of its own for that host; container modules reach the node by themselves)',
    ],
  ],
  [
    'two modules in one task',
    '- debug: {msg: x}\n  command: x\n',
    [
      'site.yml:4:7 two-modules: a task calls one module; here are "debug" and "command" (make two tasks of it, or indent what is an argument)',
    ],
  ],
  [
    'a name that no expression could use',
    '- command: x\n  register: my-result\n',
    [
      'site.yml:4:17 invalid-name: "my-result" cannot be the name of a variable (use letters, digits and underscores: my_result)',
    ],
  ],
  [
    'an exit code that means something else',
    '- command: x\n  exit_code: 2\n',
    ['site.yml:4:18 invalid-keyword: "exit_code" must be from 3 to 7, and is 2 (write a number from 3 to 7)'],
  ],
  [
    'a loop that is no list',
    '- debug: {msg: x}\n  loop: abc\n',
    [
      'site.yml:4:13 invalid-keyword: "loop" must be a list (write a list, or one {{variable}} or !cel expression that gives one)',
    ],
  ],
  [
    'a mistake in an expression among the arguments',
    '- debug: {msg: !cel "prot + 1"}\n',
    ['site.yml:3:26 undefined-variable: nothing is called "prot" here (did you mean "port"?)'],
  ],
]

for (const [name, tasks, expected] of taskMistakes) {
  test(`finds ${name}`, () => {
    assert.deepEqual(mistakesIn(tasks, { variables: ['port'] }), expected)
  })
}

test('a condition on text that a number is compared with is placed in the file, also inside quotes', () => {
  const found = mistakesIn('- debug: {msg: x}\n  when:\n    - true\n    - "port == 1 && prt == 2"\n', {
    variables: ['port'],
  })
  assert.deepEqual(found, [
    'site.yml:6:25 undefined-variable: nothing is called "prt" here (did you mean "port"?)',
  ])
})

test('all mistakes of all files are reported together, with excerpts', () => {
  const { playbook, problems } = load({
    '/p/site.yml': '- hosts: all\n  rolse: []\n  roles: [web, wbe]\n- hosts: all\n  become: yes\n',
    '/p/roles/web/tasks/more.yml': '- debug: {msg: "{{ prot }}"}\n',
    '/p/roles/web/templates/page.hbs': 'port\n  {{prot}}\n',
  })
  assert.ok(playbook)
  assert.deepEqual(report(problems), [
    'site.yml:2:3 unknown-keyword: "rolse" is no keyword of a play (did you mean "roles"?)',
    'site.yml:3:16 unknown-role: there is no role "wbe" (did you mean "web"?)',
    'site.yml:5:11 invalid-keyword: "become" must be true or false, and yes is text in YAML 1.2 (write true)',
    'page.hbs:2:5 undefined-variable: nothing is called "prot" here (did you mean "port"?)',
    'more.yml:1:20 undefined-variable: nothing is called "prot" here (did you mean "port"?)',
  ])
  assert.equal(problems[3]?.excerpt, '1 | port\n2 |   {{prot}}\n  |     ^^^^')
})

test('loadPlaybook throws all mistakes in one error', () => {
  const files = memoryFiles({ '/p/site.yml': '- hosts: all\n  a: 1\n  b: 2\n' })
  assert.throws(
    () => loadPlaybook('/p/site.yml', { modules: testModules, files }),
    (error: unknown) => error instanceof InputError && error.problems.length === 2,
  )
})

test('a playbook that is not there is reported with one that is', () => {
  const { problems } = readPlaybook('/p/stie.yml', {
    modules: testModules,
    files: memoryFiles({ '/p/site.yml': '' }),
  })
  assert.deepEqual(report(problems), [
    'missing-file: there is no playbook "/p/stie.yml" (did you mean "site.yml"?)',
  ])
})

test('parameters of a role that it does not know are reported', () => {
  const { problems } = load({
    '/p/site.yml': '- hosts: all\n  roles:\n    - {role: web, prot: 1, user_name: x, root: /r}\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:3:19 unknown-parameter: the role "web" has no parameter "prot" (did you mean "port"?)',
  ])
})

test('tasks inherit tags, conditions, privilege, environment and the exit code', () => {
  const [play] = playsOf({
    '/p/site.yml': `- hosts: nodes
  become: true
  tags: [play]
  environment: {A: "1", B: "1"}
  roles:
    - role: web
      user_name: www
      tags: role
      when: port == 80
      exit_code: 5
      environment: {B: "2"}
  tasks:
    - debug: {msg: x}
      tags: [own, play]
  post_tasks:
    - debug: {msg: y}
`,
  })
  assert.ok(play)
  assert.deepEqual(
    play.sections.map(({ name, tasks }) => [name, tasks.map((task) => task.name)]),
    [
      ['tasks', ['write the page', 'command', 'debug']],
      ['post_tasks', ['debug']],
    ],
  )
  const [page, imported, own] = play.sections[0]?.tasks ?? []
  assert.deepEqual(page?.tags, ['play', 'role'])
  assert.deepEqual(imported?.tags, ['play', 'role', 'more'])
  assert.deepEqual(own?.tags, ['play', 'own'])
  assert.deepEqual(
    page.when.map((condition) => condition.source),
    ['port == 80'],
  )
  assert.deepEqual([page.become.enabled, imported.become.enabled, own.become.enabled], [true, false, true])
  assert.deepEqual([page.exitCode, own.exitCode], [5, undefined])
  const environment = [...page.environment].map(([name, value]) => [
    name,
    value.kind === 'literal' ? value.value : '',
  ])
  assert.deepEqual(environment, [
    ['A', '1'],
    ['B', '2'],
  ])
  assert.deepEqual(
    play.handlers.map((handler) => handler.name),
    ['restart web'],
  )
  assert.equal(play.roles[0]?.parameters.get('user_name')?.where.line, 7)
})

test('the identity of a task does not change when another task is put before it', () => {
  const keys = (tasks: string) =>
    playsOf({ '/p/site.yml': `- hosts: all\n  tasks:\n${tasks}` })[0]?.sections[0]?.tasks.map(
      (task) => task.key,
    ) ?? []
  const one = '    - {name: one, debug: {msg: x}}\n'
  const two = '    - {name: two, debug: {msg: x}}\n'
  assert.equal(keys(one + two)[1], keys(two)[0])
  const [first, second] = keys(one + one)
  assert.notEqual(first, second)
})

test('long names, free form, results of loops and set_fact are understood', () => {
  const [play] = playsOf({
    '/p/site.yml': `- hosts: all
  gather_facts: false
  strategy: free
  after: node
  tasks:
    - ansible.builtin.command: echo {{item}} {{index}}
      args: {chdir: /tmp}
      loop: [1, 2]
      loop_control: {index_var: index, label: "{{item}}"}
      register: out
      changed_when: out.rc == 0
      until: out.attempts > 1
    - debug: {msg: "{{mine}}"}
      when: [out.results.size() == 2, defined(mine)]
      vars: {mine: 1}
    - set_fact: {computed: !cel out.results.size()}
    - debug: {msg: "{{computed}}"}
`,
  })
  const [command] = play?.sections[0]?.tasks ?? []
  assert.equal(play?.after, 'node')
  assert.deepEqual([...(command?.args.entries.keys() ?? [])], ['cmd', 'chdir'])
  assert.deepEqual([command?.retries, command?.delay], [3, 5])
  assert.deepEqual(command?.loop?.items.kind, 'list')
})

test('playbooks, tasks and roles are imported, and imports that end nowhere are reported', () => {
  const plays = playsOf({
    '/p/site.yml':
      '- import_playbook: nodes.yml\n- hosts: b\n  tasks:\n    - import_role: {name: web}\n      vars: {user_name: x}\n',
    '/p/nodes.yml': '- hosts: a\n  tasks:\n    - debug: {msg: x}\n',
  })
  assert.deepEqual(
    plays.map((play) => play.hosts),
    ['a', 'b'],
  )
  assert.equal(plays[0]?.sections[0]?.tasks[0]?.id.playbook, 'nodes.yml')
  assert.deepEqual(
    plays[1]?.handlers.map((handler) => handler.name),
    ['restart web'],
  )
  const { problems } = load({
    '/p/site.yml':
      '- import_playbook: site.yml\n- import_playbook: noeds.yml\n- hosts: a\n  tasks:\n    - import_tasks: x.yml\n',
    '/p/nodes.yml': '',
  })
  assert.deepEqual(report(problems), [
    'site.yml:1:20 cyclic-import: this playbook imports itself: site.yml -> site.yml',
    'site.yml:2:20 missing-file: there is no playbook "noeds.yml" (did you mean "nodes.yml"?)',
    'site.yml:5:21 missing-file: there is no file "x.yml" (looked in /p)',
  ])
})

test('a result that two modules may give is checked by name alone', () => {
  const found = mistakesIn(
    '- command: x\n  register: out\n- copy: {dest: /x, content: x}\n  register: out\n- debug: {msg: "{{out.anything}}"}\n',
  )
  assert.deepEqual(found, [])
})

test('arguments that are templates are not checked before they are rendered', () => {
  const found = mistakesIn('- service: {name: "{{x}}", state: "{{x}}", enabled: "{{x}}"}\n', {
    variables: ['x'],
  })
  assert.deepEqual(found, [])
})

test('facts are checked by their schema where there is one', () => {
  const facts = { type: 'object', properties: { kernel: { type: 'string' } } }
  assert.deepEqual(mistakesIn('- debug: {msg: "{{facts.kernle}}"}\n', { facts }), [
    'site.yml:3:29 no-such-key: "facts" has no "kernle" (did you mean "kernel"?)',
  ])
})

test('conditions among the arguments of a module are expressions, checked by name and rendered to booleans', () => {
  assert.deepEqual(
    mistakesIn('- assert: {that: prot == 1}\n- assert: {that: [true, "{{x}}"]}\n', { variables: ['port'] }),
    [
      'site.yml:3:22 undefined-variable: nothing is called "prot" here (did you mean "port"?)',
      'site.yml:4:30 invalid-expression: a condition is never templated (leave the braces out)',
    ],
  )
  const [play] = playsOf(
    { '/p/site.yml': '- hosts: all\n  tasks:\n    - assert: {that: [port == 1, port > 1]}\n' },
    { variables: ['port'] },
  )
  const task = play?.sections[0]?.tasks[0]
  assert.ok(task)
  assert.deepEqual(renderValue(task.args, scopeOf({ port: 1 })), { that: [true, false] })
})

test("another host's result is read in a later play only", () => {
  const plays = `- hosts: all
  tasks:
    - command: date
      register: out
    - assert: { that: 'groups.all.all(h, hostvars[h].out.changed)' }
    - debug: { msg: '{{hostvars.web1.out.stdout}}' }
    - assert: { that: '!hostvars[node].out.failed' }
    - assert: { that: '!hostvars[groups.all[0]].other.failed' }
- hosts: all
  after: node
  tasks:
    - assert: { that: 'hostvars["web1"].out.changed' }
- hosts: all
  tasks:
    - assert: { that: 'groups.all.all(h, hostvars[h].out.changed)' }
`
  const { problems } = load({ '/p/site.yml': plays }, { variables: ['node'] })
  const text =
    'unsettled-result: "out" is registered in this play or beside it, and another host may not have come that far'
  assert.deepEqual(report(problems), [
    `site.yml:5:54 ${text} (read it in a later play, or write out alone for the host's own)`,
    `site.yml:6:38 ${text} (read it in a later play)`,
    `site.yml:12:41 ${text} (read it in a later play)`,
  ])
})
