/** The commands of `gpuplay`, each loaded when it is used: what a command does not need it does not pay for at start-up. */
import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  text_en,
  type Command,
} from '@stricli/core'
import { exitCodes, InputError } from '../base/errors.ts'
import type { Context } from './context.ts'
import {
  connectionAliases,
  connectionFlags,
  inventoryAliases,
  inventoryFlags,
  outputAliases,
  outputFlags,
  positiveNumber,
} from './flags.ts'
import type { ExecFlags } from './commands/exec.ts'
import type { FactsFlags } from './commands/facts.ts'
import type { InventoryCommandFlags } from './commands/inventory.ts'
import type { ModulesFlags } from './commands/modules.ts'
import type { RunFlags } from './commands/run.ts'

/** The flags that matter, instead of all of them in one line. */
const usage = {
  run: '-i inventory [--check] [--diff] [--limit pattern] [-e name=value] <playbook>...',
  inventory: '-i inventory (--list | --graph | --host name)',
  facts: '-i inventory [--only name,...] <pattern>',
  exec: '-i inventory [--become] [--shell] <pattern> -- <command> [argument]...',
} as const

const run = buildCommand<RunFlags, string[], Context>({
  loader: async () => (await import('./commands/run.ts')).run,
  docs: {
    brief: 'Bring hosts to the state that playbooks declare',
    customUsage: [usage.run],
    fullDescription:
      'Runs playbooks in order. With --check nothing is changed anywhere: the plan is printed, and what it says will change is what a run then changes.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'Playbook files', placeholder: 'playbook' },
      minimum: 1,
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      ...outputFlags,
      check: { kind: 'boolean', withNegated: false, brief: 'Dry run: change nothing, say what would change' },
      diff: { kind: 'boolean', withNegated: false, brief: 'Show what changes in files and settings' },
      limit: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'Only these hosts, of those that a play names',
        placeholder: 'pattern',
      },
      tags: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Only tasks with one of these tags',
        placeholder: 'tag,...',
      },
      skipTags: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Not the tasks with one of these tags',
        placeholder: 'tag,...',
      },
      forks: {
        kind: 'parsed',
        parse: positiveNumber,
        default: '50',
        brief: 'How many hosts work at the same time',
        placeholder: 'number',
      },
      failOnChange: {
        kind: 'boolean',
        withNegated: false,
        brief: 'With --check: exit 8 when something would change',
      },
      stepByStep: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Plan and send every task by itself; slower, with the same result',
      },
      profile: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Say at the end how long each task connected, looked, acted and waited',
      },
    },
    aliases: {
      ...inventoryAliases,
      ...connectionAliases,
      ...outputAliases,
      C: 'check',
      D: 'diff',
      l: 'limit',
      t: 'tags',
      f: 'forks',
    },
  },
})

const inventory = buildCommand<InventoryCommandFlags, [], Context>({
  loader: async () => (await import('./commands/inventory.ts')).inventory,
  docs: {
    brief: 'Show what the inventory says, without connecting anywhere',
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
        brief: 'The variables of one host, and where each was set',
        placeholder: 'name',
      },
      limit: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'Only these hosts',
        placeholder: 'pattern',
      },
    },
    aliases: { ...inventoryAliases, l: 'limit' },
  },
})

const modules = buildCommand<ModulesFlags, [string?], Context>({
  loader: async () => (await import('./commands/modules.ts')).modules,
  docs: { brief: 'List the modules, or tell all about one' },
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

const facts = buildCommand<FactsFlags, [string], Context>({
  loader: async () => (await import('./commands/facts.ts')).facts,
  docs: { brief: 'Read the facts of hosts', customUsage: [usage.facts] },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Which hosts', placeholder: 'pattern' }],
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      only: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Only these facts',
        placeholder: 'name,...',
      },
    },
    aliases: { ...inventoryAliases, ...connectionAliases },
  },
})

const exec = buildCommand<ExecFlags, string[], Context>({
  loader: async () => (await import('./commands/exec.ts')).exec,
  docs: {
    brief: 'Run a command on hosts, as it is',
    customUsage: [usage.exec],
    fullDescription:
      'The exit code is 0 when the command gave 0 everywhere, 7 when it did not, 3 when a host could not be reached.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        brief: 'Which hosts, then the command',
        placeholder: 'pattern-and-command',
      },
      minimum: 2,
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      forks: {
        kind: 'parsed',
        parse: positiveNumber,
        default: '50',
        brief: 'How many hosts work at the same time',
        placeholder: 'number',
      },
      become: { kind: 'boolean', withNegated: false, brief: 'With sudo' },
      shell: { kind: 'boolean', withNegated: false, brief: 'The words are one line for /bin/sh' },
    },
    aliases: { ...inventoryAliases, ...connectionAliases, f: 'forks', b: 'become' },
  },
})

/** stricli's list of commands would show the generated line, `customUsage` or not. */
function withUsage(command: Command<Context>, line: string): Command<Context> {
  return { ...command, formatUsageLine: ({ prefix }) => `${prefix.join(' ')} ${line}` }
}

export function createApplication(version: string): Application<Context> {
  return buildApplication<Context>(
    buildRouteMap({
      routes: {
        run: withUsage(run, usage.run),
        inventory: withUsage(inventory, usage.inventory),
        modules,
        facts: withUsage(facts, usage.facts),
        exec: withUsage(exec, usage.exec),
      },
      docs: { brief: 'Agentless playbooks for GPUs in Proxmox containers' },
    }),
    {
      name: 'gpuplay',
      versionInfo: { currentVersion: version },
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: { caseStyle: 'convert-camel-to-kebab', useAliasInUsageLine: true },
      localization: { defaultLocale: 'en', loadText: () => text_en },
      determineExitCode: (error) =>
        error instanceof InputError ? exitCodes.invalidInput : exitCodes.internal,
    },
  )
}
