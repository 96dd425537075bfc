/** The commands of plan files. Each is loaded when it is used. */
import { buildCommand } from '@stricli/core'
import type { ApplyFlags } from './commands/apply-command.ts'
import type { PlanFlags } from './commands/plan-command.ts'
import type { ShowFlags } from './commands/show-command.ts'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import {
  connectionAliases,
  connectionFlags,
  forksFlag,
  inventoryAliases,
  inventoryFlags,
  outputAliases,
  outputFlags,
  playbooksArgument,
  vaultFlags,
} from './flags.ts'
import { selectionAliases, selectionFlags } from './selection-flags.ts'

const usage = {
  plan: '-i inventory -o file [-l pattern] [-e name=value] <playbook>...',
  show: '[--output json] <file>',
  apply: '[-e name=value] <file>',
} as const

const examples = {
  plan: [
    ['plan site.yml -i hosts.yml -o plan.json', 'plan a run'],
    ['plan site.yml -i hosts.yml -l pve1 --diff -o plan.json', 'for one host, with diffs'],
  ],
  show: [
    ['show plan.json', 'show a plan as a dry run with --diff'],
    ['show plan.json --output json', 'print it for a program'],
  ],
  apply: [
    ['apply plan.json', 'make the changes of a plan'],
    ["apply plan.json -e 'db_password=sesame'", 'with a secret, which no plan contains'],
  ],
} as const satisfies Record<keyof typeof usage, Examples>

const planParameter = { parse: String, brief: 'The plan file', placeholder: 'file' } as const

const plan = buildCommand<PlanFlags, string[], Context>({
  loader: async () => (await import('./commands/plan-command.ts')).planCommand,
  docs: {
    brief: 'Write the changes that a run would make to a file',
    customUsage: [usage.plan],
    fullDescription:
      'Makes a dry run, prints it, and writes it to a file for "gpuplay apply". The file contains no secrets. Exits like run --check.',
  },
  parameters: {
    positional: playbooksArgument,
    flags: {
      ...inventoryFlags,
      ...connectionFlags,
      ...outputFlags,
      out: { kind: 'parsed', parse: String, brief: 'The plan file to write', placeholder: 'file' },
      ...selectionFlags,
    },
    aliases: {
      ...inventoryAliases,
      ...connectionAliases,
      ...outputAliases,
      ...selectionAliases,
      o: 'out',
    },
  },
})

const show = buildCommand<ShowFlags, [string], Context>({
  loader: async () => (await import('./commands/show-command.ts')).showCommand,
  docs: {
    brief: 'Show a plan',
    customUsage: [usage.show],
    fullDescription: 'Prints what run --check --diff printed for it. Connects to no host.',
  },
  parameters: {
    positional: { kind: 'tuple', parameters: [planParameter] },
    flags: {
      output: {
        kind: 'enum',
        values: ['plain', 'jsonl', 'json'],
        default: 'plain',
        brief: 'plain: for people; jsonl: one event per line; json: the file (schemas/plan.json)',
      },
      color: outputFlags.color,
      verbose: outputFlags.verbose,
    },
    aliases: { v: outputAliases.v },
  },
})

const apply = buildCommand<ApplyFlags, [string], Context>({
  loader: async () => (await import('./commands/apply-command.ts')).applyCommand,
  docs: {
    brief: 'Make the changes of a plan',
    customUsage: [usage.apply],
    fullDescription:
      'Looks at all hosts again. A host that has changed since the plan was made is not touched, and the exit code is 9. The others get the changes of the plan and no others.',
  },
  parameters: {
    positional: { kind: 'tuple', parameters: [planParameter] },
    flags: {
      extraVars: {
        ...inventoryFlags.extraVars,
        brief: 'Variables with secrets, as they were given to plan',
      },
      ...outputFlags,
      diff: selectionFlags.diff,
      forks: forksFlag,
      profile: {
        kind: 'boolean',
        withNegated: false,
        brief: 'Print at the end how long each task spent connecting, reading, changing and waiting',
      },
      ...vaultFlags,
    },
    aliases: { ...outputAliases, D: 'diff', f: 'forks', e: 'extraVars', J: inventoryAliases.J },
  },
})

export const planCommands = {
  plan: { command: plan, usage: usage.plan, examples: examples.plan },
  show: { command: show, usage: usage.show, examples: examples.show },
  apply: { command: apply, usage: usage.apply, examples: examples.apply },
} as const
