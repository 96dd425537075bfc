/** Roles that need others, in a run on this machine. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { folderOfTests } from './testing/local-run.ts'

describe('roles that need others', () => {
  const folder = folderOfTests()
  const role = (name: string, file: string, text: string): string =>
    folder.write(`roles/${name}/${file}/main.yml`, text)
  role('common', 'defaults', 'level: low\ndoor: 80\n')
  role('common', 'vars', 'unit: common.service\n')
  role('common', 'tasks', '- name: common\n  debug: { msg: "{{level}} {{door}} {{role_name}}" }\n')
  role('web', 'meta', 'dependencies:\n  - { role: common, level: high }\n')
  role('web', 'defaults', 'door: 81\n')
  role('web', 'tasks', '- name: web\n  debug: { msg: "{{unit}} {{door}} {{level}}" }\n')
  role('api', 'meta', 'dependencies: [{ role: common, level: high }]\n')
  role('api', 'tasks', '- name: api\n  debug: { msg: "{{door}}" }\n')

  test('see the variables of each other; parameters go down, defaults of the role itself come first', async () => {
    const run = await folder.run('- hosts: all\n  roles: [{ role: web, door: 82 }]\n')
    assert.deepEqual(run.messages, ['high 82 common', 'common.service 82 low'])
  })

  test('share a role that needs the same variables, unless tags leave its first use out', async () => {
    const playbook = '- hosts: all\n  roles: [{ role: web, tags: w }, { role: api, tags: a }]\n'
    const messages = async (...tags: string[]) =>
      (await folder.run(playbook, { tags: { tags, skipTags: [] } })).messages
    assert.deepEqual(await messages(), ['high 80 common', 'common.service 81 low', '80'])
    assert.deepEqual(await messages('a'), ['high 80 common', '80'])
  })
})
