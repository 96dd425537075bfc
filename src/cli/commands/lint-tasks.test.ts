/** Advice about single tasks: what deserves it, and what does not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gpuplay } from '../testing/command-line.ts'
import { folderWith } from '../testing/folder-with.ts'

const head = '- name: Play\n  hosts: all\n  tasks:\n'

/** Each task on one line. Returns those that get this advice. */
async function advised(code: string, tasks: readonly string[]): Promise<readonly string[]> {
  const lines = tasks.map((task) => `    - { name: Some task, ${task} }\n`)
  const folder = folderWith({ 'site.yml': head + lines.join('') })
  const { output, errors } = await gpuplay(folder, ['lint', 'site.yml'])
  assert.equal(errors, '')
  assert.doesNotMatch(output, / error: /)
  const found = output.matchAll(new RegExp(`^site\\.yml:(\\d+):\\d+: advice\\[${code}\\]`, 'gm'))
  return [...found].map(([, line]) => tasks[Number(line) - 4] ?? '')
}

async function check(code: string, wrong: readonly string[], right: readonly string[]): Promise<void> {
  assert.deepEqual(await advised(code, [...wrong, ...right]), wrong)
}

describe('gpuplay lint', () => {
  test('always-changed: a program that no argument or condition holds back', async () => {
    await check(
      'always-changed',
      [
        'command: /opt/setup',
        'shell: "/opt/setup | cat"',
        'command: { cmd: /opt/setup, reads: false }',
        'command: /opt/setup, when: "facts.os.id == \'debian\'"',
        'command: /opt/look, register: looked',
      ],
      [
        'command: { cmd: /opt/setup, creates: /opt/done }',
        'shell: { cmd: "/opt/clean | cat", removes: /opt/done }',
        'command: { cmd: /opt/look, reads: true }',
        'command: /opt/setup, changed_when: false',
        'command: /opt/setup, when: looked.rc != 0',
        'command: mkdir /srv/a',
        'debug: { msg: x }',
      ],
    )
  })

  test('always-changed: scripts too, but no handlers and no rescue', async () => {
    const folder = folderWith({
      'files/setup.sh': '#!/bin/sh\n',
      'site.yml': `${head}    - name: Install
      block:
        - name: Prepare
          script: setup.sh
          notify: Restart
      rescue:
        - name: Repair
          command: /opt/repair
  handlers:
    - name: Restart
      command: /opt/restart
`,
    })
    const { output } = await gpuplay(folder, ['lint', 'site.yml'])
    assert.deepEqual(
      [...output.matchAll(/^site\.yml:(\d+):\d+: advice\[([a-z-]+)\]: (.*)$/gm)].map(([, ...parts]) => parts),
      [['7', 'always-changed', 'this "script" counts as a change in every run']],
    )
    assert.match(output, /^ {2}help: write "creates" or "removes" with a path, or "changed_when"$/m)
  })

  test('shell-not-needed: a command line without anything for a shell', async () => {
    const line = (text: string): string => `shell: { cmd: '${text}', reads: true }`
    await check(
      'shell-not-needed',
      [line('nvidia-smi -L'), line('/opt/look --at="a b"'), line('/opt/look {{inventory_hostname}}')],
      [
        'a | b',
        'a > b',
        'a && b',
        'ls *',
        'echo $HOME',
        'LANG=C ls',
        'cd /x',
        '{{inventory_hostname}} x',
        'ls ~',
        'ls [ab]',
        'ls a?',
        'a; b',
        'a # b',
        '[ -e a ]',
        '! ls',
        'if a',
        'umask 077',
      ]
        .map(line)
        .concat(
          "shell: { cmd: 'nvidia-smi -L', executable: /bin/bash, reads: true }",
          'shell: mkdir /srv/a',
          "command: { cmd: 'nvidia-smi -L', reads: true }",
        ),
    )
  })

  test('unpinned-version: packages and repositories that follow others', async () => {
    const repo = 'repo: https://example.com/x.git, dest: /srv/x'
    await check(
      'unpinned-version',
      ['apt: { name: nginx, state: latest }', `git: { ${repo} }`],
      [
        'apt: { name: nginx }',
        'apt: { name: nginx=1.22, state: present }',
        `git: { ${repo}, version: v1.2 }`,
        `git: { ${repo}, update: false }`,
      ],
    )
  })

  test('writable-by-all: modes with which everybody can write', async () => {
    const file = (mode: string): string => `file: { path: /srv/a, state: directory, mode: '${mode}' }`
    await check(
      'writable-by-all',
      [file('0777'), file('666'), file('a+w'), file('o=rw'), "copy: { content: x, dest: /x, mode: '0666' }"],
      [file('0775'), file('1777'), file('u+w'), file('o-w'), 'file: { path: /srv/a, state: directory }'],
    )
    const folder = folderWith({ 'site.yml': `${head}    - { name: Share, ${file('0777')} }\n` })
    const { output } = await gpuplay(folder, ['lint', 'site.yml'])
    assert.match(
      output,
      /^site\.yml:4:\d+: advice\[writable-by-all\]: mode "0777" lets every user of the host write here\n[^]*?\n {2}help: remove the right of others to write: "0775"\n/,
    )
  })
})
