import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContents } from '../language/testing/playbooks.ts'
import { report } from '../language/testing/report.ts'
import { misplacedVariables } from './ansible-variables.ts'

test("Ansible's connection variables in playbooks and roles are refused, because they would have no effect there", () => {
  const { playbook } = loadContents({
    '/p/site.yml': `- hosts: all
  vars: { ansible_user: root, port: 8080, ansible_python_interpreter: python3 }
  roles:
    - { role: web, user_name: x, ansible_become_flags: -H }
  tasks:
    - debug: { msg: x }
      vars: { ansible_connection: local }
  handlers:
    - name: it
      debug: { msg: x }
      vars: { ansible_group_priority: 1 }
`,
  })
  assert.deepEqual(report(misplacedVariables(playbook === undefined ? [] : [playbook])).toSorted(), [
    'site.yml:11:15 misplaced-variable: "ansible_group_priority" has no effect in a playbook or role (set it under "vars" of a group in the inventory)',
    'site.yml:2:11 misplaced-variable: "ansible_user" has no effect in a playbook or role (set it in the inventory, or on the command line with -e)',
    'site.yml:4:34 unsupported-variable: gpuplay does not support the Ansible variable "ansible_become_flags" (remove it; gpuplay calls sudo with fixed options)',
    'site.yml:7:15 misplaced-variable: "ansible_connection" has no effect in a playbook or role (set it in the inventory, or on the command line with -e)',
  ])
})
