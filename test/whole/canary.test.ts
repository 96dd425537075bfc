/**
 * Runs the commands and modules on this machine with secrets that contain a marker, in every view and with many kinds of
 * failures. Searches for the marker in the output, in every started program, in every remaining file, and in files that other
 * users can read during a run.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { modules } from '../../src/modules/catalogue.ts'
import { attempt } from '../lab/process.ts'
import { gpuplay, root } from './support/gpuplay.ts'

/** The marker in every secret. Secrets also contain quotes, blanks and other characters that programs escape. */
const song = `kAn${randomBytes(4).toString('hex')}Rie`
const secret = (name: string): string => `${name}'s "${song}" \\ $HOME 100% é`
/** The forms of the marker: plain, and in base64 at each of the three positions in a group. */
const forms = [0, 1, 2].map((offset) =>
  Buffer.from(`${'x'.repeat(offset)}${song}`)
    .toString('base64')
    .slice(offset === 0 ? 0 : offset + 1, -3),
)
const sings = new RegExp([song, song.toUpperCase(), song.toLowerCase(), ...forms].join('|'))

const whyNot = (): string | undefined => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux, for mounts'
  return existsSync('/usr/bin/strace') ? undefined : 'it needs strace, to see every program that is started'
}

describe('no secret is visible', { skip: whyNot() ?? false, timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-canary-'))
  const at = (name: string): string => join(folder, name)
  const door = createServer((request, response) => {
    const known = request.headers.authorization?.startsWith('Basic ') === true
    response.writeHead(known ? 200 : 401, { 'content-length': 4 }).end('tool')
  })
  let began = 0
  after(() => {
    door.closeAllConnections()
    door.close()
    rmSync(folder, { recursive: true, force: true })
  })

  before(async () => {
    await gpuplay(['--version'])
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    const address = door.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    mkdirSync(at('out'))
    mkdirSync(at('inputs/templates'), { recursive: true })
    writeFileSync(
      at('inputs/key.pem'),
      `-----BEGIN-----\n${'Ab1/'.repeat(6)}${song}${'Yz9+'.repeat(6)}\n-----END-----\n`,
      { mode: 0o600 },
    )
    writeFileSync(at('inputs/templates/app.hbs'), 'one: true\nkey: {{db_password}}\n{{upper db_password}}\n')
    writeFileSync(
      at('inputs/secrets.json'),
      JSON.stringify({ door: secret('door'), words: [secret('word')] }),
    )
    const vars = {
      db_password: secret('db'),
      become_password: secret('become'),
      database: { user: 'ann', password: secret('nested') },
      users: [{ name: 'bob', api_token: secret('user') }],
      out: at('out'),
      door_url: `http://127.0.0.1:${port}/tool`,
    }
    writeFileSync(at('inputs/vars.json'), JSON.stringify(vars))
    const gone = { address: '127.0.0.1', port: 1, user: 'ann', password: secret('ssh') }
    const hosts = { localhost: { connection: 'local' }, gone, private: { password: secret('inventory') } }
    writeFileSync(at('inputs/hosts.json'), JSON.stringify({ all: { hosts } }))
    writeFileSync(at('inputs/site.yml'), playbook)
    began = Date.now()
  })

  it('in the output of a run or a dry run, in any view', async () => {
    const run = ['run', at('inputs/site.yml'), '-v', '-v', '--diff', ...given()]
    for (const words of [
      [...run, '--check', '--output', 'plain'],
      [...run, '--output', 'plain'],
      [...run, '--output', 'jsonl'],
      [...run, '--output', 'jsonl', '--step-by-step'],
      [...run, '--check', '--output', 'jsonl', '--profile'],
    ]) {
      const { text, exitCode } = await watched(words)
      assert.notEqual(exitCode, 1, text)
      assert.match(text, /last word/, text)
    }
    const terminal = await watched([...run, '--output', 'auto'], true)
    assert.match(terminal.text, /gone/)
  })

  it('in the output of a command that prints hosts or files', async () => {
    const inventory = ['-i', at('inputs/hosts.json'), '-e', `@${at('inputs/vars.json')}`]
    for (const words of [
      ['inventory', ...inventory, '--list'],
      ['inventory', ...inventory, '--host', 'gone'],
      ['inventory', ...inventory, '--graph'],
      ['facts', 'localhost', ...inventory],
      ['facts', 'gone', ...inventory],
      ['exec', 'localhost', ...inventory, '--', 'cat', at('inputs/vars.json')],
      ['exec', 'localhost', ...inventory, '--shell', '--', `base64 -w 0 ${at('inputs/vars.json')}`],
      ['exec', 'gone', ...inventory, '--', 'true'],
      ['modules'],
      ['modules', 'get_url'],
    ]) {
      const { text, exitCode } = await watched(words)
      assert.notEqual(exitCode, 1, text)
    }
  })

  it('in a message about a mistake in a file that contains it', async () => {
    const mistakes: Readonly<Record<string, string>> = {
      'yaml.yml': `db_password: ${song}\nbroken: [\n`,
      'list.yml': `all: { hosts: { one: { become_password: ["${song}"] } } }\n`,
      'next.yml': `all:\n  hosts:\n    one:\n      become_password: "${song}"\n      port: wrong\n`,
      'ini.ini': `one ansible_password=${song} ansible_port=wrong\n`,
      'name.yml': `api_token: the ${song} here\n1wrong: 2\n`,
      'template.yml': `- hosts: all\n  vars:\n    db_password: "${song} {{ nowhere }}"\n  tasks: [debug: { msg: "{{ db_password }}" }]\n`,
      'argument.yml': `- hosts: all\n  tasks:\n    - get_url: { url: no, dest: /x, password: "${song}" }\n`,
    }
    writeFileSync(at('inputs/small.yml'), '- { hosts: all, tasks: [{ debug: { msg: x } }] }\n')
    for (const [name, text] of Object.entries(mistakes)) writeFileSync(at(`inputs/${name}`), text)
    for (const words of [
      ['run', at('inputs/small.yml'), '-i', 'localhost,', '-e', `@${at('inputs/yaml.yml')}`],
      ['run', at('inputs/small.yml'), '-i', at('inputs/list.yml')],
      ['run', at('inputs/small.yml'), '-i', at('inputs/next.yml')],
      ['run', at('inputs/small.yml'), '-i', at('inputs/ini.ini')],
      ['run', at('inputs/small.yml'), '-i', 'localhost,', '-e', `@${at('inputs/name.yml')}`],
      ['run', at('inputs/template.yml'), '-i', 'localhost,'],
      ['run', at('inputs/argument.yml'), '-i', 'localhost,'],
    ]) {
      const { text, exitCode } = await watched(words)
      assert.equal(exitCode, 2, text)
    }
  })

  it('in a remaining file, except those that tasks wrote it to', async () => {
    const kept = files(folder).filter(
      (path) => !path.startsWith(at('inputs')) && sings.test(readFileSync(path, 'latin1')),
    )
    const names = new Set(kept.map((path) => path.slice(at('out').length + 1)))
    assert.deepEqual([...names].sort(), ['app', 'key', 'line', 'written'])
    for (const path of kept) assert.equal(statSync(path).mode & 0o077, 0, path)
    const { stdout } = await attempt([
      'sh',
      '-c',
      `find /tmp /var/tmp /run /etc /root /var/log -xdev -type f -size -1000k -newermt @${Math.floor(began / 1000)} ! -path '${folder}/*' -print0 2>/dev/null | xargs -0 -r grep -laF -e ${song} 2>/dev/null`,
    ])
    assert.equal(stdout.replaceAll(/^.*canary.*$\n?/gm, ''), '')
  })

  function given(): readonly string[] {
    const vars = ['vars.json', 'secrets.json'].flatMap((name) => ['-e', `@${at(`inputs/${name}`)}`])
    return ['-i', at('inputs/hosts.json'), ...vars]
  }

  let count = 0
  /** Runs a command line with its own state directory. Its output, started programs and readable files must not contain the marker. */
  async function watched(
    words: readonly string[],
    terminal = false,
  ): Promise<{ readonly text: string; readonly exitCode: number }> {
    const number = (count += 1)
    const own = [process.execPath, join(root, 'bin/gpuplay'), ...words]
    const command = terminal ? ['script', '-qec', own.map((word) => `'${word}'`).join(' '), '/dev/null'] : own
    // Another run may have the lease of this machine.
    const script = `mkdir -p /var/lib/gpuplay && mount -t tmpfs none /var/lib/gpuplay && "$@"; code=$?; cp -a /var/lib/gpuplay "$STATE"; exit $code`
    const trace = at(`trace-${number}`)
    const strace = ['strace', '-f', '--seccomp-bpf', '-qq', '-s', '65535', '-e', 'trace=execve', '-o', trace]
    const argv = [...strace, 'unshare', '--mount', 'sh', '-c', script, 'sh', ...command]
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', STATE: at(`state-${number}`) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    const seen = new Set<string>()
    const look = setInterval(() => {
      for (const path of openFiles(at('out'))) seen.add(path)
    }, 3)
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 128))
    })
    clearInterval(look)
    const said = stripVTControlCharacters(text)
    const about = `${words.join(' ')}: `
    assert.doesNotMatch(said, sings, `${about}it was printed`)
    const started = readFileSync(trace, 'utf8').split('\n')
    assert.deepEqual(
      started.filter((line) => sings.test(line)).map((line) => line.slice(0, 500)),
      [],
      `${about}on a command line`,
    )
    assert.deepEqual([...seen], [], `${about}others could read it`)
    return { text: said, exitCode }
  }
})

