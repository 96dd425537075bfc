import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

const files: Readonly<Record<string, string>> = {
  'inventory/hosts.yml':
    'all:\n  vars: {port: 80}\n  children:\n    web:\n      hosts:\n        one: {port: 82}\n        two:\n',
  'inventory/group_vars/all.yml': 'port: 81\nname: "{{inventory_hostname}}-{{port}}"\ndb_password: hunter2\n',
  'inventory/group_vars/web/first.yml': 'size: 1\n',
  'inventory/group_vars/web/second.yml': 'size: 2\n',
  'roles/web/defaults/main.yml': 'port: 1\nroot: /srv\n',
  'roles/web/vars/main.yml': 'unit: web\n',
  'roles/web/tasks/main.yml': '- debug: { msg: "{{port}} {{root}} {{unit}}" }\n',
  'site.yml': `- name: Web servers
  hosts: web
  vars:
    port: 8080
    kernel: !cel facts.kernel
  roles:
    - role: web
      vars: { port: 8081 }
  tasks:
    - name: Show it
      debug: { msg: "{{port}}" }
      vars: { port: 8082 }
    - name: Learn it
      command: { cmd: uname, reads: true }
      register: learned
    - name: Set it
      set_fact: { learned: 1 }
`,
}

async function explain(...words: readonly string[]) {
  const folder = scratchFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const inventory = ['-i', join(folder, 'inventory')]
  const { exitCode, output, errors } = await gpuplay(folder, [
    'explain',
    ...words.map((word) => (word === 'site.yml' ? join(folder, word) : word)),
    ...inventory,
  ])
  return { exitCode, text: `${output}${errors}`.replaceAll(`${folder}/`, '') }
}

test('explain var lists everything that sets the variable in the inventory, strongest first', async () => {
  const { exitCode, text } = await explain('var', 'port', '--host', 'one')
  assert.equal(exitCode, 0, text)
  assert.equal(
    text,
    `port on one; * wins

in the inventory:
  * 82  inventory: host            inventory/hosts.yml:6:15
    81  inventory: group_vars/all  inventory/group_vars/all.yml:1:1
    80  inventory: group all       inventory/hosts.yml:2:10
`,
  )
  const two = await explain('var', 'size', '--host', 'two')
  assert.match(
    two.text,
    /\* 2 .*group_vars\/web +inventory\/group_vars\/web\/second.yml:1:1\n {4}1 .*first.yml:1:1/,
  )
})

test('explain var shows the value with the variables of the host, and -e on top', async () => {
  const { text } = await explain('var', 'name', '--host', 'one', '-e', 'name=x')
  assert.match(
    text,
    /\* "x" +-e +-e\n {4}"one-82" = \{\{inventory_hostname\}\}-\{\{port\}\} +inventory: group_vars\/all/,
  )
})

test('explain var with a playbook shows the play, its roles and its tasks', async () => {
  const { text } = await explain('var', 'port', 'site.yml', '--host', 'one')
  assert.equal(
    text,
    `port on one; * wins

in the play "Web servers":
  * 8080  vars of the play           site.yml:4:5
    82    inventory: host            inventory/hosts.yml:6:15
    81    inventory: group_vars/all  inventory/group_vars/all.yml:1:1
    80    inventory: group all       inventory/hosts.yml:2:10

in the role web of the play "Web servers" (line 7):
  * 8081  parameter of the role      site.yml:8:15
    8080  vars of the play           site.yml:4:5
    82    inventory: host            inventory/hosts.yml:6:15
    81    inventory: group_vars/all  inventory/group_vars/all.yml:1:1
    80    inventory: group all       inventory/hosts.yml:2:10
    1     defaults of the role       roles/web/defaults/main.yml:1:1

in the task "Show it" of the play "Web servers" (line 10):
  * 8082  vars of the task           site.yml:12:15
    8080  vars of the play           site.yml:4:5
    82    inventory: host            inventory/hosts.yml:6:15
    81    inventory: group_vars/all  inventory/group_vars/all.yml:1:1
    80    inventory: group all       inventory/hosts.yml:2:10
`,
  )
  assert.match(
    (await explain('var', 'root', 'site.yml', '--host', 'two')).text,
    /in the role web .*\n {2}\* "\/srv"/,
  )
})

test('explain var and lists ask nothing: an answer is unknown, and --syntax-check needs none', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'asks.yml')
  writeFileSync(join(folder, 'hosts'), 'one\n')
  const play = '- hosts: "{{target}}"\n  vars: { port: 1 }\n'
  writeFileSync(file, `${play}  vars_prompt: [{ name: port }]\n  tasks: [{ debug: { msg: "{{port}}" } }]\n`)
  const options = ['-i', join(folder, 'hosts'), '-e', 'target=one']
  const explained = await gpuplay(folder, ['explain', 'var', 'port', file, '--host', 'one', ...options])
  assert.match(
    explained.output,
    /\* \(unknown: "port" is asked when the run starts\) +vars_prompt of the play +.*asks.yml:3:25\n {4}1 +vars of the play/,
  )
  const words = ['run', file, ...options]
  assert.equal((await gpuplay(folder, [...words, '--syntax-check'])).exitCode, 0)
  const { exitCode, errors } = await gpuplay(folder, words)
  assert.equal(exitCode, 2)
  assert.match(errors, /cannot ask for "port": there is no terminal/)
})

