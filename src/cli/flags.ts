/** Flags that several commands share. They have the same meaning as in Ansible. */
import { defaultConnectTimeout } from '../connection/deadline.ts'
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
    brief: 'Inventory file or directory; can be repeated. Default: $GPUPLAY_INVENTORY, otherwise ./inventory',
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
  askBecomePass: { kind: 'boolean', withNegated: false, brief: 'Ask for the sudo password' },
}

export const connectionAliases = { u: 'user', K: 'askBecomePass' } as const

/** The same for all commands that work on several hosts at a time. */
export const forksFlag = {
  kind: 'parsed',
  parse: positiveNumber,
  default: '50',
  brief: 'Number of hosts to work on at the same time',
  placeholder: 'number',
} as const

/** The same for all commands that only show hosts. */
export const limitFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  brief: 'Only these hosts',
  placeholder: 'pattern',
} as const

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
      'auto: live view on a terminal, otherwise plain; plain: one line per task and host; jsonl: one event per line',
  },
  color: {
    kind: 'enum',
    values: ['auto', 'always', 'never'],
    default: 'auto',
    brief: 'When to use colors; NO_COLOR is respected',
  },
  verbose: { kind: 'counter', brief: 'Print more; give it twice to print every action' },
}

export const outputAliases = { v: 'verbose' } as const

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${JSON.stringify(text)} is not a whole number above 0`)
  return value
}
