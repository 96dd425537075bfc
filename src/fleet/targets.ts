/**
 * Determines how to reach a host from its variables.
 *
 * The inventory has already checked the types and translated Ansible's names. This file combines the values,
 * and follows references to other hosts (`node`).
 */
import { type HostName, hostName } from '../base/brand.ts'
import { defined, mapped } from '../base/defined.ts'
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Privilege, Target } from '../connection/connection.ts'
import type { Placement } from '../host/host.ts'

/** Reads one rendered variable of a host; undefined if the host does not have it. */
export type ReadVariable = (name: string) => unknown

export interface TargetOptions {
  /** Options of the command line and the configuration file: `--user`, `--private-key`, ... */
  readonly defaults: ConnectionDefaults
  /** Reads variables of any host in the inventory, for the node of a container. */
  readonly variablesOf: (host: HostName) => ReadVariable
}

/** For hosts whose variables do not say. */
export interface ConnectionDefaults {
  readonly connection?: 'ssh' | 'openssh' | 'local'
  readonly user?: string
  readonly password?: Secret
  readonly privateKey?: string
  readonly hostKeyChecking?: 'strict' | 'accept-new' | 'off'
  readonly become?: boolean
  readonly becomeUser?: string
  readonly becomePassword?: Secret
  /** Seconds. */
  readonly connectTimeout?: number
}

/** Returns the target of a host without `become`, which `withPrivilege` adds per task. */
export function targetOf(host: HostName, options: TargetOptions): Target {
  const read = options.variablesOf(host)
  const kind = connectionKind(host, read, options.defaults)
  switch (kind) {
    case 'local':
      return { kind }
    case 'pct': {
      const node = hostName(text(read, 'node') ?? '')
      const nodeTarget = targetOf(node, options)
      const privilege = defaultPrivilege(options.variablesOf(node), options.defaults)
      return { kind, ctid: text(read, 'ctid') ?? '', node: withPrivilege(nodeTarget, privilege) }
    }
    case 'ssh':
    case 'openssh':
      return { kind, ...remote(host, read, options.defaults) }
  }
}

export function withPrivilege(target: Target, become: Privilege['become']): Target {
  return become === undefined ? target : { ...target, become }
}

/** Returns the privilege that the host's variables set. A task may override it. */
export function defaultPrivilege(read: ReadVariable, defaults: ConnectionDefaults): Privilege['become'] {
  const becomes = read('become') ?? defaults.become
  return becomes === true ? privilege(becomeUser(read, defaults), read, defaults) : undefined
}

/** The user for `become` where neither a task nor its play names one. */
export function becomeUser(read: ReadVariable, defaults: ConnectionDefaults): string {
  return text(read, 'become_user') ?? defaults.becomeUser ?? 'root'
}

export function privilege(
  user: string,
  read: ReadVariable,
  defaults: ConnectionDefaults,
): Privilege['become'] {
  const password = secret(read('become_password')) ?? defaults.becomePassword
  return { user, method: 'sudo', ...defined({ password }) }
}

export function placementOf(read: ReadVariable): Placement {
  const ctid = text(read, 'ctid')
  const node = text(read, 'node')
  return {
    ctid,
    nodeName: ctid !== undefined && node !== undefined ? hostName(node) : undefined,
    cluster: text(read, 'pve_cluster'),
  }
}

function connectionKind(host: HostName, read: ReadVariable, defaults: ConnectionDefaults): Target['kind'] {
  const said = text(read, 'connection')
  if (said === undefined) {
    if (read('ctid') !== undefined) return 'pct'
    return host === 'localhost' && read('address') === undefined ? 'local' : (defaults.connection ?? 'ssh')
  }
  if (said === 'ssh' || said === 'openssh' || said === 'local' || said === 'pct') return said
  throw new Error(`the inventory let the connection ${JSON.stringify(said)} through`)
}

type Remote = Omit<Extract<Target, { readonly kind: 'ssh' | 'openssh' }>, 'kind'>

function remote(host: HostName, read: ReadVariable, defaults: ConnectionDefaults): Remote {
  const port = text(read, 'port')
  const user = text(read, 'user') ?? defaults.user
  const privateKey = text(read, 'private_key') ?? defaults.privateKey
  const passphrase = secret(read('private_key_passphrase'))
  const password = secret(read('password')) ?? defaults.password
  const knownHosts = text(read, 'known_hosts')
  const proxyJump = text(read, 'proxy_jump')
  return {
    address: text(read, 'address') ?? host,
    hostKeyChecking: hostKeyChecking(text(read, 'host_key_checking')) ?? defaults.hostKeyChecking ?? 'strict',
    ...defined({
      port: mapped(port, Number),
      user,
      privateKey,
      passphrase,
      password,
      knownHosts,
      proxyJump,
      connectTimeout: defaults.connectTimeout,
    }),
  }
}

function hostKeyChecking(word: string | undefined): 'strict' | 'accept-new' | 'off' | undefined {
  return word === 'strict' || word === 'accept-new' || word === 'off' ? word : undefined
}

/** @throws InputError for a secret: messages show these values, and ssh and sudo get them as arguments */
function text(read: ReadVariable, name: string): string | undefined {
  const value = read(name)
  if (value instanceof Secret) throw secretInConnection(name)
  return plain(value)
}

/** The refusal of a secret where only passwords and passphrases may be secret. */
export function secretInConnection(name: string): InputError {
  return new InputError([
    {
      code: 'secret-in-connection',
      message: `"${name}" contains a secret, but its value appears in messages and on command lines`,
      hint: 'only passwords and passphrases may be secret; take this value from a variable that is not',
    },
  ])
}

function plain(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
}

function secret(value: unknown): Secret | undefined {
  if (value instanceof Secret) return value
  const shown = plain(value)
  return shown === undefined ? undefined : new Secret(shown)
}
