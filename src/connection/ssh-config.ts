import { defined, mapped } from '../base/defined.ts'
import type { HostKeyChecking } from './connection.ts'
import type { ConnectionWorld } from './connection-world.ts'

/** The user's ssh configuration for one host: every value resolved, every path absolute. */
export interface SshConfig {
  readonly hostname: string
  readonly port: number
  readonly user: string
  /** In the order in which they are offered. */
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** The path of the agent's socket; undefined if there is no agent. */
  readonly agentSocket?: string
  readonly userKnownHosts: readonly string[]
  readonly globalKnownHosts: readonly string[]
  readonly hashKnownHosts: boolean
  readonly hostKeyAlias?: string
  /** Only the user's choice: OpenSSH's own default, `ask`, is left out. */
  readonly hostKeyChecking?: HostKeyChecking
  readonly proxyJump?: string
  readonly proxyCommand?: string
  /** Seconds. */
  readonly connectTimeout?: number
}

export interface Destination {
  readonly address: string
  readonly port?: number
  readonly user?: string
}

/** Parses the output of `ssh -G`. */
export function parseSshConfig(
  text: string,
  destination: Destination,
  effects: Pick<ConnectionWorld, 'home' | 'user' | 'agentSocket'>,
): SshConfig {
  const values = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const key = line.slice(0, space).toLowerCase()
    values.set(key, [...(values.get(key) ?? []), line.slice(space + 1).trim()])
  }
  const one = (key: string): string | undefined => {
    const value = values.get(key)?.[0]
    return value === undefined || value === 'none' || value === '' ? undefined : value
  }
  const hostname = one('hostname') ?? destination.address
  const port = Number(one('port') ?? destination.port ?? 22)
  const user = one('user') ?? destination.user ?? effects.user
  const expand = (path: string): string =>
    path.replace(/^~(?=\/|$)/, effects.home).replaceAll(/%([%dhnpru])/g, (_, letter: string) => {
      const tokens: Record<string, string> = {
        '%': '%',
        d: effects.home,
        h: hostname,
        n: destination.address,
        p: String(port),
        r: user,
        u: effects.user,
      }
      return tokens[letter] ?? ''
    })
  const files = (key: string): string[] =>
    (one(key) ?? '')
      .split(/\s+/)
      .filter((file) => file !== '')
      .map(expand)
  const agent = one('identityagent') ?? 'SSH_AUTH_SOCK'
  const agentOff = values.get('identityagent')?.[0] === 'none'
  const agentSocket = agentOff ? undefined : agent === 'SSH_AUTH_SOCK' ? effects.agentSocket : expand(agent)
  const checking = hostKeyCheckings[one('stricthostkeychecking') ?? '']
  const hostKeyAlias = one('hostkeyalias')
  const proxyJump = one('proxyjump')
  const proxyCommand = one('proxycommand')
  const connectTimeout = Number(one('connecttimeout'))
  return {
    hostname,
    port,
    user,
    identityFiles: (values.get('identityfile') ?? []).filter((file) => file !== 'none').map(expand),
    identitiesOnly: one('identitiesonly') === 'yes',
    userKnownHosts: files('userknownhostsfile'),
    globalKnownHosts: files('globalknownhostsfile'),
    hashKnownHosts: one('hashknownhosts') === 'yes',
    ...defined({
      agentSocket,
      hostKeyAlias,
      hostKeyChecking: checking,
      proxyJump,
      proxyCommand,
      connectTimeout: Number.isFinite(connectTimeout) && connectTimeout > 0 ? connectTimeout : undefined,
    }),
  }
}

/** `ssh -G` prints booleans of this setting as `true` and `false`. */
const hostKeyCheckings: Record<string, HostKeyChecking> = {
  true: 'strict',
  yes: 'strict',
  'accept-new': 'accept-new',
  false: 'off',
  no: 'off',
  off: 'off',
}

/** The defaults without a configuration (ssh_config(5)). */
export function defaultConfig(
  { address, port, user }: Destination,
  effects: Pick<ConnectionWorld, 'home' | 'accountHome' | 'user' | 'agentSocket'>,
  hashKnownHosts: boolean,
): SshConfig {
  const known = `${effects.accountHome ?? effects.home}/.ssh/known_hosts`
  return {
    hostname: address.toLowerCase(),
    port: port ?? 22,
    user: user ?? effects.user,
    identityFiles: ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => `${effects.home}/.ssh/${name}`),
    identitiesOnly: false,
    userKnownHosts: [known, `${known}2`],
    globalKnownHosts: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    hashKnownHosts,
    ...defined({ agentSocket: effects.agentSocket }),
  }
}

/** `[user@]host[:port]` or `ssh://...`: the hops of a ProxyJump, first hop first. */
export function parseProxyJump(text: string): Destination[] {
  if (text === 'none' || text === '') return []
  return text.split(',').map((hop) => {
    const bare = hop.trim().replace(/^ssh:\/\//, '')
    const found = /^(?:(?<user>.*)@)?(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]*))(?::(?<port>\d+))?$/.exec(bare)
    const { user, v6, host, port } = found?.groups ?? {}
    const address = v6 ?? host ?? bare
    return {
      address,
      ...defined({ user, port: mapped(port, Number) }),
    }
  })
}
