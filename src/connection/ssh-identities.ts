import type { AgentAuthMethod, AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2'
import { UnreachableError } from '../base/errors.ts'
import { readRegularFileLater } from '../base/regular-file.ts'
import type { Secret } from '../base/secret.ts'
import { whenAborted } from './channel.ts'
import { Deadline } from './deadline.ts'
import type { KeyFiles } from './key-files.ts'
import { fingerprint } from './known-hosts.ts'
import type { SshConfig } from './ssh-config.ts'

/** A credential for a server, with its label. */
export interface Identity {
  readonly label: string
  readonly method: AnyAuthMethod
}

export interface IdentityWishes {
  readonly config: SshConfig
  /**
   * If set, only this key is offered, as with `IdentitiesOnly`. A jump host is offered it after its own keys.
   */
  readonly privateKey?: string
  readonly passphrase?: Secret
  readonly password?: Secret
  readonly jump: boolean
  readonly keys: KeyFiles
  readonly signal: AbortSignal
}

/**
 * Servers disconnect after six attempts (`MaxAuthTries`), and penalize addresses with too many failures
 * (`PerSourcePenalties`).
 */
const mostKeys = 5

/**
 * Returns the credentials in the order in which to offer them: the inventory's key, agent keys that the
 * configuration names, other agent keys, key files, the password. Missing key files are skipped unless the
 * inventory names them.
 * @throws UnreachableError if a key that the inventory names cannot be used
 */
export async function findIdentities(wishes: IdentityWishes): Promise<Identity[]> {
  const { config, privateKey } = wishes
  const held =
    config.agentSocket === undefined
      ? []
      : await agentIdentities(config.agentSocket, config.user, wishes.signal)
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
  const read = await wishes.keys.read(file, wishes.passphrase)
  if (read.kind === 'usable') return ofFile(file, read.key, wishes)
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
  const read = await wishes.keys.read(file, wishes.passphrase)
  return read.kind === 'usable' ? ofFile(file, read.key, wishes) : undefined
}

function ofFile(file: string, key: ParsedKey, { config }: IdentityWishes): HeldIdentity {
  return {
    label: `key ${file}`,
    method: { type: 'publickey', username: config.user, key },
    fingerprint: fingerprint(key.getPublicSSH()),
    fromAgent: false,
  }
}

/** The agent's key that matches a file, according to the public half next to it. */
async function throughAgent(file: string, held: readonly HeldIdentity[]): Promise<HeldIdentity | undefined> {
  if (held.length === 0) return undefined
  for (const candidate of [`${file}.pub`, file]) {
    const read = await readRegularFileLater(candidate, 1024 * 1024)
    const text = read.kind === 'bytes' ? read.bytes.toString('utf8') : ''
    const encoded = /^(?:ssh|ecdsa)-\S+ (\S+)/.exec(text)?.[1]
    if (encoded === undefined) continue
    const wanted = fingerprint(Buffer.from(encoded, 'base64'))
    const found = held.find((identity) => identity.fingerprint === wanted)
    if (found !== undefined) return { ...found, label: `${found.label} for ${file}` }
  }
  return undefined
}

/** Milliseconds within which an agent must list its keys. */
const agentTime = 10_000

/** An agent that is missing or does not answer has no keys. */
async function agentIdentities(
  socket: string,
  username: string,
  signal: AbortSignal,
): Promise<HeldIdentity[]> {
  const { BaseAgent: Base, OpenSSHAgent } = (await import('ssh2')).default
  const agent = new OpenSSHAgent(socket)
  const deadline = new Deadline([signal], agentTime)
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    whenAborted(deadline.signal, () => resolve([]))
    agent.getIdentities((error, found) => resolve(error || found === undefined ? [] : asKeys(found)))
  })
  deadline.end()
  signal.throwIfAborted()
  const sign = agent.sign.bind(agent) as (...parameters: unknown[]) => void
  return keys.map((key) => {
    // ssh2 offers all keys of an agent in one go. An agent with a single key lets us control their order and
    // number.
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
