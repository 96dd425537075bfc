import { createHash } from 'node:crypto'
import type { Secret } from '../base/secret.ts'
import { becomeConnection } from './become.ts'
import type { Connection, Privilege, Target } from './connection.ts'
import type { ConnectionWorld } from './connection-world.ts'
import { localConnection } from './local.ts'
import { opensshConnection } from './openssh.ts'
import { pctConnection } from './pct.ts'
import { shareSsh, type SshShared } from './ssh-shared.ts'

/**
 * The connections of one run. A node and all its containers share the way to the node, which opens as many
 * ssh connections as their channels need. The pool owns every connection: users close their shells, and
 * `close` closes the rest.
 */
export class ConnectionPool {
  readonly #effects: ConnectionWorld
  readonly #ssh: SshShared
  readonly #connections = new Map<string, Promise<Connection>>()

  constructor(effects: ConnectionWorld) {
    this.#effects = effects
    this.#ssh = shareSsh(effects)
  }

  /**
   * Returns the connection to a host. The first call creates it and later calls share it; a failed attempt is
   * retried.
   * @throws UnreachableError with the cause and a hint
   */
  async connect(target: Target, signal: AbortSignal): Promise<Connection> {
    const reached = await this.#reach(target, signal)
    const { become } = target
    return become === undefined
      ? reached
      : this.#shared(becomeKey(target, become), async () => becomeConnection(reached, become))
  }

  async close(): Promise<void> {
    const connections = [...this.#connections.values()]
    this.#connections.clear()
    await Promise.all(connections.map(async (making) => (await making.catch(() => undefined))?.close()))
  }

  async #reach(target: Target, signal: AbortSignal): Promise<Connection> {
    const key = keyOf(target)
    if (target.kind === 'local') return this.#shared(key, async () => localConnection(this.#effects))
    if (target.kind === 'openssh')
      return this.#shared(key, async () => opensshConnection(target, this.#effects))
    if (target.kind === 'pct') {
      const node = await this.connect(target.node, signal)
      return this.#shared(key, async () => pctConnection(node, target.ctid))
    }
    return this.#shared(key, async () => {
      // node-ssh and ssh2 take longer to load than the rest of the program, so they are loaded only if
      // needed.
      const { sshConnection } = await import('./ssh.ts')
      return sshConnection(target, this.#ssh, signal)
    })
  }

  #shared(key: string, make: () => Promise<Connection>): Promise<Connection> {
    const there = this.#connections.get(key)
    if (there !== undefined) return there
    const making = make()
    this.#connections.set(key, making)
    making.catch(() => {
      if (this.#connections.get(key) === making) this.#connections.delete(key)
    })
    return making
  }
}

/**
 * Equal for targets that lead to the same place in the same way. Passwords are included as hashes: a key may
 * be printed, and a caller with a wrong password must not share an open connection.
 */
function keyOf(target: Target): string {
  if (target.kind === 'local') return 'local'
  if (target.kind === 'pct') {
    const { node } = target
    return `pct ${target.ctid} on ${node.become === undefined ? keyOf(node) : becomeKey(node, node.become)}`
  }
  const { kind, address, port, user, privateKey, hostKeyChecking, knownHosts, proxyJump } = target
  const secrets = [hashOf(target.password), hashOf(target.passphrase)]
  return JSON.stringify([
    kind,
    address,
    port,
    user,
    privateKey,
    hostKeyChecking,
    knownHosts,
    proxyJump,
    ...secrets,
  ])
}

function becomeKey(target: Target, { user, password }: NonNullable<Privilege['become']>): string {
  return `${keyOf(target)} as ${JSON.stringify([user, hashOf(password)])}`
}

function hashOf(secret: Secret | undefined): string | undefined {
  return secret && createHash('sha256').update(secret.reveal()).digest('hex')
}

/** Opens a single connection. Closing it also closes the connections that it goes through. */
export async function connect(
  target: Target,
  effects: ConnectionWorld,
  signal: AbortSignal,
): Promise<Connection> {
  const pool = new ConnectionPool(effects)
  const connection = await pool.connect(target, signal).catch(async (error: unknown) => {
    await pool.close()
    throw error
  })
  return {
    kind: connection.kind,
    open: (command, openSignal) => connection.open(command, openSignal),
    close: () => pool.close(),
  }
}
