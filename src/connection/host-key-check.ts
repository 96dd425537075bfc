import type { ServerHostKeyAlgorithm } from 'ssh2'
import { quote } from '../base/shell.ts'
import { UnreachableError } from '../base/errors.ts'
import type { HostKeyChecking } from './connection.ts'
import {
  type HostKeyVerdict,
  type KnownHost,
  addKnownHost,
  entriesFor,
  fingerprint,
  judgeHostKey,
  keyTypeOf,
  knownHostName,
  preferredAlgorithms,
} from './known-hosts.ts'
import type { SshConfig } from './ssh-config.ts'
import type { SshShared } from './ssh-shared.ts'

/** Checks the host key of one server, once. */
export interface HostKeyCheck {
  /** Signature algorithms to request, those of known keys first. */
  readonly algorithms: ServerHostKeyAlgorithm[] | undefined
  /** Resolves to `true` only for a trusted key; otherwise `refusal` explains why not. */
  judge(key: Buffer): Promise<boolean>
  readonly refusal: UnreachableError | undefined
}

export interface HostKeyWishes {
  readonly hostKeyChecking?: HostKeyChecking
  readonly knownHosts?: string
}

/**
 * Reads the known hosts of the configuration, or the one file given instead.
 * @throws UnreachableError if a file cannot be read: nothing can be trusted then, whatever the checking
 */
export async function hostKeyCheck(
  config: SshConfig,
  wishes: HostKeyWishes,
  { effects, knownHosts }: Pick<SshShared, 'effects' | 'knownHosts'>,
): Promise<HostKeyCheck> {
  const checking = wishes.hostKeyChecking ?? config.hostKeyChecking ?? 'strict'
  const userFiles = wishes.knownHosts === undefined ? config.userKnownHosts : [wishes.knownHosts]
  const files = wishes.knownHosts === undefined ? [...userFiles, ...config.globalKnownHosts] : userFiles
  const name = config.hostKeyAlias ?? knownHostName(config.hostname, config.port)
  const names = [name, knownHostName(config.hostname, 22)]
  const hosts = await knownHosts.entries(files, names).catch((error: unknown) => {
    throw new UnreachableError(
      {
        code: 'known-hosts-unreadable',
        message: error instanceof Error ? error.message : String(error),
        hint: 'fix this known_hosts file: without it, no host can be trusted',
      },
      error,
    )
  })
  let refusal: UnreachableError | undefined
  return {
    algorithms: preferredAlgorithms(entriesFor(hosts, name)),
    get refusal() {
      return refusal
    },
    async judge(key) {
      const verdict = judgeWithFallback(hosts, { name, config, key })
      if (verdict.kind === 'known') return true
      if (checking === 'off' && verdict.kind !== 'revoked') return true
      const file = userFiles[0]
      if (checking === 'accept-new' && verdict.kind === 'unknown' && file !== undefined) {
        const salt = config.hashKnownHosts ? effects.random(20) : undefined
        try {
          await addKnownHost(file, salt === undefined ? { name, key } : { name, key, salt })
          return true
        } catch (error) {
          refusal = new UnreachableError(
            {
              code: 'known-hosts-unwritable',
              message: `cannot write the new key of ${name} to ${file}: ${error instanceof Error ? error.message : String(error)}`,
              hint: 'fix the permissions of that file',
            },
            error,
          )
          return false
        }
      }
      refusal = describeRefusal(verdict, { name, config, key, file: wishes.knownHosts })
      return false
    },
  }
}

/**
 * As in OpenSSH, a key recorded without a port is also valid for the host's other ports, but never makes one
 * count as changed.
 */
function judgeWithFallback(
  hosts: readonly KnownHost[],
  { name, config, key }: { name: string; config: SshConfig; key: Buffer },
): HostKeyVerdict {
  const verdict = judgeHostKey(hosts, name, key)
  if (verdict.kind !== 'unknown' || config.port === 22 || config.hostKeyAlias !== undefined) return verdict
  const bare = judgeHostKey(hosts, knownHostName(config.hostname, 22), key)
  return bare.kind === 'known' || bare.kind === 'revoked' ? bare : verdict
}

interface Refused {
  readonly name: string
  readonly config: SshConfig
  readonly key: Buffer
  /** The file that the inventory sets. */
  readonly file: string | undefined
}

function describeRefusal(
  verdict: Exclude<HostKeyVerdict, { kind: 'known' }>,
  { name, config, key, file }: Refused,
): UnreachableError {
  const shown = `${keyTypeOf(key)} ${fingerprint(key)}`
  const port = config.port === 22 ? '' : `-p ${config.port} `
  const fileOption = file === undefined ? '' : ` -o UserKnownHostsFile=${quote(file)}`
  const connect = `ssh ${port}${config.user}@${config.hostname}${fileOption}`
  if (verdict.kind === 'unknown') {
    const authority = verdict.authorities
      ? '; its certificate authority is known, but only `connection: openssh` can use it'
      : ''
    return new UnreachableError({
      code: 'host-key-unknown',
      message: `the host key of ${name} is not known (${shown})${authority}`,
      hint: `compare the fingerprint with \`ssh-keygen -lf\` on the host, then connect once with \`${connect}\` and accept it, or set \`host_key_checking: accept-new\``,
    })
  }
  const { entry } = verdict
  if (verdict.kind === 'revoked') {
    return new UnreachableError({
      code: 'host-key-revoked',
      message: `the host key of ${name} (${shown}) is revoked in ${entry.file} line ${entry.line}`,
      hint: 'the key may be compromised: generate new host keys and add them to known_hosts',
    })
  }
  return new UnreachableError({
    code: 'host-key-changed',
    message: `the host key of ${name} does not match ${entry.file} line ${entry.line}: the host sent ${shown}, the file has ${entry.keyType} ${fingerprint(entry.key)}`,
    hint: `someone may be intercepting the connection. If the host was reinstalled, run \`ssh-keygen -f ${quote(entry.file)} -R ${quote(name)}\`, then \`${connect}\``,
  })
}
