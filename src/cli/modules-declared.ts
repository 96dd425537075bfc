/** What `gpuplay modules` looks like on the command line. */
import { buildCommand } from '@stricli/core'
import type { ModulesFlags } from './commands/modules-command.ts'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import { moduleCompletion } from './module-completion.ts'

const usage = '[--json] [<name>]'

const examples: Examples = [['modules copy', 'show the arguments of a module']]

const modules = buildCommand<ModulesFlags, [string?], Context>({
  loader: async () => (await import('./commands/modules-command.ts')).modulesCommand,
  docs: {
    brief: 'List modules, or describe one',
    customUsage: [usage],
    fullDescription:
      'Includes the custom modules of this folder and its roles (modules/NAME.ts), and runs their code.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          proposeCompletions: moduleCompletion,
          brief: 'Name of a module',
          placeholder: 'name',
          optional: true,
        },
      ],
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

export const modulesDeclared = { command: modules, usage, examples } as const
