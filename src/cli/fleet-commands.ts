/** The commands that connect to hosts. Each is loaded when it is used, so that start-up loads nothing else. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import {
  connectionAliases,
  connectionFlags,
  forksFlag,
  inventoryAliases,
  inventoryFlags,
  limitFlag,
  outputAliases,
  outputFlags,
} from './flags.ts'
import type { ExplainFlags } from './commands/explain-command.ts'
import type { ExecFlags } from './commands/exec-command.ts'
import type { FactsFlags } from './commands/facts-command.ts'
import type { RunFlags } from './commands/run-command.ts'
import type { StatusFlags } from './commands/status-command.ts'

/** The most important flags. stricli would print all of them in one line. */
const usage = {
  run: '-i inventory [--check] [-l pattern] [-e name=value] <playbook>...',
  status: '-i inventory [--limit pattern] [--output json]',
  facts: '-i inventory [--only name,...] <pattern>',
  explain: '-i inventory var <name> --host name [<playbook>...]',
  exec: '-i inventory [--become] [--shell] <pattern> -- <command>...',
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
      forks: forksFlag,
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

const status = buildCommand<StatusFlags, [], Context>({
  loader: async () => (await import('./commands/status-command.ts')).statusCommand,
  docs: {
    brief: 'Show the drivers and GPUs of all nodes and containers',
    customUsage: [usage.status],
    fullDescription:
      'Changes nothing. The exit code is 0 if everything is in order, otherwise 8; the cause and the fix follow the table.',
  },
  parameters: {
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      limit: limitFlag,
      forks: forksFlag,
      output: {
        kind: 'enum',
        values: ['text', 'json'],
        default: 'text',
        brief: 'text: a table; json: for programs, see docs/reference.md',
      },
      color: outputFlags.color,
    },
    aliases: { ...inventoryAliases, ...connectionAliases, l: 'limit', f: 'forks' },
  },
})

const explain = buildCommand<ExplainFlags, string[], Context>({
  loader: async () => (await import('./commands/explain-command.ts')).explainCommand,
  docs: {
    brief: 'Explain where the value of a variable comes from',
    customUsage: [usage.explain],
    fullDescription:
      'Shows everything that sets the variable on the host, strongest first, with its place. With playbooks also their plays, roles and tasks. Connects to no host, so values that need facts or results are unknown.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'var and its name, then playbook files', placeholder: 'word' },
      minimum: 2,
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      host: { kind: 'parsed', parse: String, brief: 'The host', placeholder: 'name' },
    },
    aliases: { ...inventoryAliases, ...connectionAliases },
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
      forks: forksFlag,
      become: { kind: 'boolean', withNegated: false, brief: 'Run with sudo' },
      shell: { kind: 'boolean', withNegated: false, brief: 'Run the command line with /bin/sh' },
    },
    aliases: { ...inventoryAliases, ...connectionAliases, f: 'forks', b: 'become' },
  },
})

export const fleetCommands = {
  run: { command: run, usage: usage.run },
  status: { command: status, usage: usage.status },
  explain: { command: explain, usage: usage.explain },
  facts: { command: facts, usage: usage.facts },
  exec: { command: exec, usage: usage.exec },
} as const
