import type { Duplex } from 'node:stream'
import type { NodeSSH } from 'node-ssh'
import type { Client, NextAuthHandler } from 'ssh2'
import { defined, mapped } from '../base/defined.ts'
import { UnreachableError } from '../base/errors.ts'
import { ignore, whenAborted } from './channel.ts'
import type { Target } from './connection.ts'
import { Deadline, defaultConnectTimeout } from './deadline.ts'
import { ignoreFurtherHostKeys } from './further-host-keys.ts'
import { type HostKeyCheck, hostKeyCheck } from './host-key-check.ts'
import { type Destination, type SshConfig, parseProxyJump } from './ssh-config.ts'
import { type Identity, findIdentities } from './ssh-identities.ts'
import {
  ServerBusy,
  atJumpHost,
  networkProblem,
  nothingToOffer,
  refused,
  connectionTimedOut,
} from './ssh-problems.ts'
import type { SshShared } from './ssh-shared.ts'
import { forwardedSocket, proxiedSocket, tcpSocket } from './ssh-socket.ts'

export type SshTarget = Extract<Target, { kind: 'ssh' | 'openssh' }>

/** One authenticated connection to a server. */
export interface Line {
  readonly client: Client
  /** The name of the server in messages. */
  readonly name: string
  /**
   * Resolves to the reason when the connection is lost. The loss of a jump host's connection closes those
   * through it.
   */
  readonly lost: Promise<string>
  /** Seconds within which the server must start a program. */
  readonly patience: number
}

/**
 * Connects and logs in, through the configured jump hosts.
 * @throws UnreachableError with the cause and a hint
 */
export async function dial(target: SshTarget, shared: SshShared, signal: AbortSignal): Promise<Line> {
  const destination: Destination = {
    address: target.address,
    ...defined({ port: target.port, user: target.user }),
  }
  return new Dialler(target, shared, signal).dial(destination, { jump: false, depth: 0 })
}

/** Waits between attempts if a server is too busy for a handshake, in milliseconds. */
const busyWaits = [300, 800, 2000, 4000]

class Dialler {
  readonly #target: SshTarget
  readonly #shared: SshShared
  readonly #signal: AbortSignal

  constructor(target: SshTarget, shared: SshShared, signal: AbortSignal) {
    this.#target = target
    this.#shared = shared
    this.#signal = signal
  }

