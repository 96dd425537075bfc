import assert from 'node:assert/strict'
import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gpuplay } from '../testing/command-line.ts'
import { folderWith } from '../testing/folder-with.ts'

const head = '# A comment\n- name: Play\n  hosts: all\n  tasks:\n'

/** Returns the tasks of a playbook after `--fix`, and what was printed. */
async function fixed(tasks: string): Promise<{ readonly tasks: string; readonly output: string }> {
  const folder = folderWith({ 'site.yml': head + tasks })
  const { output, errors } = await gpuplay(folder, ['lint', 'site.yml', '--fix'])
  assert.equal(errors, '')
  const text = readFileSync(join(folder, 'site.yml'), 'utf8')
  assert.ok(text.startsWith(head))
  return { tasks: text.slice(head.length), output }
}

/** One task before and after. */
const cures: readonly (readonly [what: string, before: string, after: string])[] = [
  [
    'the operators of a condition',
    'debug: { msg: x } # why\n      when: inventory_hostname == "a" and  not check_mode   # keep\n',
    'debug: { msg: x } # why\n      when: inventory_hostname == "a" && !check_mode   # keep\n',
  ],
  [
    'a condition that needs quotes afterwards',
    'debug: { msg: x }\n      when: not check_mode\n',
    "debug: { msg: x }\n      when: '!check_mode'\n",
  ],
  [
    'the braces of a condition',
    'debug: { msg: x }\n      when: "{{ check_mode }}"\n',
    'debug: { msg: x }\n      when: "check_mode"\n',
  ],
  [
    'each condition of a list',
    'debug: { msg: x }\n      when:\n        - a is defined\n        # between\n        - b is not defined\n',
    "debug: { msg: x }\n      when:\n        - defined(a)\n        # between\n        - '!defined(b)'\n",
  ],
  [
    'two placeholders of a text',
    'debug: { msg: "{{ a | lower }} and {{ a | upper }}" }\n',
    'debug: { msg: "{{lower a}} and {{upper a}}" }\n',
  ],
  [
    'quotes in quotes',
    `debug: { msg: "a {{ b | default('x') }}" }\n`,
    `debug: { msg: 'a {{default b "x"}}' }\n`,
  ],
  [
    'a placeholder in a block of text',
    'debug:\n        msg: |\n          one {{ a | lower }}\n          two\n',
    'debug:\n        msg: |\n          one {{lower a}}\n          two\n',
  ],
  [
    'a value that becomes an expression',
    'debug:\n        msg: "{{ 1 if check_mode else 2 }}" # keep\n',
    "debug:\n        msg: !cel 'check_mode ? 1 : 2' # keep\n",
  ],
  [
    'yes and no',
    'service: { name: x, enabled: yes, state: started }\n      become: no\n',
    'service: { name: x, enabled: true, state: started }\n      become: false\n',
  ],
  [
    'a boolean in quotes',
    'service: { name: x, enabled: "True", state: started }\n',
    'service: { name: x, enabled: true, state: started }\n',
  ],
  [
    'with_items with plain items',
    'debug: { msg: "{{item}}" }\n      with_items:\n        - a # one\n        - { b: 1 }\n',
    'debug: { msg: "{{item}}" }\n      loop:\n        - a # one\n        - { b: 1 }\n',
  ],
  [
    'with_list with any list',
    'debug: { msg: "{{item}}" }\n      with_list: "{{ [1] }}"\n'.replace('{{ [1] }}', '{{a}}'),
    'debug: { msg: "{{item}}" }\n      loop: "{{a}}"\n',
  ],
  [
    'a module, an argument and a boolean of one task',
    "ansible.builtin.systemd: { 'service': x, enabled: yes }\n",
    "service: { 'name': x, enabled: true }\n",
  ],
  [
    'a mistake that the first fix uncovers on another line',
    'systemd:\n        name: x\n        enabled: yes # keep\n',
    'service:\n        name: x\n        enabled: true # keep\n',
  ],
]

