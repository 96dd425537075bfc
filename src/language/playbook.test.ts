import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlaybook } from './playbook.ts'
import { memoryFiles } from './testing/memory-files.ts'
import { testModules } from './testing/test-modules.ts'
import { report } from './testing/report.ts'
import { loadContents, playsOf } from './testing/playbooks.ts'

test('all mistakes in all files are reported together, with excerpts', () => {
  const { playbook, problems } = loadContents({
    '/p/site.yml': '- hosts: all\n  rolse: []\n  roles: [web, wbe]\n- hosts: all\n  become: yes\n',
    '/p/roles/web/tasks/more.yml': '- debug: {msg: "{{ prot }}"}\n',
    '/p/roles/web/templates/page.hbs': 'port\n  {{prot}}\n',
  })
  assert.ok(playbook)
  assert.deepEqual(report(problems), [
    'site.yml:2:3 unknown-keyword: "rolse" is not a keyword of a play (did you mean "roles"?)',
    'site.yml:3:16 unknown-role: there is no role "wbe" (did you mean "web"?)',
    'site.yml:5:11 invalid-keyword: "become" must be true or false, but yes is text in YAML 1.2 (write true)',
    'page.hbs:2:5 undefined-variable: "prot" is not defined (did you mean "port"?)',
    'more.yml:1:20 undefined-variable: "prot" is not defined (did you mean "port"?)',
  ])
  assert.equal(problems[3]?.excerpt, '1 | port\n2 |   {{prot}}\n  |     ^^^^')
})

test('for a missing playbook, the hint suggests an existing one', () => {
  const { problems } = readPlaybook('/p/stie.yml', {
    modules: testModules,
    files: memoryFiles({ '/p/site.yml': '' }),
  })
  assert.deepEqual(report(problems), [
    'missing-file: there is no playbook "/p/stie.yml" (did you mean "site.yml"?)',
  ])
})

test('unknown parameters of a role are reported', () => {
  const { problems } = loadContents({
    '/p/site.yml': '- hosts: all\n  roles:\n    - {role: web, prot: 1, user_name: x, root: /r}\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:3:19 unknown-parameter: the role "web" has no parameter "prot" (did you mean "port"?)',
  ])
})

test('tasks inherit tags, conditions, become, environment and the exit code', () => {
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
    play.sections.map(({ tasks }) => tasks.map((task) => task.name)),
    [['write the page', 'command', 'debug'], ['debug']],
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

test('a new task does not change the identity of the task after it', () => {
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

test('full module names, free form, results of loops and set_fact are supported', () => {
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

test('playbooks, tasks and roles are imported; cyclic and missing imports are reported', () => {
  const plays = playsOf({
    '/p/site.yml':
      '- import_playbook: nodes.yml\n- hosts: b\n  tasks:\n    - import_role: {name: web}\n      vars: {user_name: x}\n',
    '/p/nodes.yml': '- hosts: a\n  tasks:\n    - debug: {msg: x}\n',
  })
  assert.deepEqual(
    plays.map((play) => play.hosts.written),
    ['a', 'b'],
  )
  assert.equal(plays[0]?.sections[0]?.tasks[0]?.id.playbook, 'nodes.yml')
  assert.deepEqual(
    plays[1]?.handlers.map((handler) => handler.name),
    ['restart web'],
  )
  const { problems } = loadContents({
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

test('hosts may be templates, which only the run can render; Jinja in them is a mistake', () => {
  const [play] = playsOf({
    '/p/site.yml': '- hosts: [ "{{ target }}", !cel target, " web " ]\n  tasks: [{debug: {msg: x}}]\n',
  })
  assert.equal(play?.hosts.written, '{{ target }},target,web')
  const { problems } = loadContents({
    '/p/site.yml': '- hosts: "{{ target | default(\'all\') }}"\n  tasks: [{debug: {msg: x}}]\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:1:11 jinja: "{{ target | default(\'all\') }}" uses a Jinja filter; templates here are Handlebars (write {{default target "all"}})',
  ])
})

test('hosts without a name do not mean all hosts', () => {
  for (const hosts of ["''", "' , '", "':'", '[]', "['', ',']"]) {
    const { problems } = loadContents({ '/p/site.yml': `- hosts: ${hosts}\n  tasks: [{debug: {msg: x}}]\n` })
    assert.deepEqual(report(problems), [
      'site.yml:1:10 no-hosts: "hosts" names no hosts (name hosts or groups; "all" means every host)',
    ])
  }
})
