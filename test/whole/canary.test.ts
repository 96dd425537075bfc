/**
 * Runs the commands and modules on this machine with secrets that contain a marker, in every view and with
 * many kinds of failures. Searches for the marker in the output, in every started program, in every remaining
 * file, and in files that other users can read during a run.
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
import { attempt } from '../lab/process.ts'
import { canaryPlaybook } from './support/canary-playbook.ts'
import { gpuplay, root } from './support/gpuplay.ts'

/**
 * The marker in every secret. Secrets also contain quotes, blanks and other characters that programs escape.
 */
const marker = `kAn${randomBytes(4).toString('hex')}Rie`
const secret = (name: string): string => `${name}'s "${marker}" \\ $HOME 100% é`
/** The forms of the marker: plain, and in base64 at each of the three positions in a group. */
const forms = [0, 1, 2].map((offset) =>
  Buffer.from(`${'x'.repeat(offset)}${marker}`)
    .toString('base64')
    .slice(offset === 0 ? 0 : offset + 1, -3),
)
const anyForm = new RegExp([marker, marker.toUpperCase(), marker.toLowerCase(), ...forms].join('|'))

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
      `-----BEGIN-----\n${'Ab1/'.repeat(6)}${marker}${'Yz9+'.repeat(6)}\n-----END-----\n`,
      { mode: 0o600 },
    )
    writeFileSync(at('inputs/templates/app.hbs'), 'one: true\nkey: {{db_password}}\n{{upper db_password}}\n')
    writeFileSync(
      at('inputs/included-tasks.yml'),
      '- { name: included task, debug: { msg: "{{ given_password }}" } }\n',
    )
    writeFileSync(at('inputs/included.yml'), `included_password: ${secret('included')}\n`)
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
    writeFileSync(at('inputs/site.yml'), canaryPlaybook(marker))
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

  it('in a report', async () => {
    const words = ['report', '-i', at('inputs/hosts.json'), '-o', at('report.html')]
    const { text, exitCode } = await watched(words)
    assert.equal(exitCode, 0, text)
    assert.doesNotMatch(readFileSync(at('report.html'), 'latin1'), anyForm)
  })

  it('in a message about a mistake in a file that contains it', async () => {
    const mistakes: Readonly<Record<string, string>> = {
      'yaml.yml': `db_password: ${marker}\nbroken: [\n`,
      'list.yml': `all: { hosts: { one: { become_password: ["${marker}"] } } }\n`,
      'next.yml': `all:\n  hosts:\n    one:\n      become_password: "${marker}"\n      port: wrong\n`,
      'ini.ini': `one ansible_password=${marker} ansible_port=wrong\n`,
      'name.yml': `api_token: the ${marker} here\n1wrong: 2\n`,
      'template.yml': `- hosts: all\n  vars:\n    db_password: "${marker} {{ nowhere }}"\n  tasks: [debug: { msg: "{{ db_password }}" }]\n`,
      'argument.yml': `- hosts: all\n  tasks:\n    - get_url: { url: no, dest: /x, password: "${marker}" }\n`,
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
      (path) => !path.startsWith(at('inputs')) && anyForm.test(readFileSync(path, 'latin1')),
    )
    const names = new Set(kept.map((path) => path.slice(at('out').length + 1)))
    assert.deepEqual([...names].sort(), ['app', 'ini', 'key', 'line', 'written'])
    for (const path of kept) assert.equal(statSync(path).mode & 0o077, 0, path)
    const { stdout } = await attempt([
      'sh',
      '-c',
      `find /tmp /var/tmp /run /etc /root /var/log -xdev -type f -size -1000k -newermt @${Math.floor(began / 1000)} ! -path '${folder}/*' -print0 2>/dev/null | xargs -0 -r grep -laF -e ${marker} 2>/dev/null`,
    ])
    assert.equal(stdout.replaceAll(/^.*canary.*$\n?/gm, ''), '')
  })

  function given(): readonly string[] {
    const vars = ['vars.json', 'secrets.json'].flatMap((name) => ['-e', `@${at(`inputs/${name}`)}`])
    return ['-i', at('inputs/hosts.json'), ...vars]
  }

  let count = 0
  /**
   * Runs a command line with its own state directory. Its output, started programs and readable files must
   * not contain the marker.
   */
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
    assert.doesNotMatch(said, anyForm, `${about}it was printed`)
    const started = readFileSync(trace, 'utf8').split('\n')
    assert.deepEqual(
      started.filter((line) => anyForm.test(line)).map((line) => line.slice(0, 500)),
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
      return (statSync(path).mode & 0o077) !== 0 && anyForm.test(readFileSync(path, 'latin1'))
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
