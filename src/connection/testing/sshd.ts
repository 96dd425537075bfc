import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The reason why no sshd can be started here, or `false`. */
export function withoutSshd(): string | false {
  for (const program of [sshd, '/usr/bin/ssh-keygen']) {
    if (!existsSync(program)) return `${program} is not installed`
  }
  const { shell, username } = userInfo()
  if (shell !== null && /\/(nologin|false)$/.test(shell))
    return `${username} may not log in: its shell is ${shell}`
  return false
}

const sshd = '/usr/sbin/sshd'

export interface Sshd {
  readonly port: number
  readonly user: string
  readonly folder: string
  /** The private key that is accepted. */
  readonly key: string
  /** A known_hosts file with the host key, as OpenSSH writes it. */
  readonly knownHosts: string
  readonly hostKey: string
  stop(): Promise<void>
}

/** Starts a real sshd on 127.0.0.1 with its own keys. The user who runs the tests can log in. */
export async function startSshd(settings = ''): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-sshd-'))
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKey = makeKey(join(folder, 'host'))
  const key = makeKey(join(folder, 'user'))
  const port = await freePort()
  const knownHosts = join(folder, 'known_hosts')
  writeFileSync(knownHosts, knownHostsLine(port, hostKey))
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${key}.pub`))
  const config = join(folder, 'sshd_config')
  writeFileSync(
    config,
    `ListenAddress 127.0.0.1:${port}
HostKey ${hostKey}
AuthorizedKeysFile ${folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin yes
LogLevel ERROR
${settings}
`,
  )
  const child = spawn(sshd, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await untilListening(child, port, () => said)
  return {
    port,
    user: userInfo().username,
    folder,
    key,
    knownHosts,
    hostKey,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill()) await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function makeKey(file: string, options: { type?: string; passphrase?: string } = {}): string {
  const { type = 'ed25519', passphrase = '' } = options
  const made = spawnSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file])
  if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr.toString()}`)
  return file
}

export function knownHostsLine(port: number, key: string): string {
  return `[127.0.0.1]:${port} ${readFileSync(`${key}.pub`, 'utf8')}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port)
        else reject(new Error('no port'))
      })
    })
  })
}

async function untilListening(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said()}`)
    const answer = spawnSync('ssh-keyscan', ['-T', '1', '-p', String(port), '127.0.0.1'])
    if (answer.stdout.length > 0) return
    await delay(50)
  }
  throw new Error(`sshd does not listen: ${said()}`)
}
