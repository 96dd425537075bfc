/** Playbooks in memory, with a role to use. */
import assert from 'node:assert/strict'
import type { LoadOptions } from '../loader.ts'
import type { Play } from '../model.ts'
import { readPlaybook } from '../playbook.ts'
import { memoryFiles } from './memory-files.ts'
import { testModules } from './test-modules.ts'
import { report } from './report.ts'

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

/** `/p/site.yml` and other files. */
export function loadContents(contents: Contents, options: Partial<LoadOptions> = {}) {
  const files = memoryFiles({ ...roleFiles, ...contents })
  return readPlaybook('/p/site.yml', { modules: testModules, files, ...options })
}

/** Mistakes in the tasks of a play over all hosts, a line each. */
export function mistakesIn(tasks: string, options: Partial<LoadOptions> = {}): readonly string[] {
  const indented = tasks.replaceAll(/^(?=.)/gm, '    ')
  return report(loadContents({ '/p/site.yml': `- hosts: all\n  tasks:\n${indented}` }, options).problems)
}

export function playsOf(contents: Contents, options: Partial<LoadOptions> = {}): readonly Play[] {
  const { playbook, problems } = loadContents(contents, options)
  assert.deepEqual(report(problems), [])
  return playbook?.plays ?? []
}
