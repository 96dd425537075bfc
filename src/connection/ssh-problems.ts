import { UnreachableError } from '../base/errors.ts'
import type { Destination, SshConfig } from './ssh-config.ts'

/** The server closed the connection before the login, as sshd does with too many connections at once. */
export class ServerBusy extends Error {
  problem(config: SshConfig): UnreachableError {
    return new UnreachableError({
      code: 'connection-dropped',
      message: `${config.hostname} port ${config.port} closed the connection before the login (${this.message})`,
      hint: 'the server may be overloaded, may block this address (PerSourcePenalties, fail2ban), or may not be an ssh server',
    })
  }
}

/** The same problem, at a jump host on the way to a host. */
export function atJumpHost(
  jump: Destination,
  host: { readonly address: string },
  error: UnreachableError,
): UnreachableError {
  const { message } = error.problem
  return new UnreachableError(
    {
      ...error.problem,
      message: `cannot reach ${host.address} through its jump host ${jump.address}: ${message}`,
    },
    error,
  )
}

export function refused(
  config: SshConfig,
  tried: readonly string[],
  methods: readonly string[],
): UnreachableError {
  const offered = methods.length === 0 ? '' : `; the server accepts ${methods.join(', ')}`
  return new UnreachableError({
    code: 'authentication-failed',
    message: `${config.user}@${config.hostname} refused the login; tried: ${tried.length === 0 ? 'nothing that the server accepts' : tried.join(', ')}${offered}`,
    hint: `add the public key to ~/.ssh/authorized_keys of ${config.user} there, or set \`user\` and \`private_key\`; \`connection: openssh\` also uses certificates and security keys`,
  })
}

export function nothingToOffer(config: SshConfig): UnreachableError {
  return new UnreachableError({
    code: 'no-identity',
    message: `cannot log in as ${config.user}@${config.hostname}: no SSH key is available and no password is set`,
    hint: 'set `private_key`, add a key to your agent with `ssh-add`, or make one with `ssh-keygen -t ed25519`',
  })
}

export function connectionTimedOut(config: SshConfig, seconds: number): UnreachableError {
  return new UnreachableError({
    code: 'connection-timeout',
    message: `${config.hostname} port ${config.port} did not answer within ${seconds} seconds`,
    hint: 'check that the host is up, the address is right and no firewall drops the packets',
  })
}

export function networkProblem(config: SshConfig, error: unknown): UnreachableError {
  const at = `${config.hostname} port ${config.port}`
  const name = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known: Record<string, [code: string, message: string, hint: string]> = {
    ENOTFOUND: [
      'name-not-resolved',
      `the name ${config.hostname} cannot be resolved`,
      'check `address` in the inventory',
    ],
    EAI_AGAIN: [
      'name-not-resolved',
      `the name ${config.hostname} cannot be resolved at the moment`,
      'check the network and the name server of this machine',
    ],
    ECONNREFUSED: [
      'connection-refused',
      `${at} refused the connection`,
      'check that sshd is running and listens on this port',
    ],
    EHOSTUNREACH: [
      'host-unreachable',
      `no route to ${at}`,
      'check that the host is up, and check the network in between',
    ],
    ENETUNREACH: ['host-unreachable', `no route to ${at}`, 'check the network of this machine'],
    ETIMEDOUT: [
      'connection-timeout',
      `${at} does not answer`,
      'check that the host is up and no firewall drops the packets',
    ],
  }
  const found = known[name]
  if (found !== undefined)
    return new UnreachableError({ code: found[0], message: found[1], hint: found[2] }, error)
  const message = error instanceof Error ? error.message : String(error)
  return new UnreachableError(
    {
      code: 'handshake-failed',
      message: `cannot connect to ${at} with ssh: ${message}`,
      hint: 'if `ssh` itself can connect, set `connection: openssh` for this host',
    },
    error,
  )
}
