import { readFile } from 'node:fs/promises'
import type { AgentAuthMethod, AnyAuthMethod, BaseAgent, ParsedKey, PublicKeyAuthMethod } from 'ssh2'
import { UnreachableError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { fingerprint } from './known-hosts.ts'
import type { SshConfig } from './ssh-config.ts'

/** One thing that can be shown to a server to be let in, with the words for it. */
export interface Identity {
  readonly label: string
  readonly method: AnyAuthMethod
}

export interface IdentityWishes {
  readonly config: SshConfig
  /** Offered alone when given, as with `IdentitiesOnly`; a jump host is offered it after its own. */
  readonly privateKey?: string
  readonly passphrase?: Secret
  readonly password?: Secret
  readonly jump: boolean
}

/** Servers give up after six (`MaxAuthTries`), and punish the address of whoever tries too often (`PerSourcePenalties`). */
const mostKeys = 5

/**
 * What to offer, in order: the configured key, keys of the agent that the configuration names, other keys of the agent, key files, the
 * password. Key files that do not exist are passed over unless the inventory names them.
 * @throws UnreachableError for a key that the inventory names and that cannot be used.
 */
export async function findIdentities(wishes: IdentityWishes): Promise<Identity[]> {
  const { config, privateKey } = wishes
  const held = config.agentSocket === undefined ? [] : await agentIdentities(config.agentSocket, config.user)
  const own = privateKey === undefined ? [] : [await namedKey(privateKey, wishes, held)]
  const keys: HeldIdentity[] = []
  if (privateKey === undefined || wishes.jump) {
    const files: HeldIdentity[] = []
    for (const file of config.identityFiles) {
      const found = await configuredKey(file, wishes, held)
      if (found !== undefined) files.push(found)
    }
    const named = files.filter((file) => file.fromAgent)
    const others = config.identitiesOnly ? [] : held
    keys.push(...named, ...others, ...files)
  }
  const unique = new Map<string, HeldIdentity>()
  for (const identity of [...(wishes.jump ? [] : own), ...keys, ...own]) {
    if (!unique.has(identity.fingerprint)) unique.set(identity.fingerprint, identity)
  }
  return [...[...unique.values()].slice(0, mostKeys), ...passwords(config.user, wishes.password)]
}

interface HeldIdentity extends Identity {
  readonly fingerprint: string
  readonly fromAgent: boolean
}

function passwords(username: string, password: Secret | undefined): Identity[] {
  if (password === undefined) return []
  return [
    { label: 'password', method: { type: 'password', username, password: password.reveal() } },
    {
      label: 'password (keyboard-interactive)',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map((prompt) => (prompt.echo === true ? '' : password.reveal()))),
      },
    },
  ]
}

async function namedKey(
  file: string,
  wishes: IdentityWishes,
  held: readonly HeldIdentity[],
): Promise<HeldIdentity> {
  const read = await readKey(file, wishes)
  if (read.kind === 'usable') return read.identity
  const agents = await throughAgent(file, held)
  if (agents !== undefined) return agents
  throw new UnreachableError(read.problem)
}

async function configuredKey(
  file: string,
  wishes: IdentityWishes,
  held: readonly HeldIdentity[],
): Promise<HeldIdentity | undefined> {
  const agents = await throughAgent(file, held)
  if (agents !== undefined) return agents
  const read = await readKey(file, wishes)
  return read.kind === 'usable' ? read.identity : undefined
}

type ReadKey =
  | { readonly kind: 'usable'; readonly identity: HeldIdentity }
  | {
      readonly kind: 'unusable'
      readonly problem: { readonly code: string; readonly message: string; readonly hint: string }
    }