describe('gpuplay lint --fix', () => {
  for (const [what, before, after] of cures) {
    test(`changes ${what}, and nothing around it`, async () => {
      const start = '    - name: Task\n      '
      const { tasks, output } = await fixed(start + before)
      assert.equal(tasks, start + after, output)
      assert.match(output, /^fixed [1-9]\d* mistakes? in 1 file; nothing found; checked 1 playbook/)
    })
  }

  /** Tasks whose mistake needs a decision. */
  const decisions: readonly string[] = [
    'debug: { msg: "{{item}}" }\n      with_items: "{{a}}"\n',
    'debug: { msg: "{{item}}" }\n      with_items: [[1], [2]]\n',
    'debug: { msg: "{{item}}" }\n      with_items: ["{{a}}"]\n',
    'debug: { msg: "{{item}}" }\n      with_dict: { a: 1 }\n',
    'debug: { mgs: x }\n',
    'command: ls\n      when: a | some_filter\n',
    // With the other name, the argument is unknown.
    'systemd: { name: x, state: started, dameon_reload: true }\n',
  ]
  for (const task of decisions) {
    test(`leaves ${JSON.stringify(task)} alone`, async () => {
      const before = `    - name: Task\n      ${task}`
      const { tasks, output } = await fixed(before)
      assert.equal(tasks, before)
      assert.match(output, /\nfixed 0 mistakes in 0 files; [1-9]\d* mistakes?,/)
    })
  }

  test('fixes one line, and leaves the fix that leads to a new mistake', async () => {
    const { tasks, output } = await fixed(
      '    - name: One\n      systemd: { name: x, state: started, wrong: 1 }\n    - name: Two\n      service: { name: x, enabled: yes }\n',
    )
    assert.match(tasks, /systemd: \{ name: x, state: started, wrong: 1 \}/)
    assert.match(tasks, /service: \{ name: x, enabled: true \}/)
    assert.match(output, /\nfixed 1 mistake in 1 file; 1 mistake,/)
  })

  test('fixes the files of roles and templates, and names of facts with an inventory', async () => {
    const folder = folderWith({
      'site.yml': '- name: Play\n  hosts: all\n  roles: [web]\n',
      'hosts.yml': 'all: { hosts: { a: {} } }\n',
      'roles/web/tasks/main.yml':
        '- name: Write\n  template: { src: a.conf.j2, dest: /tmp/a }\n  when: ansible_os_family == "Debian"\n',
      'roles/web/templates/a.conf.j2':
        'first {{ inventory_hostname | upper }}\r\nlast {{ inventory_hostname | lower }}\r\n',
    })
    const { output } = await gpuplay(folder, ['lint', '.', '-i', 'hosts.yml', '--fix'])
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
    assert.equal(
      read('roles/web/templates/a.conf.j2'),
      'first {{upper inventory_hostname}}\r\nlast {{lower inventory_hostname}}\r\n',
      output,
    )
    assert.match(read('roles/web/tasks/main.yml'), /\n {2}when: facts\.os_family == "Debian"\n/)
    assert.match(output, /^fixed 3 mistakes in 2 files; /m)
  })

  test('with --diff it prints the changes, and makes none', async () => {
    const text = `${head}    - name: Task\n      service: { name: x, enabled: yes }\n`
    const folder = folderWith({ 'site.yml': text })
    const { output } = await gpuplay(folder, ['lint', 'site.yml', '--fix', '--diff'])
    assert.equal(readFileSync(join(folder, 'site.yml'), 'utf8'), text)
    assert.match(output, /^--- site\.yml \(before\)/m)
    assert.match(
      output,
      /\n- {6}service: \{ name: x, enabled: yes \}\n\+ {6}service: \{ name: x, enabled: true \}/,
    )
    assert.match(output, /\nwould fix 1 mistake in 1 file; nothing found;/)
    const alone = await gpuplay(folder, ['lint', 'site.yml', '--diff'])
    assert.equal(alone.exitCode, 2)
    assert.match(alone.errors, /--diff needs --fix/)
  })

  test('keeps the permissions of a file, and a link to it', async () => {
    const folder = folderWith({
      'real/site.yml': `${head}    - name: Task\n      service: { name: x, enabled: yes }\n`,
    })
    chmodSync(join(folder, 'real/site.yml'), 0o640)
    symlinkSync('real/site.yml', join(folder, 'site.yml'))
    await gpuplay(folder, ['lint', 'site.yml', '--fix'])
    assert.ok(lstatSync(join(folder, 'site.yml')).isSymbolicLink())
    assert.equal(statSync(join(folder, 'real/site.yml')).mode & 0o777, 0o640)
    assert.match(readFileSync(join(folder, 'real/site.yml'), 'utf8'), /enabled: true/)
  })

  test('changes nothing in a file of roles outside the folders of the command line', async () => {
    const outside = folderWith({
      'web/tasks/main.yml': '- name: Task\n  service: { name: x, enabled: yes }\n',
    })
    const folder = folderWith({
      'site.yml': `- name: Play\n  hosts: all\n  roles: [${join(outside, 'web')}]\n`,
    })
    const { output } = await gpuplay(folder, ['lint', 'site.yml', '--fix'])
    assert.match(readFileSync(join(outside, 'web/tasks/main.yml'), 'utf8'), /enabled: yes/)
    assert.match(output, /\nfixed 0 mistakes in 0 files; 1 mistake,/)
  })
})