  async dial(destination: Destination, place: { jump: boolean; depth: number }): Promise<Line> {
    const config = await this.#shared.configs.read(destination, this.#signal)
    const jumps = parseProxyJump(
      (place.jump ? undefined : this.#target.proxyJump) ?? config.proxyJump ?? 'none',
    )
    const via = await this.#through(jumps, place.depth)
    return this.#dialThrough(via, config, place.jump)
  }

  /** Connects to the last of several jump hosts, each through the one before. */
  async #through(jumps: readonly Destination[], depth: number): Promise<Line | undefined> {
    if (depth + jumps.length > 8) {
      throw new UnreachableError({
        code: 'too-many-jumps',
        message: `${this.#target.address} is behind more than eight jump hosts`,
        hint: 'check for a ProxyJump that leads back to itself',
      })
    }
    let via: Line | undefined
    for (const [index, jump] of jumps.entries()) {
      try {
        if (index === 0) via = await this.dial(jump, { jump: true, depth: depth + jumps.length })
        else {
          const config = await this.#shared.configs.read(jump, this.#signal)
          via = await this.#dialThrough(via, config, true)
        }
      } catch (error) {
        throw error instanceof UnreachableError ? atJumpHost(jump, this.#target, error) : error
      }
    }
    return via
  }

  async #dialThrough(via: Line | undefined, config: SshConfig, jump: boolean): Promise<Line> {
    const { keys } = this.#shared
    try {
      const identities = await findIdentities({ ...this.#target, config, jump, keys, signal: this.#signal })
      if (identities.length === 0) throw nothingToOffer(config)
      for (let attempt = 0; ; attempt += 1) {
        try {
          const address = `${config.hostname}:${config.port}`
          return await this.#shared.gate.pass(address, () => this.#handshake(via, config, identities))
        } catch (error) {
          const wait = busyWaits[attempt]
          if (!(error instanceof ServerBusy)) throw error
          if (wait === undefined) throw error.problem(config)
          await this.#shared.effects.sleep(
            wait * (0.5 + this.#shared.effects.random(1).readUInt8(0) / 256),
            this.#signal,
          )
        }
      }
    } catch (error) {
      via?.client.end()
      throw error
    }
  }

  async #handshake(via: Line | undefined, config: SshConfig, identities: readonly Identity[]): Promise<Line> {
    this.#signal.throwIfAborted()
    const check = await hostKeyCheck(config, this.#target, this.#shared)
    const chosen = this.#target.connectTimeout ?? config.connectTimeout
    const seconds = chosen ?? defaultConnectTimeout
    const deadline = new Deadline([this.#signal], seconds * 1000)
    try {
      // Loaded before the socket exists: an event in between would be lost.
      const { NodeSSH } = await import('node-ssh')
      const { signal } = deadline
      const socket = await this.#socket(via, config, signal)
      const line = await logIn(socket, NodeSSH, { config, identities, check, signal, via })
      // A host that a whole fleet uses starts programs slowly.
      return { ...line, patience: chosen ?? 30 }
    } catch (error) {
      this.#signal.throwIfAborted()
      if (check.refusal !== undefined) throw check.refusal
      if (error instanceof UnreachableError) throw error
      if (deadline.passed) throw connectionTimedOut(config, seconds)
      if (error instanceof ServerBusy) throw error
      throw networkProblem(config, error)
    } finally {
      deadline.end()
    }
  }

  #socket(via: Line | undefined, config: SshConfig, signal: AbortSignal): Promise<Duplex> {
    if (via !== undefined) return forwardedSocket(via, config, signal)
    if (config.proxyCommand === undefined) return tcpSocket(config, signal)
    return Promise.resolve(proxiedSocket(config.proxyCommand, config, this.#shared.effects))
  }
}

type NodeSshClass = typeof NodeSSH

interface LogIn {
  readonly config: SshConfig
  readonly identities: readonly Identity[]
  readonly check: HostKeyCheck
  readonly signal: AbortSignal
  readonly via: Line | undefined
}

async function logIn(
  socket: Duplex,
  Ssh: NodeSshClass,
  { config, identities, check, signal, via }: LogIn,
): Promise<Omit<Line, 'patience'>> {
  const tried: string[] = []
  const left = [...identities]
  let refusedMethods: readonly string[] = []
  const ssh = new Ssh()
  const connecting = ssh.connect({
    sock: socket,
    host: config.hostname,
    port: config.port,
    username: config.user,
    readyTimeout: 0,
    keepaliveInterval: 15_000,
    keepaliveCountMax: 4,
    ...defined({
      algorithms: mapped(check.algorithms, (serverHostKey) => ({ serverHostKey })),
    }),
    hostVerifier: (key: Buffer, verify: (permitted: boolean) => void) => {
      // The braces matter: ssh2 takes any return value, even a promise, for consent unless it is `false` or
      // `undefined`.
      check.judge(key).then(
        (known) => verify(known),
        () => verify(false),
      )
    },
    authHandler: (methodsLeft: readonly string[] | null, _partial: boolean | null, next: NextAuthHandler) => {
      const usable = (identity: Identity): boolean =>
        methodsLeft === null || methodsLeft.includes(methodName(identity))
      refusedMethods = methodsLeft ?? []
      let identity = left.shift()
      while (identity !== undefined && !usable(identity)) identity = left.shift()
      if (identity === undefined) {
        // `false` ends the attempt, which the types do not cover.
        Reflect.apply(next, undefined, [false])
        return
      }
      tried.push(identity.label)
      next(identity.method)
    },
  })
  const client = ssh.connection
  if (client === null) {
    await connecting
    throw new Error('node-ssh made no connection')
  }
  ignoreFurtherHostKeys(client)
  let failure: unknown
  client.on('error', (error: Error) => {
    failure ??= error
  })
  const lost = watchLoss(client, socket)
  client.on('close', () => via?.client.end())
  let stopListening = ignore
  const given = new Promise<never>((_resolve, reject) => {
    stopListening = whenAborted(signal, () => reject(new Error('timed out')))
  })
  try {
    await Promise.race([connecting, given, lost.then((why) => Promise.reject(new ServerBusy(why)))])
  } catch (raced) {
    const error = failure ?? raced
    client.destroy()
    socket.destroy()
    if (isAuthenticationFailure(error)) throw refused(config, tried, refusedMethods)
    if (isEarlyLoss(error)) throw new ServerBusy(error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    stopListening()
    connecting.catch(() => {})
  }
  client.setNoDelay(true)
  return { client, lost, name: config.hostname }
}

function methodName(identity: Identity): string {
  return identity.method.type === 'agent' ? 'publickey' : identity.method.type
}

/** Watches a client from its creation: without a listener, an `error` event would end the process. */
function watchLoss(client: Client, socket: Duplex): Promise<string> {
  return new Promise((resolve) => {
    let why = 'the connection was closed'
    client.on('error', (error: Error) => {
      why = `the connection was lost: ${error.message}`
    })
    client.on('close', () => resolve(why))
    // If the socket closed before the client listened, the client reports nothing.
    socket.on('close', () => setImmediate(() => resolve(why)))
    if (socket.destroyed) resolve(why)
  })
}

function isEarlyLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (
    error instanceof ServerBusy || /before handshake|ECONNRESET|EPIPE|premature close/i.test(error.message)
  )
}

function isAuthenticationFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('level' in error && error.level === 'client-authentication') || /too many auth/i.test(error.message)
}
