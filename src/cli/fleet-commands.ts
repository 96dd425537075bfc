/** The commands that connect to hosts. Each is loaded when it is used, so that start-up loads nothing else. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import {
  connectionAliases,
  connectionFlags,
  forksFlag,
  inventoryAliases,
  inventoryFlags,
  limitFlag,
  outputAliases,
  outputFlags,
  playbooksArgument,
} from './flags.ts'
import { hostCompletion } from './host-completion.ts'
import { selectionAliases, selectionFlags } from './selection-flags.ts'
import type { ExplainFlags } from './commands/explain-command.ts'
import type { ExecFlags } from './commands/exec-command.ts'
import type { FactsFlags } from './commands/facts-command.ts'
import type { MetricsFlags } from './commands/metrics-command.ts'
import type { RunFlags } from './commands/run-command.ts'
import type { StatusFlags } from './commands/status-command.ts'
import type { TestModuleFlags } from './commands/test-module-command.ts'

/** The most important flags. stricli would print all of them in one line. */
const usage = {
  run: '-i inventory [--check] [-l pattern] [-e name=value] <playbook>...',
  status: '-i inventory [--limit pattern] [--output json]',
  metrics: '-i inventory [--limit pattern] [--output file]',
  facts: '-i inventory [--only name,...] <pattern>',
  explain: '-i inventory --host name (var <name> [<playbook>...] | task <name> <playbook>...)',
  testModule: '[-i inventory --host name] modules/<name>.ts',
  exec: '-i inventory [--become] [--shell] <pattern> -- <command>...',
} as const

const examples = {
  run: [
    ['run site.yml -i hosts.yml --check --diff', 'show what would change'],
    ['run site.yml -i hosts.yml -l web,pve1', 'run on some hosts'],
    ['run site.yml -i hosts.yml -e version=580.95.05', 'set a variable'],
    ['run site.yml -i hosts.yml --list-tasks --tags driver', 'list tasks, run none'],
    ['run site.yml -i hosts.yml --rerun-failed', 'repeat the last run where it failed'],
  ],
  status: [
    ['status -i hosts.yml', 'show all nodes and containers'],
    ['status -i hosts.yml --limit pve1 --output json', 'show one host, for a program'],
  ],
  metrics: [
    ['metrics -i hosts.yml', 'print the metrics'],
    ['metrics -i hosts.yml --output gpuplay.prom', 'write them to a file for the textfile collector'],
  ],
  explain: [
    ['explain var port --host web1 -i hosts.yml', 'show what sets a variable'],
    ['explain task Configure site.yml --host web1 -i hosts.yml', 'show what a task would do'],
  ],
  facts: [['facts web -i hosts.yml --only kernel,os', 'read two facts of a group']],
  testModule: [
    ['test-module modules/take-note.ts', 'test a module on this machine'],
    ['test-module modules/take-note.ts -i hosts.yml --host web1', 'on a host'],
  ],
  exec: [
    ['exec all -i hosts.yml -- uptime', 'run a command on all hosts'],
    ["exec web -i hosts.yml -b --shell 'dmesg | tail'", 'run a pipe as root on a group'],
  ],
} as const satisfies Record<keyof typeof usage, Examples>

const run = buildCommand<RunFlags, string[], Context>({
  loader: async () => (await import('./commands/run-command.ts')).runCommand,
  docs: {
    brief: 'Apply playbooks to hosts',
    customUsage: [usage.run],
    fullDescription:
      'Runs playbooks in order. With --check, prints the plan and changes nothing; a run then makes these changes.',
  },
  parameters: {
    positional: playbooksArgument,
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      ...outputFlags,
      check: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Dry run: print what would change, change nothing',
      },
      ...selectionFlags,
      step: { kind: 'boolean', withNegated: false, brief: 'Ask before each task whether to run it' },
      listHosts: { kind: 'boolean', withNegated: false, brief: 'List the hosts of each play, run nothing' },
      listTasks: { kind: 'boolean', withNegated: false, brief: 'List the tasks of each play, run nothing' },
      listTags: { kind: 'boolean', withNegated: false, brief: 'List the tags of each play, run nothing' },
      syntaxCheck: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Report the mistakes in all files, run nothing',
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
      ...selectionAliases,
      C: 'check',
    },
  },
})

