/**
 * JSON Schemas of playbooks and of lists of tasks for editors: completion, descriptions and error marks.
 *
 * A task is one flat object with every module as a property, because with a `oneOf` of modules editors list
 * each twice. `gpuplay run` checks the rest (names of variables, exactly one module).
 */
import { defined } from '../base/defined.ts'
import { keywordMeanings } from './keyword-meanings.ts'
import {
  blockKeywords,
  handlerKeywords,
  loopControls,
  playKeywords,
  roleArguments,
  roleKeywords,
} from './keywords.ts'
import type { ModuleSchema } from './module-schema.ts'

type Schema = Readonly<Record<string, unknown>>

/** Draft 2020-12. */
export function playbookSchema(modules: readonly ModuleSchema[]): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'gpuplay playbook',
    type: 'array',
    items: {
      type: 'object',
      properties: {
        ...named(playKeywords),
        roles: described('roles', { type: 'array', items: { anyOf: [{ type: 'string' }, roleSchema] } }),
        ...lists(['pre_tasks', 'tasks', 'post_tasks', 'handlers']),
      },
      additionalProperties: false,
    },
    $defs: { task: taskSchema(modules) },
  }
}

/** Of a file with a list of tasks or handlers, as in a role. Draft 2020-12. */
export function tasksSchema(modules: readonly ModuleSchema[]): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'gpuplay tasks',
    ...tasks,
    $defs: { task: taskSchema(modules) },
  }
}

function taskSchema(modules: readonly ModuleSchema[]): Schema {
  return {
    type: 'object',
    properties: {
      ...named(handlerKeywords),
      ...named(blockKeywords),
      ...lists(['block', 'rescue', 'always']),
      loop_control: described('loop_control', {
        type: 'object',
        properties: named(loopControls),
        additionalProperties: false,
      }),
      ...imports,
      ...Object.fromEntries(modules.map((module) => [module.name, moduleSchema(module)])),
    },
    additionalProperties: false,
  }
}

/** They are no modules: they are done when the playbook loads. */
const imports: Schema = {
  import_tasks: {
    description: 'Inserts the tasks of a file.',
    anyOf: [{ type: 'string' }, { type: 'object', properties: named(['file']), additionalProperties: false }],
  },
  import_role: {
    description: 'Inserts the tasks of a role.',
    anyOf: [
      { type: 'string' },
      {
        type: 'object',
        properties: { ...named(roleArguments), name: { description: 'The role' } },
        additionalProperties: false,
      },
    ],
  },
}

const tasks: Schema = { type: 'array', items: { $ref: '#/$defs/task' } }

const roleSchema: Schema = { type: 'object', properties: named(roleKeywords) }

function named(keywords: Iterable<string>): Schema {
  return Object.fromEntries([...keywords].map((name) => [name, described(name, {})]))
}

function lists(keywords: readonly string[]): Schema {
  return Object.fromEntries(keywords.map((name) => [name, described(name, tasks)]))
}

function described(keyword: string, schema: Schema): Schema {
  return { description: keywordMeanings[keyword], ...schema }
}

/** Any argument may be a template, so types are described, not enforced. */
function moduleSchema({ summary, args, freeForm }: ModuleSchema): Schema {
  const { properties = {} } = args as { readonly properties?: Readonly<Record<string, Schema>> }
  const object = {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        {
          description: property['description'] ?? '',
          ...defined({ examples: 'enum' in property ? property['enum'] : undefined }),
        },
      ]),
    ),
    additionalProperties: !('additionalProperties' in args) || args.additionalProperties !== false,
  }
  return {
    description: summary,
    anyOf: [object, ...(freeForm === undefined ? [] : [{ type: 'string' }]), { type: 'null' }],
  }
}
