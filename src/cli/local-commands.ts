/** The commands that connect to no host. Each is loaded when it is used. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import { inventoryAliases, inventoryFlags, limitFlag, outputFlags, playbooksArgument } from './flags.ts'
import { hostCompletion } from './host-completion.ts'
import { modulesDeclared } from './modules-declared.ts'
import { reportDeclared, runsDeclared } from './records-declared.ts'
import { schemaDeclared } from './schema-declared.ts'
import { secretsDeclared } from './secrets-declared.ts'
import type { ConfigFlags } from './commands/config-command.ts'
import type { GraphFlags } from './commands/graph-command.ts'
import type { InventoryCommandFlags } from './commands/inventory-command.ts'
import type { LintFlags } from './commands/lint-command.ts'
import type { InitFlags } from './commands/init-command.ts'

/** The most important flags. stricli would print all of them in one line. */
const usage = {
  lint: '[-i inventory] [--skip code,...] [--fix [--diff]] <path>...',
  graph: '[--format svg] <playbook>...',
  inventory: '-i inventory (--list | --graph | --host name)',
  init: '[--inventory-only] [<directory>]',
  config: '[-i inventory] [--json] [<playbook>...]',
  completion: '(bash | zsh | fish)',
} as const

const examples = {
  lint: [
    ['lint .', 'check all playbooks and roles of a folder'],
    ['lint site.yml roles/web --skip unnamed-task', 'without one kind of advice'],
    ['lint . --fix --diff', 'show what --fix would change'],
  ],
  graph: [
    ['graph site.yml > site.mmd', 'write the flow of a playbook to a file'],
    ['graph site.yml --format svg > site.svg', 'draw it'],
  ],
  inventory: [
    ['inventory -i hosts.yml --graph', 'show groups and hosts'],
    ['inventory -i hosts.yml --host pve1', 'show where its variables are set'],
  ],
  init: [
    ['init fleet', 'create a project in fleet/'],
    ['init .', 'create it in this folder'],
    ['init --inventory-only inventory/mine', 'create inventory/mine'],
  ],
  config: [
    ['config', 'show all values in this folder'],
    ['config site.yml -i hosts.yml', 'show the values for a run'],
  ],
  completion: [
    ['completion bash > ~/.local/share/bash-completion/completions/gpuplay', 'for bash'],
    ['completion zsh > ~/.zfunc/_gpuplay', 'for zsh, with ~/.zfunc in fpath'],
    ['completion fish > ~/.config/fish/completions/gpuplay.fish', 'for fish'],
  ],
} as const satisfies Record<keyof typeof usage, Examples>

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
        proposeCompletions: hostCompletion,
        brief: 'Variables of one host, and where each was set',
        placeholder: 'name',
      },
      limit: limitFlag,
    },
    aliases: { ...inventoryAliases, l: 'limit' },
  },
})

const graph = buildCommand<GraphFlags, string[], Context>({
  loader: async () => (await import('./commands/graph-command.ts')).graphCommand,
  docs: {
    brief: 'Print the flow of playbooks as a Mermaid flowchart or as a drawing',
    customUsage: [usage.graph],
    fullDescription:
      'Shows plays, roles, blocks, tasks and the handlers that they notify. Reads only the playbooks, so names are as written. Markdown on many sites draws the text in a block with the language "mermaid". A browser opens the SVG file.',
  },
  parameters: {
    positional: playbooksArgument,
    flags: {
      format: {
        kind: 'enum',
        values: ['mermaid', 'svg'],
        default: 'mermaid',
        brief: 'mermaid: text that other programs draw; svg: a drawing',
      },
    },
  },
})

const init = buildCommand<InitFlags, [string?], Context>({
  loader: async () => (await import('./commands/init-command.ts')).initCommand,
  docs: { brief: 'Create a project, or copy the example inventory', customUsage: [usage.init] },
  parameters: {
    flags: {
      inventoryOnly: {
        kind: 'boolean',
        optional: true,
        withNegated: false,
        brief: 'Only copy the example inventory to the directory',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          brief: 'Directory of the project. Without it, the example inventory is copied to inventory/',
          placeholder: 'directory',
          optional: true,
        },
      ],
    },
  },
})

const lint = buildCommand<LintFlags, string[], Context>({
  loader: async () => (await import('./commands/lint-command.ts')).lintCommand,
  docs: {
    brief: 'Check playbooks and roles without running them',
    customUsage: [usage.lint],
    fullDescription:
      'Reports all mistakes, and advice with a code in brackets. A comment "# lint: skip CODE" on the line of the advice or above it hides it. The exit code is 2 for mistakes, 8 for advice, otherwise 0.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'Playbooks, roles, or folders of them', placeholder: 'path' },
      minimum: 1,
    },
    flags: {
      inventory: inventoryFlags.inventory,
      skip: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        brief: 'Codes of advice to leave out',
        placeholder: 'code,...',
      },
      fix: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Fix the mistakes whose fix is certain, and report the others',
      },
      diff: {
        kind: 'boolean',
        withNegated: false,
        brief: 'With --fix: print the changes instead of making them',
      },
      color: outputFlags.color,
    },
    aliases: { i: inventoryAliases.i, D: 'diff' },
  },
})

const config = buildCommand<ConfigFlags, string[], Context>({
  loader: async () => (await import('./commands/config-command.ts')).configCommand,
  docs: {
    brief: 'Show defaults of options, and where each is set',
    customUsage: [usage.config],
    fullDescription:
      'Defaults come from variables (GPUPLAY_FORKS) and from the first gpuplay.yml in this folder, beside the playbook or beside the inventory of -i. $GPUPLAY_CONFIG names another file. The command line overrides the variables, which override the file.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: { parse: String, brief: 'Playbooks of the run', placeholder: 'playbook' },
    },
    flags: {
      inventory: inventoryFlags.inventory,
      json: { kind: 'boolean', withNegated: false, brief: 'As JSON' },
    },
    aliases: { i: inventoryAliases.i },
  },
})

const completion = buildCommand<object, [string], Context>({
  loader: async () => (await import('./commands/completion-command.ts')).completionCommand,
  docs: {
    brief: 'Print a script that completes command lines',
    customUsage: [usage.completion],
    fullDescription: 'Completes commands, options, values, hosts and groups.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          proposeCompletions: () => ['bash', 'zsh', 'fish'],
          brief: 'bash, zsh or fish',
          placeholder: 'shell',
        },
      ],
    },
  },
})

export const localCommands = {
  lint: { command: lint, usage: usage.lint, examples: examples.lint },
  graph: { command: graph, usage: usage.graph, examples: examples.graph },
  runs: runsDeclared,
  report: reportDeclared,
  inventory: { command: inventory, usage: usage.inventory, examples: examples.inventory },
  modules: modulesDeclared,
  schema: schemaDeclared,
  init: { command: init, usage: usage.init, examples: examples.init },
  config: { command: config, usage: usage.config, examples: examples.config },
  secrets: secretsDeclared,
  completion: { command: completion, usage: usage.completion, examples: examples.completion },
} as const