const fleetFlags = { ...inventoryFlags, ...connectionFlags, limit: limitFlag, forks: forksFlag }
const fleetAliases = { ...inventoryAliases, ...connectionAliases, l: 'limit', f: 'forks' } as const

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
      ...fleetFlags,
      output: {
        kind: 'enum',
        values: ['text', 'json'],
        default: 'text',
        brief: 'text: a table; json: for programs, see docs/reference.md',
      },
      color: outputFlags.color,
    },
    aliases: fleetAliases,
  },
})

const metrics = buildCommand<MetricsFlags, [], Context>({
  loader: async () => (await import('./commands/metrics-command.ts')).metricsCommand,
  docs: {
    brief: 'Print what status knows as metrics for Prometheus',
    customUsage: [usage.metrics],
    fullDescription:
      'Changes nothing. The exit code is 0 even if something is off: the metrics say so. docs/command-line.md lists them.',
  },
  parameters: {
    flags: {
      ...fleetFlags,
      output: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'Replace this file at once, for the textfile collector of node_exporter',
        placeholder: 'file',
      },
    },
    aliases: fleetAliases,
  },
})

const explain = buildCommand<ExplainFlags, string[], Context>({
  loader: async () => (await import('./commands/explain-command.ts')).explainCommand,
  docs: {
    brief: 'Explain where a value comes from, or what a task would do',
    customUsage: [usage.explain],
    fullDescription:
      'var: everything that sets the variable on the host, strongest first, with its place; with playbooks also in their plays, roles and tasks. Connects to no host, so values that need facts or results are unknown. task: makes a dry run on the host and shows the conditions, arguments, reads and changes of the task. Its name is that of --list-tasks or its ID.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'var or task, its name, then playbook files', placeholder: 'word' },
      minimum: 2,
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      host: {
        kind: 'parsed',
        parse: String,
        brief: 'The host',
        placeholder: 'name',
        proposeCompletions: hostCompletion,
      },
    },
    aliases: { ...inventoryAliases, ...connectionAliases },
  },
})

const testModule = buildCommand<TestModuleFlags, [string], Context>({
  loader: async () => (await import('./commands/test-module-command.ts')).testModuleCommand,
  docs: {
    brief: 'Test a module of a project or a role',
    customUsage: [usage.testModule],
    fullDescription:
      'Runs the cases in NAME.cases.yml beside the module on a host, by default on this machine, and checks the rules for modules: a dry run changes nothing, a run makes the predicted changes and declares all of them, a second run changes nothing. The cases change the host.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'The file of the module', placeholder: 'path' }],
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      host: {
        kind: 'parsed',
        parse: String,
        optional: true,
        brief: 'The host. Default: this machine',
        placeholder: 'name',
        proposeCompletions: hostCompletion,
      },
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
      parameters: [
        { parse: String, proposeCompletions: hostCompletion, brief: 'Hosts', placeholder: 'pattern' },
      ],
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      forks: forksFlag,
      only: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Only these facts',
        placeholder: 'name,...',
      },
    },
    aliases: { ...inventoryAliases, ...connectionAliases, f: 'forks' },
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
        proposeCompletions: hostCompletion,
        brief: 'Hosts, then the command',
        placeholder: 'pattern-and-command',
      },
      minimum: 2,
    },
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      forks: forksFlag,
      shell: { kind: 'boolean', withNegated: false, brief: 'Run the command line with /bin/sh' },
    },
    aliases: { ...inventoryAliases, ...connectionAliases, f: 'forks' },
  },
})

export const fleetCommands = {
  run: { command: run, usage: usage.run, examples: examples.run },
  status: { command: status, usage: usage.status, examples: examples.status },
  metrics: { command: metrics, usage: usage.metrics, examples: examples.metrics },
  explain: { command: explain, usage: usage.explain, examples: examples.explain },
  facts: { command: facts, usage: usage.facts, examples: examples.facts },
  'test-module': { command: testModule, usage: usage.testModule, examples: examples.testModule },
  exec: { command: exec, usage: usage.exec, examples: examples.exec },
} as const
