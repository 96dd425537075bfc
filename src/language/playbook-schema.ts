/**
 * A JSON Schema of playbooks for editors: completion, descriptions and squiggles while one types.
 *
 * One flat object for a task, with every module as a property: a `oneOf` of modules makes editors list each of them twice. What editors cannot know
 * (names of variables, exactly one module) is left to `gpuplay run`.
 */
import { handlerKeywords, playKeywords, roleKeywords } from './keywords.ts'
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
        roles: { type: 'array', items: { anyOf: [{ type: 'string' }, roleSchema] } },
        ...Object.fromEntries(
          ['pre_tasks', 'tasks', 'post_tasks', 'handlers'].map((name) => [
            name,
            { type: 'array', items: { $ref: '#/$defs/task' } },
          ]),
        ),
      },
      additionalProperties: false,
    },
    $defs: {
      task: {
        type: 'object',
        properties: {
          ...named(handlerKeywords),
          ...Object.fromEntries(modules.map((module) => [module.name, moduleSchema(module)])),
        },
        additionalProperties: false,
      },
    },
  }
}

const roleSchema: Schema = { type: 'object', properties: named(roleKeywords) }

function named(keywords: Iterable<string>): Schema {
  return Object.fromEntries([...keywords].map((name) => [name, {}]))
}

/** A template may stand for any argument, so types are told and not enforced. */
function moduleSchema({ summary, args, freeForm }: ModuleSchema): Schema {
  const { properties = {} } = args as { readonly properties?: Readonly<Record<string, Schema>> }
  const object = {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        {
          description: property['description'] ?? '',
          ...('enum' in property ? { examples: property['enum'] } : {}),
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
