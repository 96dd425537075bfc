/** What `gpuplay schema` looks like on the command line. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import { schemaKinds } from './schema-kinds.ts'

const usage = '[<kind>]'

const examples: Examples = [
  ['schema > playbook.schema.json', 'playbooks, with the modules of this folder'],
  ['schema inventory > inventory.schema.json', 'inventories in YAML'],
]

const schema = buildCommand<object, [string?], Context>({
  loader: async () => (await import('./commands/schema-command.ts')).schemaCommand,
  docs: {
    brief: 'Print a JSON Schema, for editors and programs',
    customUsage: [usage],
    fullDescription:
      'playbook, tasks (of a role), inventory and role (meta/arguments.yml) are for editors; events, plan and status describe the output of gpuplay. The comment "# yaml-language-server: $schema=FILE" at the beginning of a file selects its schema.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          proposeCompletions: () => [...schemaKinds],
          brief: `${schemaKinds.join(', ')}. Default: playbook`,
          placeholder: 'kind',
          optional: true,
        },
      ],
    },
  },
})

export const schemaDeclared = { command: schema, usage, examples } as const
