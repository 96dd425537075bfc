/** The keys of `gpuplay.yml`. Each is also a variable of the environment: `keep_runs` is `GPUPLAY_KEEP_RUNS`. */

export interface Configuration {
  readonly inventory?: readonly string[]
  readonly user?: string
  readonly privateKey?: string
  readonly hostKeyChecking?: 'strict' | 'accept-new' | 'off'
  readonly connectTimeout?: number
  readonly connection?: 'ssh' | 'openssh' | 'local'
  readonly become?: boolean
  readonly becomeUser?: string
  readonly forks: number
  readonly forceHandlers: boolean
  readonly output: 'auto' | 'plain' | 'jsonl'
  readonly color: 'auto' | 'always' | 'never'
  readonly diff: boolean
  readonly keepRuns: number
  readonly lintSkip: readonly string[]
  readonly ageIdentities?: readonly string[]
  readonly ageRecipients?: readonly string[]
  readonly vaultPasswordFiles?: readonly string[]
}

export type ConfigurationKey = keyof Configuration

interface Kind<T> {
  /** For messages: `a whole number above 0`. */
  readonly expected: string
  /** Returns undefined for a wrong value. The environment gives texts, the file values of YAML. */
  readonly read: (value: unknown) => T | undefined
}

interface Key<T> extends Kind<NonNullable<T>> {
  readonly name: string
  readonly description: string
  readonly otherwise: T
  /** The value is a path: the one in a file is relative to the folder of the file. */
  readonly path?: boolean
}

const text: Kind<string> = {
  expected: 'a text',
  read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
}

/** One text, or in the file also a list of them. */
const sources: Kind<readonly string[]> = {
  expected: 'a path or a list of paths',
  read: (value) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    const paths = items.flatMap((item) => text.read(item) ?? [])
    return paths.length === items.length && paths.length > 0 ? paths : undefined
  },
}

const words: Kind<readonly string[]> = {
  expected: 'a list of words',
  read: (value) => {
    const items: readonly unknown[] = typeof value === 'string' ? value.split(',') : list(value)
    const found = items.map((item) => (typeof item === 'string' ? item.trim() : ''))
    return items.length > 0 && found.every((word) => word !== '') ? found : undefined
  },
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function whole(least: 0 | 1): Kind<number> {
  return {
    expected: least === 0 ? 'a whole number' : 'a whole number above 0',
    read: (value) => {
      const written = typeof value === 'number' ? String(value) : value
      const number = typeof written === 'string' && /^\d{1,6}$/.test(written) ? Number(written) : -1
      return number >= least ? number : undefined
    },
  }
}

const yesOrNo: Kind<boolean> = {
  expected: 'true or false',
  read: (value) =>
    value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined,
}

function oneOf<Choice extends string>(...choices: readonly Choice[]): Kind<Choice> {
  return {
    expected: `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`,
    read: (value) => choices.find((choice) => choice === value),
  }
}

/** In the order of `gpuplay config`. */
export const keys: { readonly [Name in ConfigurationKey]-?: Key<Configuration[Name]> } = {
  inventory: {
    ...sources,
    name: 'inventory',
    description: 'inventory files or directories',
    otherwise: undefined,
    path: true,
  },
  connection: {
    ...oneOf('ssh', 'openssh', 'local'),
    name: 'connection',
    description: 'connection to hosts without one in the inventory',
    otherwise: undefined,
  },
  user: { ...text, name: 'user', description: 'SSH user', otherwise: undefined },
  privateKey: { ...text, name: 'private_key', description: 'private key', otherwise: undefined, path: true },
  hostKeyChecking: {
    ...oneOf('strict', 'accept-new', 'off'),
    name: 'host_key_checking',
    description: 'what to do with unknown host keys',
    otherwise: undefined,
  },
  connectTimeout: {
    ...whole(1),
    name: 'connect_timeout',
    description: 'seconds to wait for a connection',
    otherwise: undefined,
  },
  become: { ...yesOrNo, name: 'become', description: 'use sudo', otherwise: undefined },
  becomeUser: { ...text, name: 'become_user', description: 'user for sudo', otherwise: undefined },
  forks: { ...whole(1), name: 'forks', description: 'hosts at the same time', otherwise: 50 },
  forceHandlers: {
    ...yesOrNo,
    name: 'force_handlers',
    description: 'run notified handlers also on hosts that failed',
    otherwise: false,
  },
  output: {
    ...oneOf('auto', 'plain', 'jsonl'),
    name: 'output',
    description: 'output of gpuplay run',
    otherwise: 'auto',
  },
  color: {
    ...oneOf('auto', 'always', 'never'),
    name: 'color',
    description: 'when to use colors',
    otherwise: 'auto',
  },
  diff: { ...yesOrNo, name: 'diff', description: 'show changes as diffs', otherwise: false },
  keepRuns: {
    ...whole(0),
    name: 'keep_runs',
    description: 'logs of runs to keep, and of dry runs as many again; 0 for none',
    otherwise: 50,
  },
  lintSkip: {
    ...words,
    name: 'lint_skip',
    description: 'codes of advice that gpuplay lint leaves out',
    otherwise: [],
  },
  ageIdentities: {
    ...sources,
    name: 'age_identities',
    description: 'files with age keys, which decrypt secrets',
    otherwise: undefined,
    path: true,
  },
  ageRecipients: {
    ...words,
    name: 'age_recipients',
    description: 'public age keys, for which gpuplay secrets encrypts',
    otherwise: undefined,
  },
  vaultPasswordFiles: {
    ...sources,
    name: 'vault_password_files',
    description: 'files with passwords of Ansible Vault',
    otherwise: undefined,
    path: true,
  },
}

/** The variable of the environment for a key of the file. */
export function variableOf(name: string): string {
  return `GPUPLAY_${name.toUpperCase()}`
}

/** The variable that names the file. */
export const fileVariable = 'GPUPLAY_CONFIG'