async function readKey(file: string, wishes: IdentityWishes): Promise<ReadKey> {
  let text: Buffer
  try {
    text = await readFile(file)
  } catch (error) {
    return {
      kind: 'unusable',
      problem: {
        code: 'private-key-unreadable',
        message: `the private key ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        hint: 'set `private_key` to a key file that you may read, or leave it out to use your ssh configuration and agent',
      },
    }
  }
  const { utils } = (await import('ssh2')).default
  const parse = (passphrase?: string): ParsedKey | Error => {
    const parsed: ParsedKey | Error | (ParsedKey | Error)[] = utils.parseKey(text, passphrase)
    return Array.isArray(parsed) ? (parsed[0] ?? new Error('no key in it')) : parsed
  }
  const key = parse(wishes.passphrase?.reveal())
  if (!(key instanceof Error)) {
    if (!key.isPrivateKey()) {
      return {
        kind: 'unusable',
        problem: {
          code: 'private-key-invalid',
          message: `${file} holds no private key`,
          hint: 'set `private_key` to the file without `.pub`',
        },
      }
    }
    const method: PublicKeyAuthMethod = { type: 'publickey', username: wishes.config.user, key }
    return {
      kind: 'usable',
      identity: {
        label: `key ${file}`,
        method,
        fingerprint: fingerprint(key.getPublicSSH()),
        fromAgent: false,
      },
    }
  }
  const encrypted = /encrypted|passphrase|bad decrypt|integrity/i.test(key.message)
  return {
    kind: 'unusable',
    problem: encrypted
      ? {
          code: wishes.passphrase === undefined ? 'passphrase-needed' : 'passphrase-wrong',
          message:
            wishes.passphrase === undefined
              ? `the private key ${file} is encrypted, and no passphrase was given`
              : `the passphrase does not open the private key ${file}`,
          hint: `add the key to your agent with \`ssh-add ${file}\`, or give the right passphrase`,
        }
      : {
          code: 'private-key-invalid',
          message: `the private key ${file} cannot be used: ${key.message}`,
          hint: 'security keys and certificates need `connection: openssh`',
        },
  }
}

/** The agent's key that goes with a file, told by the public half beside it. */
async function throughAgent(file: string, held: readonly HeldIdentity[]): Promise<HeldIdentity | undefined> {
  if (held.length === 0) return undefined
  for (const candidate of [`${file}.pub`, file]) {
    const text = await readFile(candidate, 'utf8').catch(() => '')
    const encoded = /^(?:ssh|ecdsa)-\S+ (\S+)/.exec(text)?.[1]
    if (encoded === undefined) continue
    const wanted = fingerprint(Buffer.from(encoded, 'base64'))
    const found = held.find((identity) => identity.fingerprint === wanted)
    if (found !== undefined) return { ...found, label: `${found.label} for ${file}` }
  }
  return undefined
}

/** An agent that is not there, or does not answer, holds no keys. */
async function agentIdentities(socket: string, username: string): Promise<HeldIdentity[]> {
  const { BaseAgent: Base, OpenSSHAgent } = (await import('ssh2')).default
  const agent = new OpenSSHAgent(socket)
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    agent.getIdentities((error, found) => resolve(error || found === undefined ? [] : asKeys(found)))
  })
  const sign = agent.sign.bind(agent) as (...parameters: unknown[]) => void
  return keys.map((key) => {
    // ssh2 offers all that an agent holds in one go: an agent of one key keeps the order, and the number, ours.
    class OneKey extends Base<ParsedKey> {
      getIdentities(callback: Parameters<BaseAgent<ParsedKey>['getIdentities']>[0]): void {
        callback(undefined, [key])
      }
      sign(...parameters: unknown[]): void {
        sign(...parameters)
      }
    }
    const method: AgentAuthMethod = { type: 'agent', username, agent: new OneKey() }
    const name = fingerprint(key.getPublicSSH())
    return { label: `agent key ${key.comment || name}`, method, fingerprint: name, fromAgent: true }
  })
}

function asKeys(found: readonly unknown[]): ParsedKey[] {
  return found.filter(
    (key): key is ParsedKey => typeof key === 'object' && key !== null && 'getPublicSSH' in key,
  )
}
