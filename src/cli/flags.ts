/** Flags that several commands share. They have the same meaning as in Ansible. */
import type { FlagParametersForType } from '@stricli/core'
import { defaultConnectTimeout } from '../connection/deadline.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import { hostCompletion } from './host-completion.ts'
import { fileFormats, type OutputFile, outputOf, type ScreenFormat, screenFormats } from './output-formats.ts'

/** Passwords of Ansible Vault. Keys of age are in the configuration. */
export interface VaultFlags {
  readonly vaultPasswordFile?: readonly string[]
  readonly vaultId?: readonly string[]
  readonly askVaultPass: boolean
}

export interface InventoryFlags extends VaultFlags {
  readonly inventory?: readonly string[]
  readonly extraVars?: readonly string[]
}

export const vaultFlags: FlagParametersForType<VaultFlags, Context> = {
  vaultPasswordFile: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    optional: true,
    brief: 'File with a password of Ansible Vault, or a program that prints it; can be repeated',
    placeholder: 'file',
  },
  vaultId: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    optional: true,
    brief: 'The same for one vault ID: ID@FILE, or ID@prompt to be asked',
    placeholder: 'id@file',
  },
  askVaultPass: { kind: 'boolean', withNegated: false, brief: 'Ask for the password of Ansible Vault' },
}

export const inventoryFlags: FlagParametersForType<InventoryFlags, Context> = {
  inventory: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    optional: true,
    brief: 'Inventory file or directory; can be repeated. Default: see gpuplay config, otherwise ./inventory',
    placeholder: 'path',
  },
  extraVars: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    optional: true,
    brief: 'Variables that override all others: name=value, a YAML or JSON map, or @file',
    placeholder: 'k=v|@file',
  },
  ...vaultFlags,
}

export const inventoryAliases = { i: 'inventory', e: 'extraVars', J: 'askVaultPass' } as const

export interface ConnectionFlags extends Pick<
  Configuration,
  'connection' | 'user' | 'privateKey' | 'hostKeyChecking' | 'connectTimeout' | 'become' | 'becomeUser'
> {
  readonly askPass: boolean
  readonly askBecomePass: boolean
}

export const connectionFlags: FlagParametersForType<ConnectionFlags, Context> = {
  connection: {
    kind: 'enum',
    values: ['ssh', 'openssh', 'local'],
    optional: true,
    brief: 'Connection to hosts without one in the inventory. Default: ssh',
  },
  user: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'SSH user for hosts without one in the inventory',
    placeholder: 'name',
  },
  privateKey: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Private key for hosts without one in the inventory',
    placeholder: 'file',
  },
  hostKeyChecking: {
    kind: 'enum',
    values: ['strict', 'accept-new', 'off'],
    optional: true,
    brief: 'Unknown host keys: strict refuses them, accept-new saves them, off accepts them. Default: strict',
  },
  connectTimeout: {
    kind: 'parsed',
    parse: positiveNumber,
    optional: true,
    brief: `Seconds to wait for a connection. Default: ${defaultConnectTimeout}`,
    placeholder: 'seconds',
  },
  become: { kind: 'boolean', optional: true, brief: 'Use sudo where neither a task nor the host says' },
  becomeUser: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'User for sudo where neither a task nor the host names one. Default: root',
    placeholder: 'name',
  },
  askPass: { kind: 'boolean', withNegated: false, brief: 'Ask for the SSH password' },
  askBecomePass: { kind: 'boolean', withNegated: false, brief: 'Ask for the sudo password' },
}

export const connectionAliases = {
  c: 'connection',
  u: 'user',
  T: 'connectTimeout',
  b: 'become',
  k: 'askPass',
  K: 'askBecomePass',
} as const

/** The same for all commands that take playbooks. */
export const playbooksArgument = {
  kind: 'array',
  parameter: { parse: String, brief: 'Playbook files', placeholder: 'playbook' },
  minimum: 1,
} as const

/** The same for all commands that work on several hosts at a time. */
export const forksFlag = {
  kind: 'parsed',
  parse: positiveNumber,
  optional: true,
  brief: 'Number of hosts to work on at the same time. Default: 50',
  placeholder: 'number',
} as const

/** The same for all commands that only show hosts. */
export const limitFlag = {
  kind: 'parsed',
  parse: String,
  proposeCompletions: hostCompletion,
  optional: true,
  brief: 'Only these hosts',
  placeholder: 'pattern',
} as const

export interface OutputFlags extends Partial<Pick<Configuration, 'color'>> {
  readonly output?: readonly (ScreenFormat | OutputFile)[]
  readonly verbose: number
  readonly quiet: boolean
}

export const outputFlags: FlagParametersForType<OutputFlags, Context> = {
  output: {
    kind: 'parsed',
    parse: outputOf,
    proposeCompletions: (partial) =>
      [...screenFormats, ...fileFormats.map((format) => `${format}=`)].filter((one) =>
        one.startsWith(partial),
      ),
    variadic: true,
    optional: true,
    brief:
      'auto: live view on a terminal, otherwise plain; plain: one line per task and host; jsonl: one event per line; plain=, jsonl= or junit= and a file: a file with that form. Can be repeated. Default: auto',
    placeholder: 'format[=file]',
  },
  color: {
    kind: 'enum',
    values: ['auto', 'always', 'never'],
    optional: true,
    brief: 'When to use colors; NO_COLOR is respected. Default: auto',
  },
  verbose: { kind: 'counter', brief: 'Print more; give it twice to print every action' },
  quiet: { kind: 'boolean', withNegated: false, brief: 'Print only failures, warnings and the end' },
}

export const outputAliases = { v: 'verbose', q: 'quiet' } as const

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${JSON.stringify(text)} is not a whole number above 0`)
  return value
}
