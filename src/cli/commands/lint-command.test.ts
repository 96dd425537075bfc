import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { adviceCodes } from '../../language/lint-codes.ts'
import { gpuplay } from '../testing/command-line.ts'
import { folderWith } from '../testing/folder-with.ts'

const repository = join(import.meta.dirname, '../../..')

/** The advice on one line each: `FILE:LINE CODE`. */
async function adviceIn(folder: string, ...words: readonly string[]): Promise<readonly string[]> {
  const { output, errors } = await gpuplay(folder, ['lint', '.', ...words])
  assert.equal(errors, '')
  return [...output.matchAll(/^(\S+?):(\d+):\d+: advice\[([\w-]+)\]:/gm)].map(
    ([, file, line, code]) => `${file}:${line} ${code}`,
  )
}

/** A playbook that gives each kind of advice once. */
const everything = {
  'site.yml': `- hosts: all
  vars:
    unread_one: 1
    read_one: 2
  roles: [web, { role: plain }]
  tasks:
    - debug: { msg: "{{ read_one }}" }
    - name: Make a folder
      command: mkdir -p /srv/data
    - name: Check the data
      command: /opt/check /srv/data
    - name: Install
      apt: { name: nginx, state: latest }
    - name: Share
      file: { path: /srv/data, state: directory, mode: '0777' }
    - name: Look
      shell: { cmd: /opt/look at it, reads: true }
  handlers:
    - name: Restart it
      debug: { msg: x }
`,
  'roles/web/defaults/main.yml': 'web_port: 80\nweb_extra: 1\n',
  'roles/web/meta/arguments.yml': 'type: object\nproperties: { web_port: { type: integer } }\n',
  'roles/web/tasks/main.yml': `- name: Write
  copy: { dest: /tmp/x, content: '{{ web_port }} {{ web_extra }}' }
`,
  'roles/plain/defaults/main.yml': 'plain_text: x\n',
  'roles/plain/tasks/main.yml': "- name: Say\n  debug: { msg: '{{ plain_text }}' }\n",
}

const all = [
  'site.yml:1 unnamed-play',
  'site.yml:3 variable-not-read',
  'site.yml:7 unnamed-task',
  'site.yml:9 command-with-module',
  'site.yml:11 always-changed',
  'site.yml:13 unpinned-version',
  'site.yml:15 writable-by-all',
  'site.yml:17 shell-not-needed',
  'site.yml:19 handler-not-notified',
  'roles/web/defaults/main.yml:2 undeclared-role-variable',
  'roles/plain/defaults/main.yml:1 role-without-arguments',
]