/** Files that others can read and that contain the marker. */
function openFiles(folder: string): readonly string[] {
  return files(folder).filter((path) => {
    try {
      return (statSync(path).mode & 0o077) !== 0 && sings.test(readFileSync(path, 'latin1'))
    } catch {
      return false
    }
  })
}

function files(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Modules with their own tasks below. Each other module gets a secret in an argument that refuses secrets. */
const called = new Set(
  'command shell copy template lineinfile file stat debug fail assert set_fact get_url wait_for'.split(' '),
)

/** A secret for the first argument and for all required arguments. */
function argumentsOf(schema: object): string {
  const properties: unknown = 'properties' in schema ? schema.properties : undefined
  const required: readonly unknown[] =
    'required' in schema && Array.isArray(schema.required) ? schema.required : []
  const names = Object.keys(typeof properties === 'object' && properties !== null ? properties : {})
  const needed = names.filter((name, index) => index === 0 || name === 'value')
  return [...new Set([...needed, ...required])]
    .map((name) => `${String(name)}: "{{ db_password }}"`)
    .join(', ')
}

const others = modules.filter(({ name }) => !called.has(name))

const playbook = `
- name: "Play of {{ db_password }}"
  hosts: localhost
  ignore_errors: true
  vars:
    mixed: "of {{ db_password }}"
  tasks:
    - { name: "Name of {{ db_password }}", debug: { msg: "{{ mixed }}" } }
    - { name: files, copy: { content: "{{ db_password }} {{ mixed }}", dest: "{{ out }}/written", mode: '0600' }, notify: handle }
    - { name: template, template: { src: app.hbs, dest: "{{ out }}/app", mode: '0600' } }
    - { name: copy, copy: { src: "{{ playbook_dir }}/key.pem", dest: "{{ out }}/key", mode: '0600' }, no_log: true }
    - { name: line, copy: { content: "a\\n", dest: "{{ out }}/line", mode: '0600' } }
    - { name: change line, lineinfile: { path: "{{ out }}/line", line: "x {{ database.password }}" } }
    - { name: read, command: { cmd: "cat {{ out }}/written {{ out }}/key {{ out }}/app", reads: true }, register: back }
    - { name: show, debug: { var: back } }
    - { name: show forms, debug: { msg: "{{json back}} {{quote back.stdout}} {{upper back.stdout}}" } }
    - { name: encode, shell: "base64 {{ out }}/written; base64 -w 0 {{ out }}/app; od -c /dev/null", register: encoded }
    - { name: show encoded, debug: { msg: "{{ encoded.stdout }}" } }
    - { name: color, command: "grep --color=always -o AnA {{ out }}/written", register: color }
    - { name: facts, set_fact: { made: "{{ db_password }}", more: { deep: ["{{ mixed }}"] } } }
    - { name: show facts, debug: { var: more } }
    - { name: loop, debug: { msg: "{{ item.name }} {{ item.api_token }}" }, loop: "{{ users }}" }
    - { name: loop of them, debug: { msg: "{{ item }}" }, loop: "{{ words }}", register: looped }
    - { name: loop of results, debug: { msg: "{{ item }}" }, loop: "{{ back.stdout_lines }}" }
    - { name: show loop, debug: { var: looped } }
    - { name: all variables, debug: { var: hostvars.localhost } }
    - { name: input, command: { cmd: cat, stdin: "{{ door }}" }, register: fed }
    - { name: show input, debug: { msg: "{{ fed.stdout }}" } }
    - { name: environment, shell: 'printf %s "$TOKEN"; printf %s "$TOKEN" >&2; exit 3', environment: { TOKEN: "{{ door }}" } }
    - { name: environment of reads, command: { cmd: env, reads: true }, environment: { TOKEN: "{{ door }}" } }
    - { name: fails with it, shell: 'cat {{ out }}/written >&2; exit 1' }
    - { name: fails reading, command: { cmd: "sh -c 'cat {{ out }}/written >&2; exit 1'", reads: true } }
    - { name: times out, shell: { cmd: "cat {{ out }}/written; sleep 5", timeout: 1 } }
    - { name: on a command line, command: { argv: [echo, "{{ db_password }}"] } }
    - { name: of a shell, shell: "echo {{ mixed }}" }
    - { name: of reads, command: { cmd: "echo {{ db_password }}", reads: true } }
    - { name: of what was read, command: { argv: [echo, "{{ back.stdout }}"], reads: true } }
    - { name: of what was set, command: { argv: [echo, "{{ made }}"] } }
    - { name: in a path, copy: { content: x, dest: "{{ out }}/{{ db_password }}" } }
    - { name: in a mode, copy: { content: x, dest: "{{ out }}/x", mode: "{{ db_password }}" } }
    - { name: in an owner, file: { path: "{{ out }}/line", owner: "{{ db_password }}" } }
    - { name: in a line, lineinfile: { path: "{{ out }}/line", regexp: "{{ mixed }}", line: b, state: absent } }
    - { name: in a condition, debug: { msg: x }, when: db_password }
    - { name: in a verdict, command: 'cat {{ out }}/written', failed_when: mixed }
    - { name: until, command: 'cat {{ out }}/written', register: u, until: u.stdout == "x", retries: 1, delay: 0 }
    - { name: lookup, debug: { msg: "{{lookup database db_password}}" } }
    - { name: assert, assert: { that: [db_password == "x"], fail_msg: "not {{ db_password }}" } }
    - { name: fail, fail: { msg: "{{ mixed }}" } }
    - { name: waits, wait_for: { path: "{{ db_password }}", timeout: 1 } }
    - { name: stat, stat: { path: "/{{ db_password }}" } }
    - { name: fetch, get_url: { url: "{{ door_url }}", dest: "{{ out }}/tool", username: ann, password: "{{ db_password }}", headers: { X-Token: "Bearer 1" } } }
    - { name: fetch refused, get_url: { url: "{{ door_url }}/2", dest: "{{ out }}/tool2" } }
    - { name: fetch by address, get_url: { url: "http://ann:${song}@127.0.0.1:1/x", dest: "{{ out }}/tool3" } }
    - { name: fetch by proxy, get_url: { url: "{{ door_url }}/3", dest: "{{ out }}/tool4", proxy: "http://ann:${song}@127.0.0.1:1" } }
    - { name: nobody sees, command: { argv: [printf, "%s", hidden] }, no_log: true, register: none }
    - { name: nobody sees input, command: { cmd: cat, stdin: "quiet ${song}" }, no_log: true, register: unseen }
    - { name: nobody sees a failure, shell: "cat {{ out }}/key >&2; exit 9", no_log: true, register: bad }
    - { name: nobody sees items, debug: { msg: "{{ item }}" }, loop: ["${song}-one", "${song}-two"], no_log: true }
    - { name: show what nobody sees, debug: { msg: "{{ unseen.stdout }} {{json unseen}} {{json bad}}" } }
    - { name: use what nobody sees, command: "echo {{ unseen.stdout }}" }
${others.map(({ name, args }) => `    - { name: ${name}, ${name}: { ${argumentsOf(args)} } }`).join('\n')}
    - { name: last word, debug: { msg: last word } }
  handlers:
    - { name: handle, command: "cat {{ out }}/written" }
- { name: Not there, hosts: gone, tasks: [{ command: 'true' }] }
`
