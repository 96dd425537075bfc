import { defaultConnectTimeout } from './deadline.ts'
import { UnreachableError } from '../base/errors.ts'
import { commandLine, quote } from '../base/shell.ts'
import { channelOfChild, describeEnd } from './channel.ts'
import type { Channel, Connection } from './connection.ts'
import type { ConnectionWorld } from './connection-world.ts'
import { launch } from './launch.ts'
import { lastSaid } from './said.ts'
import { type Destination, parseProxyJump } from './ssh-config.ts'
import type { SshTarget } from './ssh-dial.ts'

/**
 * A connection through the `ssh` program, one child per channel: for certificates, security keys, GSSAPI and
 * other settings that our own ssh client does not support. It never prompts (BatchMode).
 */
export function opensshConnection(target: SshTarget, effects: ConnectionWorld): Connection {
  const children = new Set<Channel>()
  const raw: Connection = {
    kind: 'openssh',
    async open(command, signal) {
      signal.throwIfAborted()
      const child = effects.spawn('ssh', [...optionsFor(target, effects), '--', target.address, command], {
        group: true,
      })
      const channel = channelOfChild(child, () => {
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
          effects.killGroup(child.pid)
      })
      children.add(channel)
      void channel.ended.then(() => children.delete(channel))
      return channel
    },
    async close() {
      const open = [...children]
      for (const channel of open) channel.kill()
      await Promise.all(open.map((channel) => channel.ended))
    },
  }
  return {
    kind: 'openssh',
    async open(command, signal) {
      const timeout = ((target.connectTimeout ?? defaultConnectTimeout) + 10) * 1000
      const launched = await launch(
        raw,
        { command, line: (farSide) => `/bin/sh -c ${farSide}` },
        { signal, timeout },
      )
      if (launched.kind === 'started') return launched.channel
      const said = (launched.kind === 'noShell' ? launched.said : launched.stderr).trim()
      const end = launched.kind === 'timedOut' ? undefined : launched.end
      const why = end === undefined ? 'it did not answer in time' : describeEnd(end)
      throw problemOf(target, said === '' ? why : said)
    },
    close: () => raw.close(),
  }
}

function optionsFor(target: SshTarget, effects: ConnectionWorld): string[] {
  const own = target.privateKey === undefined ? [] : option('IdentitiesOnly', 'yes')
  return [
    ...commonOptions(target, effects),
    ...own,
    ...(target.proxyJump === undefined ? [] : throughHops(target, effects)),
    ...loginOptions(target),
  ]
}

/** Options for the host and for its jump hosts. */
function commonOptions(target: SshTarget, effects: ConnectionWorld): string[] {
  const checking = { strict: 'yes', 'accept-new': 'accept-new', off: 'no' } as const
  return [
    '-T',
    ...(effects.sshConfig === undefined ? [] : ['-F', effects.sshConfig]),
    ...option('BatchMode', 'yes'),
    ...option('ServerAliveInterval', '15'),
    ...option('ServerAliveCountMax', '4'),
    ...option('ConnectTimeout', String(Math.ceil(target.connectTimeout ?? defaultConnectTimeout))),
    ...(target.hostKeyChecking === undefined
      ? []
      : option('StrictHostKeyChecking', checking[target.hostKeyChecking])),
    ...(target.knownHosts === undefined
      ? []
      : [
          ...option('UserKnownHostsFile', `"${target.knownHosts}"`),
          ...option('GlobalKnownHostsFile', 'none'),
        ]),
    ...(target.privateKey === undefined ? [] : ['-i', target.privateKey]),
  ]
}

/** `ssh -J` would use only the user's own configuration for the hops, without our options. */
function throughHops(target: SshTarget, effects: ConnectionWorld): string[] {
  const common = commonOptions(target, effects)
  const hops = parseProxyJump(target.proxyJump ?? 'none')
  if (hops.length === 0) return option('ProxyJump', 'none')
  const command = hops.reduce<string | undefined>((before, hop) => {
    const way = before === undefined ? [] : option('ProxyCommand', before)
    const argv = ['ssh', ...common, ...way, ...loginOptions(hop)]
    // ssh expands % in its own ProxyCommand, and %% becomes the percent sign of the next one.
    return `${commandLine(argv).replaceAll('%', '%%')} -W '[%h]:%p' -- ${quote(hop.address).replaceAll('%', '%%')}`
  }, undefined)
  return command === undefined ? [] : option('ProxyCommand', command)
}

function loginOptions({ port, user }: Destination): string[] {
  return [...(port === undefined ? [] : ['-p', String(port)]), ...(user === undefined ? [] : ['-l', user])]
}

function option(name: string, value: string): string[] {
  return ['-o', `${name}=${value}`]
}

const texts: readonly [pattern: RegExp, code: string, what: string, hint: string][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'host-key-changed',
    'its host key does not match known_hosts',
    'someone may be intercepting the connection; if the host was reinstalled, remove the old key with `ssh-keygen -R`',
  ],
  [
    /revoked/i,
    'host-key-revoked',
    'its host key is revoked',
    'generate new host keys and add them to known_hosts',
  ],
  [
    /host key verification failed|no .* host key is known/i,
    'host-key-unknown',
    'its host key is not known',
    'connect once with `ssh` and compare the fingerprint, or set `host_key_checking: accept-new`',
  ],
  [
    /permission denied|too many authentication failures/i,
    'authentication-failed',
    'it refused the login',
    'check `user` and `private_key`; this connection cannot ask for passwords or passphrases: use an agent',
  ],
  [
    /could not resolve/i,
    'name-not-resolved',
    'its name cannot be resolved',
    'check `address` in the inventory',
  ],
  [
    /connection refused/i,
    'connection-refused',
    'it refused the connection',
    'check that sshd is running on this port',
  ],
  [
    /timed out|did not answer/i,
    'connection-timeout',
    'it did not answer in time',
    'check that the host is up and no firewall drops the packets',
  ],
  [
    /no route|unreachable/i,
    'host-unreachable',
    'no route to it',
    'check the network between this machine and the host',
  ],
  [
    /ENOENT/,
    'ssh-missing',
    'ssh is not installed on this machine',
    'install the OpenSSH client, or use `connection: ssh`',
  ],
]

function problemOf(target: SshTarget, said: string): UnreachableError {
  const found = texts.find(([pattern]) => pattern.test(said))
  const [, code, what, hint] = found ?? [
    undefined,
    'openssh-failed',
    'ssh failed',
    `run \`ssh ${target.address} true\` to see why`,
  ]
  // The messages of ssh after the connection to the jump host fails.
  const place = /UNKNOWN port 65535|stdio forwarding failed/.test(said)
    ? `cannot reach ${target.address} through its jump host${target.proxyJump === undefined ? '' : ` ${target.proxyJump}`}`
    : `cannot reach ${target.address}`
  return new UnreachableError({
    code,
    message: `${place}: ${what} (${lastSaid(said)})`,
    hint,
  })
}