test('explain var says what only a run can know, and which task sets it', async () => {
  const { text } = await explain('var', 'kernel', 'site.yml', '--host', 'one')
  assert.match(
    text,
    /\* \(unknown: the fact kernel of one has not been read\) = facts.kernel +vars of the play/,
  )
  const learned = await explain('var', 'learned', 'site.yml', '--host', 'one')
  assert.match(
    learned.text,
    /\* \(unknown: .*\) +set_fact of the task "Set it" +site.yml:16:7\n {4}\(unknown: .*\) +result of the task "Learn it"/,
  )
  assert.match((await explain('var', 'group_names', '--host', 'one')).text, /\* \["web"\] +set by gpuplay\n/)
})

test('explain var never shows a secret', async () => {
  const { text } = await explain('var', 'db_password', '--host', 'one')
  assert.match(text, /\* "\(secret\)" +inventory: group_vars\/all/)
})

test('a wrong name of a variable, a host or a subject is an error with a hint', async () => {
  const cases: readonly (readonly [words: readonly string[], expected: RegExp])[] = [
    [['var', 'prot', '--host', 'one'], /nothing sets "prot" on one\n {2}help: did you mean "port"\?/],
    [['var', 'root', '--host', 'one'], /nothing sets "root" on one\n {2}help: name the playbook, too/],
    [['var', 'port', '--host', 'on'], /there is no host "on" in the inventory/],
    [['vra', 'port', '--host', 'one'], /gpuplay explains "var" and "task", not "vra"/],
  ]
  for (const [words, expected] of cases) {
    const { exitCode, text } = await explain(...words)
    assert.equal(exitCode, 2)
    assert.match(text, expected)
  }
})

const tasks = `- hosts: local
  vars: { wanted: true, api_token: sesame-9 }
  tasks:
    - name: Write it
      copy: { dest: OUT/written, content: "{{text}} {{api_token}}" }
      when: [wanted, 'facts.os.id != "none"']
    - name: Write two
      copy: { dest: "OUT/{{item}}", content: x }
      loop: [one, two]
      when: item != "two"
    - command: 'true'
      register: said
    - name: Use it
      copy: { dest: OUT/used, content: "{{said.stdout}}" }
      when: said.rc == 0
    - name: Say it
      debug: { msg: hi }
    - name: Fail
      fail: { msg: on purpose }
    - name: Never
      debug: { msg: never }
  handlers:
    - name: Restart
      debug: { msg: restarted }
- hosts: other
  tasks:
    - name: Elsewhere
      debug: { msg: x }
`

async function explainTask(...words: readonly string[]) {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'site.yml'), tasks.replaceAll('OUT', folder))
  writeFileSync(join(folder, 'hosts.ini'), 'local connection=local text=hello\nother connection=local\n')
  const line = ['explain', 'task', ...words, join(folder, 'site.yml'), '-i', join(folder, 'hosts.ini')]
  const { exitCode, output, errors } = await gpuplay(folder, [...line, '--host', 'local'])
  assert.deepEqual(
    readdirSync(folder).filter((name) => /^(written|one|two|used)$/.test(name)),
    [],
  )
  return { exitCode, text: `${output}${errors}`.replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER') }
}

test('explain task shows the conditions, arguments, reads and changes of a task, and changes nothing', async () => {
  const { exitCode, text } = await explainTask('Write it')
  assert.equal(exitCode, 0, text)
  assert.equal(
    text,
    `Write it on local
  module     copy
  place      site.yml:4:7
  id         ["site.yml","local","","site.yml","Write it",0]
  conditions
    true  wanted                 site.yml:6:14
    true  facts.os.id != "none"  site.yml:6:22
  arguments
    dest: written
    content: hello (secret)
    remote_src: false
    force: true
    backup: false
  reads
    local file:FOLDER
    local file:written
  result
    would change:
      write written with mode 0600, because it holds a secret
`,
  )
})

test('explain task shows each item of a loop', async () => {
  const { text } = await explainTask('Write two')
  assert.match(
    text,
    /^Write two \(one\) on local\n[^]*would change:\n {6}write one\n\nWrite two \(two\) on local\n/,
  )
  assert.match(
    text,
    /false +item != "two"[^]*arguments\n {4}not evaluated[^]*would be skipped: item != "two"\n$/,
  )
})

test('explain task says what only a run can know', async () => {
  const { text } = await explainTask('Use it')
  assert.match(text, /conditions\n {4}unknown: .* said\.rc == 0 +site\.yml/)
  assert.match(text, /content: "\(unknown: .*\)"\n/)
  assert.match(text, /result\n {4}may run: /)
  assert.match((await explainTask('Say it')).text, /result\n {4}nothing to change\n {4}hi\n$/)
})

test('explain task finds a task by its ID, and says why a task would not run', async () => {
  const byId = await explainTask('["site.yml","local","","site.yml","Fail",0]')
  assert.match(byId.text, /^Fail on local\n[^]*result\n {4}would fail: on purpose\n$/)
  const never = await explainTask('Never')
  assert.equal(never.text, 'Never would not run on local: "Fail" would fail: on purpose\n')
  assert.equal(never.exitCode, 0)
})

test('a task that the playbook or the host does not have is an error', async () => {
  assert.match((await explainTask('Writ it')).text, /no task "Writ it"\n {2}help: did you mean "Write it"\?/)
  assert.match((await explainTask('Elsewhere')).text, /no play with the task "Elsewhere" runs on local\n/)
  const folder = scratchFolder()
  const { errors, exitCode } = await gpuplay(folder, ['explain', 'task', 'x', '--host', 'a', '-i', 'a,'])
  assert.match(errors, /no playbook was given\n {2}help: name the playbook of the task/)
  assert.equal(exitCode, 2)
})
