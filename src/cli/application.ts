/** The commands of `gpuplay`. Each is loaded when it is used, so that start-up loads nothing else. */
import { type Application, buildApplication, buildCommand, buildRouteMap, type Command } from '@stricli/core'
import { exitCodes, InputError } from '../base/errors.ts'
import type { Context } from './context.ts'
import { wrapHelp } from './help.ts'
import { shippedHelp } from './shipped.ts'
import { textsFor } from './texts.ts'
import {
  connectionAliases,
  connectionFlags,
  inventoryAliases,
  inventoryFlags,
  outputAliases,
  outputFlags,
  positiveNumber,
} from './flags.ts'
import type { ExecFlags } from './commands/exec-command.ts'
import type { FactsFlags } from './commands/facts-command.ts'
import type { InventoryCommandFlags } from './commands/inventory-command.ts'
import type { ModulesFlags } from './commands/modules-command.ts'
import type { RunFlags } from './commands/run-command.ts'

/** The most important flags. stricli would print all of them in one line. */
const usage = {
  run: '-i inventory [--check] [--diff] [--limit pattern] [-e name=value] <playbook>...',
  inventory: '-i inventory (--list | --graph | --host name)',
  modules: '[--json] [<name>]',
  init: '[<directory>]',
  facts: '-i inventory [--only name,...] <pattern>',
  exec: '-i inventory [--become] [--shell] <pattern> -- <command> [argument]...',
} as const

const run = buildCommand<RunFlags, string[], Context>({
  loader: async () => (await import('./commands/run-command.ts')).runCommand,
  docs: {
    brief: 'Apply playbooks to hosts',
    customUsage: [usage.run],
    fullDescription:
      'Runs playbooks in order. With --check, prints the plan and changes nothing; a run then makes these changes.',
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
      check: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Dry run: print what would change, change nothing',
      },
      diff: { kind: 'boolean', withNegated: false, brief: 'Show changes to files and settings as diffs' },
      limit: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'Limit the run to these hosts',
        placeholder: 'pattern',
      },
      tags: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Run only tasks with one of these tags',
        placeholder: 'tag,...',
      },
      skipTags: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Skip tasks with one of these tags',
        placeholder: 'tag,...',
      },
      forks: {
        kind: 'parsed',
        parse: positiveNumber,
        default: '50',
        brief: 'Number of hosts to work on at the same time',
        placeholder: 'number',
      },
      failOnChange: {
        kind: 'boolean',
        withNegated: false,
        brief: 'With --check: exit with 8 if something would change',
      },
      stepByStep: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Plan and send one task at a time; slower, same result',
      },
      profile: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Print at the end how long each task spent connecting, reading, changing and waiting',
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

const facts = buildCommand<FactsFlags, [string], Context>({
  loader: async () => (await import('./commands/facts-command.ts')).factsCommand,
  docs: { brief: 'Read the facts of hosts', customUsage: [usage.facts] },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Hosts', placeholder: 'pattern' }],
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
  loader: async () => (await import('./commands/exec-command.ts')).execCommand,
  docs: {
    brief: 'Run a command on hosts',
    customUsage: [usage.exec],
    fullDescription:
      'The exit code is 0 if the command succeeded on all hosts, 7 if it failed on any, 3 if a host was unreachable.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        brief: 'Hosts, then the command',
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
        brief: 'Number of hosts to work on at the same time',
        placeholder: 'number',
      },
      become: { kind: 'boolean', withNegated: false, brief: 'Run with sudo' },
      shell: { kind: 'boolean', withNegated: false, brief: 'Run the command line with /bin/sh' },
    },
    aliases: { ...inventoryAliases, ...connectionAliases, f: 'forks', b: 'become' },
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

const commands = { run, inventory, modules, facts, exec, init } as const

/** Without this, stricli's list of commands shows the generated usage line, even if `customUsage` is set. */
function presented(command: Command<Context>, line: string, more: () => string): Command<Context> {
  return {
    ...command,
    formatUsageLine: ({ prefix }) => `${prefix.join(' ')} ${line}`,
    formatHelp: (args) => wrapHelp(command.formatHelp(args) + more()),
  }
}

/** Returns the options of a command, spelled as on the command line. */
function optionsOf({ parameters }: Command<Context>): readonly string[] {
  return Object.keys(parameters.flags ?? {}).map(
    (name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  )
}

/** Creates the application for one command line. Its error messages depend on the words of that line. */
export function createApplication(
  words: readonly string[],
  { version, shipped }: Pick<Context, 'version' | 'shipped'>,
): Application<Context> {
  const names = Object.keys(commands) as (keyof typeof commands)[]
  const routes = buildRouteMap<string, Context>({
    routes: Object.fromEntries(
      names.map((name) => {
        const more = name === 'run' ? () => shippedHelp(shipped) : () => ''
        return [name, presented(commands[name], usage[name], more)]
      }),
    ),
    docs: { brief: 'Agentless playbooks for GPUs in Proxmox containers' },
  })
  const texts = textsFor(words, Object.fromEntries(names.map((name) => [name, optionsOf(commands[name])])))
  return buildApplication<Context>(
    { ...routes, formatHelp: (args) => wrapHelp(routes.formatHelp(args)) },
    {
      name: 'gpuplay',
      versionInfo: { currentVersion: version },
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: {
        caseStyle: 'convert-camel-to-kebab',
        useAliasInUsageLine: true,
        disableAnsiColor: true,
      },
      localization: { defaultLocale: 'en', loadText: () => texts },
      determineExitCode: (error) =>
        error instanceof InputError ? exitCodes.invalidInput : exitCodes.internal,
    },
  )
}
