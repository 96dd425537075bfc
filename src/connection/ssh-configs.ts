import { UnreachableError } from '../base/errors.ts'
import { ignore, whenAborted } from './channel.ts'
import { Deadline } from './deadline.ts'
import type { ConnectionWorld } from './connection-world.ts'
import { appliesTo, type ConfigBlock, type ConfigOption, readConfigBlocks } from './ssh-config-blocks.ts'
import { defaultConfig, type Destination, parseSshConfig, type SshConfig } from './ssh-config.ts'

/** Options that do not affect the destination or the user; `hashKnownHosts` is read here. */
const harmless = new Set([
  'addkeystoagent',
  'compression',
  'controlmaster',
  'controlpath',
  'controlpersist',
  'forwardagent',
  'forwardx11',
  'forwardx11trusted',
  'gssapiauthentication',
  'gssapidelegatecredentials',
  'hashknownhosts',
  'sendenv',
  'serveralivecountmax',
  'serveraliveinterval',
  'setenv',
  'tcpkeepalive',
  'visualhostkey',
])

/**
 * ssh's configuration for the hosts of one run. `ssh -G` supports `Include` and `Match` as no library does,
 * but costs a process. It runs only if relevant lines apply, and once for all hosts with the same lines.
 */
export class SshConfigs {
  readonly #effects: ConnectionWorld
  readonly #answerTime: number
  readonly #answers = new Map<string, Promise<SshAnswer>>()
  #blocks: Promise<readonly ConfigBlock[] | undefined> | undefined

  /** @param answerTime time limit of `ssh -G` in milliseconds: a `Match exec` may use the network */
  constructor(effects: ConnectionWorld, answerTime = 20_000) {
    this.#effects = effects
    this.#answerTime = answerTime
  }

  /**
   * Returns OpenSSH's defaults if ssh is not installed.
   * @throws UnreachableError if ssh rejects the configuration or takes too long
   */
  async read(destination: Destination, signal: AbortSignal): Promise<SshConfig> {
    const { address, port, user } = destination
    if (!isDestination(address) || (user !== undefined && !isDestination(user))) {
      throw new UnreachableError({
        code: 'invalid-address',
        message: `${JSON.stringify(isDestination(address) ? user : address)} is not a valid name for ssh`,
        hint: 'set `address` to a host name, an IP address or an alias of your ssh configuration',
      })
    }
    this.#blocks ??= readConfigBlocks(this.#files(), this.#effects.accountHome ?? this.#effects.home)
    const options = applicable(await this.#blocks, address)
    if (options?.every(({ key }) => harmless.has(key)) === true)
      return defaultConfig(destination, this.#effects, hashes(options))
    // Without a line that depends on the host's name, the answer applies to other hosts too.
    const shared = options !== undefined && options.every(({ value }) => !/[%$]/.test(value))
    const answer = await this.#answer(
      JSON.stringify([shared ? options : address, port, user]),
      destination,
      signal,
    )
    if (answer === undefined) return defaultConfig(destination, this.#effects, false)
    const named = options?.some(({ key }) => key === 'hostname') !== false
    const text = named ? answer : answer.replace(/^hostname .*$/m, `hostname ${address.toLowerCase()}`)
    return parseSshConfig(text, destination, this.#effects)
  }

  #files(): readonly string[] {
    const { sshConfig, accountHome, home } = this.#effects
    return sshConfig === undefined
      ? [`${accountHome ?? home}/.ssh/config`, '/etc/ssh/ssh_config']
      : [sshConfig]
  }

  #answer(key: string, destination: Destination, signal: AbortSignal): Promise<SshAnswer> {
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const asked = this.#ask(destination, signal)
    this.#answers.set(key, asked)
    asked.catch(() => this.#answers.delete(key))
    return asked
  }

  async #ask({ address, port, user }: Destination, signal: AbortSignal): Promise<SshAnswer> {
    const { sshConfig } = this.#effects
    const argv = [
      '-G',
      ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(user === undefined ? [] : ['-l', user]),
      '--',
      address,
    ]
    const deadline = new Deadline([signal], this.#answerTime)
    try {
      const answer = await capture(this.#effects, argv, deadline.signal)
      if (answer === undefined || answer.code === 0) return answer?.stdout
      throw new UnreachableError({
        code: 'ssh-config-invalid',
        message: `ssh rejects its configuration for ${address}: ${answer.stderr.trim()}`,
        hint: `run \`ssh -G ${address}\` and fix what it reports`,
      })
    } catch (error) {
      if (!deadline.passed) throw error
      throw new UnreachableError({
        code: 'ssh-config-timeout',
        message: `\`ssh -G ${address}\` did not finish within ${this.#answerTime / 1000} s`,
        hint: 'check your ssh configuration: a command of `Match exec` may hang',
      })
    } finally {
      deadline.end()
    }
  }
}

/** Rejects names that ssh or a shell could take for an option or for several words. */
function isDestination(name: string): boolean {
  return /^[^\s\0'"`$\\;&<>|(){}-][^\s\0'"`$\\;&<>|(){}]*$/.test(name)
}

function applicable(
  blocks: readonly ConfigBlock[] | undefined,
  address: string,
): readonly ConfigOption[] | undefined {
  return blocks?.filter((block) => appliesTo(block, address)).flatMap(({ options }) => options)
}

function hashes(options: readonly ConfigOption[]): boolean {
  return /^(?:yes|true)$/i.test(options.find(({ key }) => key === 'hashknownhosts')?.value ?? 'no')
}

/** The output of `ssh -G`; undefined if ssh is not installed. */
type SshAnswer = string | undefined

interface Captured {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Rejects when `signal` aborts, and ends the program with all its children. */
function capture(
  effects: ConnectionWorld,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<Captured | undefined> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = effects.spawn('ssh', argv, { group: true })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const stopListening = whenAborted(signal, () => {
      if (child.pid !== undefined) effects.killGroup(child.pid)
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
      reject(signal.reason)
    })
    child.stdin.on('error', ignore)
    child.stdin.end()
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', () => {
      stopListening()
      resolve(undefined)
    })
    child.on('close', (code) => {
      stopListening()
      resolve({
        code,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      })
    })
  })
}
