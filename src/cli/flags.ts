/** Flags that several commands share, each defined once. They mean what they mean in Ansible. */
import type { FlagParametersForType } from '@stricli/core'

export interface InventoryFlags {
  readonly inventory?: readonly string[]
  readonly extraVars?: readonly string[]
}

export const inventoryFlags: FlagParametersForType<InventoryFlags> = {
  inventory: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    optional: true,
    brief:
      'Inventory file or directory; may be given several times. Default: the environment variable GPUPLAY_INVENTORY, else ./inventory',
    placeholder: 'path',
  },
  extraVars: {
    kind: 'parsed',
    parse: String,
    variadic: true,
    optional: true,
    brief: 'Variables above all others: name=value, a YAML or JSON map, or @file',
    placeholder: 'k=v|@file',
  },
}

export const inventoryAliases = { i: 'inventory', e: 'extraVars' } as const

export interface ConnectionFlags {
  readonly user?: string
  readonly privateKey?: string
  readonly hostKeyChecking?: 'strict' | 'accept-new' | 'off'
  readonly connectTimeout?: number
  readonly askBecomePass: boolean
}

export const connectionFlags: FlagParametersForType<ConnectionFlags> = {
  user: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Log in as this user where the inventory says no other',
    placeholder: 'name',
  },
  privateKey: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Private key where the inventory says no other',
    placeholder: 'file',
  },
  hostKeyChecking: {
    kind: 'enum',
    values: ['strict', 'accept-new', 'off'],
    optional: true,
    brief: 'What to do with a host key that is not known. Default: strict, which refuses it',
  },
  connectTimeout: {
    kind: 'parsed',
    parse: positiveNumber,
    optional: true,
    brief: 'Seconds that a host may take to let us in. Default 20',
    placeholder: 'seconds',
  },
  askBecomePass: { kind: 'boolean', withNegated: false, brief: 'Ask once for the password of sudo' },
}

export const connectionAliases = { u: 'user', K: 'askBecomePass' } as const

export interface OutputFlags {
  readonly output: 'auto' | 'plain' | 'jsonl'
  readonly color: 'auto' | 'always' | 'never'
  readonly verbose: number
}

export const outputFlags: FlagParametersForType<OutputFlags> = {
  output: {
    kind: 'enum',
    values: ['auto', 'plain', 'jsonl'],
    default: 'auto',
    brief:
      'auto: a live view on a terminal, plain elsewhere; plain: a line per task and host; jsonl: one event a line',
  },
  color: {
    kind: 'enum',
    values: ['auto', 'always', 'never'],
    default: 'auto',
    brief: 'Colours; NO_COLOR is obeyed',
  },
  verbose: { kind: 'counter', brief: 'Say more; twice says every action' },
}

export const outputAliases = { v: 'verbose' } as const

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${JSON.stringify(text)} is not a whole number above 0`)
  return value
}
