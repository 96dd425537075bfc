/** `env` and `file` in a run: where files are found, and that a dry run and a run agree. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { type Folder, localFolder, testWorld } from './testing/local-run.ts'

describe('functions that read from the machine that gpuplay runs on', () => {
  let folder: Folder
  before(() => {
    folder = localFolder()
    folder.write('roles/web/files/motd', 'of the role\n')
    folder.write('roles/web/tasks/main.yml', '- debug: { msg: !cel \'trim(file("motd"))\' }\n')
    folder.write('motd', 'of the play\n')
    folder.write('key.pub', 'AAAA\n')
    folder.write('vault.yml', 'hunter2-file\n')
    folder.write('group_vars/all.yml', 'greeting: "{{trim (file \'motd\')}}"\n')
  })
  after(() => folder.remove())

  const world = (environment: Readonly<Record<string, string>>) => ({
    world: { ...testWorld(folder.path), environment },
  })

  test('a file is looked for in files/ of the role, then next to the playbook', async () => {
    const text = `
- hosts: localhost
  roles: [web]
  tasks:
    - debug: { msg: "{{file 'motd'}}" }
    - debug: { msg: "{{greeting}} {{trim (file 'key.pub')}}" }
`
    const run = await folder.run(text)
    assert.deepEqual(run.messages, ['of the role', 'of the play\n', 'of the play AAAA'])
    const dry = await folder.run(text, { check: true })
    assert.deepEqual(dry.messages, run.messages)
  })

  test('the environment is that of gpuplay, also for the connection and for names of plays', async () => {
    const run = await folder.run(
      '- name: Play in {{env "SITE"}}\n  hosts: one\n  tasks:\n    - debug: { msg: "{{env \'SITE\'}}" }\n',
      { inventories: [folder.write('hosts.yml', 'all: {hosts: {one: {connection: "{{env \'HOW\'}}"}}}\n')] },
      world({ SITE: 'east', HOW: 'local' }),
    )
    assert.deepEqual(run.messages, ['east'])
    assert.deepEqual(
      run.events.flatMap((event) => (event.type === 'play.started' ? [event.play] : [])),
      ['Play in east'],
    )
    const inventories = [folder.write('hosts.yml', 'all: {hosts: {one: {connection: "{{env \'HOW\'}}"}}}\n')]
    await assert.rejects(
      folder.run('- hosts: one\n  tasks: []\n', { inventories }),
      (error: unknown) =>
        error instanceof InputError &&
        error.problems[0]?.message === 'the environment of gpuplay has no variable "HOW"',
    )
  })

  test('a missing file fails the task at its place, with the folders that were searched', async () => {
    const run = await folder.run(
      '- hosts: localhost\n  tasks:\n    - debug: { msg: "{{file \'nothing\'}}" }\n',
    )
    const problem = run.events.flatMap((event) =>
      event.type === 'task.finished' && event.detail.problem !== undefined ? [event.detail.problem] : [],
    )[0]
    assert.equal(problem?.message, 'there is no file "nothing"')
    assert.equal(problem.where?.line, 3)
    assert.equal(problem.hint, `looked for ${folder.path}/files/nothing, ${folder.path}/nothing`)
  })

  test('the tasks that docs/playbooks.md shows are valid, and their values are right', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/playbooks.md'), 'utf8')
    const [, tasks = ''] = /^## Functions$.*?```yaml\n(.*?)```/ms.exec(page) ?? []
    folder.write('admin.pub', 'ssh-ed25519 AAAA\n')
    const run = await folder.run(
      `- hosts: localhost
  vars:
    driver: 580.95.05
    disks: [{ name: sda, size: 1 }, { name: sdb, size: 2 }]
    defaults: { a: { b: 1 } }
    overrides: { a: { c: 2 } }
  tasks:
${tasks.replaceAll(/^(?=.)/gm, '    ').replaceAll('user: root', `user: ${userInfo().username}`)}`,
      { check: true },
    )
    assert.equal(run.exitCode, 0)
    assert.deepEqual(run.messages, ['580', JSON.stringify({ a: { b: 1, c: 2 } }, undefined, 2)])
    const added = run.events.flatMap((event) =>
      event.type === 'task.finished' ? (event.detail.diffs ?? []).flatMap(({ after }) => after ?? []) : [],
    )
    assert.match(added[0] ?? '', /^\[\n {2}\{\n {4}"name": "sdb"/)
    assert.match(added[1] ?? '', /^ssh-ed25519 AAAA\n$/m)
  })

  test('a secret of the environment or of a file is hidden, and so is what is made from it', async () => {
    const digest = '{{sha256 (env "DB_PASSWORD")}}'
    const dest = `${folder.path}/out`
    const run = await folder.run(
      `- hosts: localhost
  tasks:
    - copy: { dest: ${dest}, content: '{{env "DB_PASSWORD"}} {{trim (file "vault.yml")}} ${digest}' }
    - debug: { msg: '${digest}' }
`,
      {},
      world({ DB_PASSWORD: 'hunter2-env' }),
    )
    const sha256 = createHash('sha256').update('hunter2-env').digest('hex')
    assert.equal(readFileSync(dest, 'utf8'), `hunter2-env hunter2-file ${sha256}`)
    assert.equal(statSync(dest).mode & 0o777, 0o600)
    const shown = JSON.stringify(run.events)
    for (const text of ['hunter2', sha256]) assert.ok(!shown.includes(text), text)
  })
})