describe('gpuplay lint', () => {
  const folder = folderWith(everything)

  test('gives each kind of advice at its place, and exits with 8', async () => {
    assert.deepEqual([...(await adviceIn(folder))].sort(), [...all].sort())
    assert.deepEqual(new Set(all.map((line) => line.split(' ')[1])), new Set(adviceCodes))
    const { exitCode, output } = await gpuplay(folder, ['lint', '.'])
    assert.equal(exitCode, 8)
    assert.match(output, /\n0 mistakes, 11 pieces of advice; checked 1 playbook and 2 roles\n$/)
    assert.match(
      output,
      /site\.yml:9:7: advice\[command-with-module\]: the module "file" does what this "mkdir" does, and predicts its changes\n[^]*?help: see "gpuplay modules file"; for a program that changes nothing write "reads: true"\n/,
    )
  })

  for (const code of adviceCodes) {
    test(`${code} can be switched off on the command line, in gpuplay.yml and in the file`, async () => {
      const others = all.filter((line) => !line.endsWith(` ${code}`))
      assert.equal(others.length, all.length - 1)
      assert.deepEqual([...(await adviceIn(folder, '--skip', code))].sort(), [...others].sort())
      const configured = folderWith({ ...everything, 'gpuplay.yml': `lint_skip: [${code}]\n` })
      assert.deepEqual([...(await adviceIn(configured))].sort(), [...others].sort())
      const [place = ''] = all.filter((line) => line.endsWith(` ${code}`))
      const [file = '', line = ''] = place.split(' ')[0]?.split(':') ?? []
      const texts = Object.entries(everything).map(([name, text]): [string, string] => {
        const lines = text.split('\n')
        if (name === file) lines[Number(line) - 1] += ` # lint: skip ${code}`
        return [name, lines.join('\n')]
      })
      const commented = folderWith(Object.fromEntries(texts))
      assert.deepEqual([...(await adviceIn(commented))].sort(), [...others].sort())
    })
  }

  test('a comment on a line of its own counts for the next line, one behind something does not', async () => {
    const commented = folderWith({
      'site.yml': `- name: Play
  hosts: all
  tasks:
    # lint: skip unnamed-task, command-with-module
    - command: touch /tmp/a
    - name: Second # lint: skip command-with-module
      command: touch /tmp/b
    - name: Third
      command: touch /tmp/c
`,
    })
    assert.deepEqual(await adviceIn(commented), [
      'site.yml:7 command-with-module',
      'site.yml:9 command-with-module',
    ])
  })

  test('a code that no advice has is a mistake', async () => {
    const { exitCode, errors } = await gpuplay(folder, ['lint', '.', '--skip', 'unnamed-taks'])
    assert.match(
      errors,
      /^error: there is no advice with the code "unnamed-taks"\n {2}help: did you mean "unnamed-task"/,
    )
    assert.equal(exitCode, 2)
  })

  test('reports the mistakes of all files, and exits with 2', async () => {
    const broken = folderWith({
      'one.yml': '- name: One\n  hosts: all\n  tasks: [{ name: Copy, cpoy: {} }]\n',
      'playbooks/two.yml': '- name: Two\n  hosts: all\n  tasks: [{ name: Say, debug: { mgs: x } }]\n',
      'roles/web/tasks/main.yml': '- name: Say\n  debug: { msg: x }\n  notify: Nobody\n',
      'hosts.yml': 'all: { hosts: { a: {} } }\n',
      'broken.yml': '- [\n',
    })
    const { exitCode, output } = await gpuplay(broken, ['lint', '.'])
    assert.equal(exitCode, 2)
    for (const place of ['one.yml:3', 'playbooks/two.yml:3', 'roles/web/tasks/main.yml:3', 'broken.yml:'])
      assert.ok(output.includes(place), `${place}: ${output}`)
    assert.match(output, /\n4 mistakes, 0 pieces of advice; checked 2 playbooks and 1 role\n$/)
  })

  test('undefined variables are mistakes only with the inventory, whose unread variables are advice', async () => {
    const own = folderWith({
      'site.yml':
        '- name: Play\n  hosts: all\n  tasks: [{ name: Say, debug: { msg: "{{ word }} {{ other }}" } }]\n',
      'hosts.yml': 'all: { hosts: { a: { word: x, unread: y, port: 22, ansible_whatever: 1 } } }\n',
    })
    const without = await gpuplay(own, ['lint', 'site.yml'])
    assert.deepEqual(
      [without.exitCode, without.output],
      [0, 'nothing found; checked 1 playbook and 0 roles\n'],
    )
    const { exitCode, output } = await gpuplay(own, ['lint', 'site.yml', '-i', join(own, 'hosts.yml')])
    assert.equal(exitCode, 2)
    assert.match(output, /error: "other" is not defined/)
    assert.match(output, /hosts\.yml:1:31: advice\[variable-not-read\]: nothing reads the variable "unread"/)
    assert.match(output, /\n1 mistake, 1 piece of advice;/)
  })

  test('a role is advised to declare the variables that it reads, whether or not an inventory sets them', async () => {
    const own = folderWith({
      'hosts.yml': 'all: { hosts: { a: { web_user: x } } }\n',
      'roles/web/meta/arguments.yml': 'type: object\nproperties: { web_port: { type: integer } }\n',
      'roles/web/tasks/main.yml': `- name: Say
  debug: { msg: '{{ web_port }} {{ web_user }} {{ inventory_hostname }} {{ port }}' }
- name: Say it again
  debug: { msg: '{{ web_prot }}' }
`,
    })
    for (const options of [[], ['-i', join(own, 'hosts.yml')]]) {
      const { output, exitCode } = await gpuplay(own, ['lint', 'roles/web', ...options])
      assert.deepEqual(
        [...output.matchAll(/^(\S+): advice\[undeclared-role-variable\]: (.*)$/gm)].map(
          ([, ...parts]) => parts,
        ),
        [
          ['roles/web/tasks/main.yml:2:36', '"web_user" is not defined in the role "web"'],
          ['roles/web/tasks/main.yml:4:21', '"web_prot" is not defined in the role "web"'],
        ],
      )
      assert.match(output, /help: describe it in meta\/arguments\.yml of the role, and give it a default/)
      assert.match(output, /help: did you mean "web_port"\?/)
      assert.equal(exitCode, 8)
    }
  })

  test('a path that does not exist, or contains nothing, is a mistake', async () => {
    const { exitCode, output } = await gpuplay(folder, ['lint', 'none.yml', 'roles/web/meta'])
    assert.equal(exitCode, 2)
    assert.match(output, /error: there is no file "none\.yml"/)
    assert.match(output, /error: "roles\/web\/meta" contains no playbooks and no roles/)
  })

  test('a variable counts as read in a template whose name is computed, and a handler in another play', async () => {
    const own = folderWith({
      'roles/web/defaults/main.yml': 'web_port: 80\nweb_file: a\n',
      'roles/web/meta/arguments.yml':
        'type: object\nproperties: { web_port: { type: integer }, web_file: { type: string } }\n',
      'roles/web/tasks/main.yml':
        "- name: Write\n  template: { src: '{{ web_file }}.hbs', dest: /tmp/x }\n- name: Other\n  debug: { msg: x }\n  notify: Again\n  when: false\n",
      'roles/web/handlers/main.yml': '- name: Again\n  debug: { msg: x }\n',
      'roles/web/templates/a.hbs': '{{ web_port }}\n',
    })
    assert.deepEqual(await adviceIn(own), [])
  })

  test('advises a module only for a program that changes something and runs alone', async () => {
    const commands = [
      ['apt-get install -y nginx', 'apt'],
      ['apt-cache policy nginx', ''],
      ['sudo systemctl --now enable nginx', 'service'],
      ['systemctl is-active nginx', ''],
      ['sysctl -w vm.swappiness=1', 'sysctl'],
      ['modprobe nvidia', 'kernel_module'],
      ['curl -fsSLO https://example.com/x', 'get_url'],
      ['curl -fsS https://example.com/x', ''],
      ['chmod 0600 /etc/x', 'file'],
      ['cp /a /b', 'copy'],
      ['sed -i s/a/b/ /etc/x', 'replace'],
      ['reboot', 'reboot'],
      ['usermod -aG video ann', 'user'],
      ['groupadd render', 'group'],
      ['pct set 101 -memory 512', 'pve_container_config'],
      ['rm /a | cat', ''],
      ['nvidia-smi -pm 1', ''],
    ] as const
    const own = folderWith({
      'site.yml': `- name: Play\n  hosts: all\n  tasks:\n${commands
        .map(([command], index) => `    - { name: Task ${index}, shell: ${JSON.stringify(command)} }\n`)
        .join('')}`,
    })
    const { output } = await gpuplay(own, ['lint', 'site.yml'])
    const found = [
      ...output.matchAll(/^site\.yml:(\d+):\d+: advice\[command-with-module\]: the module "(\w+)"/gm),
    ]
    assert.deepEqual(
      found.map(([, line, module]) => [commands[Number(line) - 4]?.[0], module]),
      commands.filter(([, module]) => module !== ''),
    )
  })

  test('finds nothing in the roles and playbooks of gpuplay', async () => {
    const { output, exitCode } = await gpuplay(repository, ['lint', 'playbooks', 'roles'])
    assert.equal(exitCode, 0, output)
    assert.match(output, /^nothing found; checked [1-9]\d* playbooks and \d\d roles\n$/)
  })

  test('the page of the command line explains every code', () => {
    const page = readFileSync(join(repository, 'docs/command-line.md'), 'utf8')
    assert.deepEqual(
      [...page.matchAll(/^\| `([a-z][a-z-]+)` +\| [A-Z]/gm)].map(([, code]) => code),
      adviceCodes,
    )
  })
})
