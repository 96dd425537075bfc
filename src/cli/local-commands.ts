/** The commands that connect to no host. Each is loaded when it is used. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import { inventoryAliases, inventoryFlags, limitFlag, outputAliases, outputFlags } from './flags.ts'
import type { InventoryCommandFlags } from './commands/inventory-command.ts'
import type { ModulesFlags } from './commands/modules-command.ts'
import type { RunsFlags } from './commands/runs-command.ts'

/** The most important flags. stricli would print all of them in one line. */
const usage = {
  runs: '-i inventory [-vv] [<id>]',
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

const runs = buildCommand<RunsFlags, [string?], Context>({
  loader: async () => (await import('./commands/runs-command.ts')).runsCommand,
  docs: {
    brief: 'List the recorded runs, or show one again',
    customUsage: [usage.runs],
    fullDescription:
      'Each run is recorded in .gpuplay/runs beside its inventory, or in ~/.local/state/gpuplay. $GPUPLAY_KEEP_RUNS is the number of records to keep. Default: 50',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, brief: 'A run, or the beginning of its ID', placeholder: 'id', optional: true },
      ],
    },
    flags: {
      inventory: inventoryFlags.inventory,
      output: {
        kind: 'enum',
        values: ['plain', 'jsonl'],
        default: 'plain',
        brief: 'plain: for people; jsonl: one run or event per line',
      },
      diff: { kind: 'boolean', withNegated: false, brief: 'Show changes to files and settings as diffs' },
      color: outputFlags.color,
      verbose: {
        kind: 'counter',
        brief: 'Print more; give it twice to print every action and installer logs',
      },
    },
    aliases: { i: inventoryAliases.i, D: 'diff', ...outputAliases },
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
  runs: { command: runs, usage: usage.runs },
  inventory: { command: inventory, usage: usage.inventory },
  modules: { command: modules, usage: usage.modules },
  init: { command: init, usage: usage.init },
} as const
