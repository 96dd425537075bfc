/** The commands that connect to no host. Each is loaded when it is used. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import { inventoryAliases, inventoryFlags, limitFlag } from './flags.ts'
import type { InventoryCommandFlags } from './commands/inventory-command.ts'
import type { ModulesFlags } from './commands/modules-command.ts'

/** The most important flags. stricli would print all of them in one line. */
const usage = {
  inventory: '-i inventory (--list | --graph | --host name)',
  modules: '[--json] [<name>]',
  init: '[<directory>]',
} as const

const inventory = buildCommand<InventoryCommandFlags, [], Context>({
  loader: async () => (await import('./commands/inventory-command.ts')).inventoryCommand,
  docs: {
    brief: 'Show the inventory, without connecting to hosts',
    customUsage: [usage.inventory],
  },
  parameters: {
    flags: {
      ...inventoryFlags,
      list: {
        kind: 'boolean',
        withNegated: false,
        brief: 'All hosts with their variables and all groups, as JSON',
      },
      graph: { kind: 'boolean', withNegated: false, brief: 'Groups and hosts as a tree' },
      host: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'Variables of one host, and where each was set',
        placeholder: 'name',
      },
      limit: limitFlag,
    },
    aliases: { ...inventoryAliases, l: 'limit' },
  },
})

const modules = buildCommand<ModulesFlags, [string?], Context>({
  loader: async () => (await import('./commands/modules-command.ts')).modulesCommand,
  docs: { brief: 'List modules, or describe one', customUsage: [usage.modules] },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Name of a module', placeholder: 'name', optional: true }],
    },
    flags: {
      json: {
        kind: 'boolean',
        withNegated: false,
        brief: 'As JSON, with the schemas of arguments and results',
      },
    },
  },
})

const init = buildCommand<object, [string?], Context>({
  loader: async () => (await import('./commands/init-command.ts')).initCommand,
  docs: { brief: 'Copy the example inventory to a new directory', customUsage: [usage.init] },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          brief: 'Directory to create. Default: inventory',
          placeholder: 'directory',
          optional: true,
        },
      ],
    },
  },
})

export const localCommands = {
  inventory: { command: inventory, usage: usage.inventory },
  modules: { command: modules, usage: usage.modules },
  init: { command: init, usage: usage.init },
} as const
