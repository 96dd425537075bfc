import { join } from 'node:path'
import { exitCodes, InputError, type Problem } from '../../base/errors.ts'
import { inventorySchema } from '../../inventory/inventory-schema.ts'
import { playbookSchema, tasksSchema } from '../../language/playbook-schema.ts'
import { diskFiles, readText } from '../../language/read-files.ts'
import { roleArgumentsSchema } from '../../language/role-arguments-schema.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import type { Module } from '../../modules/module.ts'
import type { Context } from '../context.ts'
import { projectModules } from '../project-modules.ts'
import { fileSchemaKinds, outputSchemaKinds, schemaKinds } from '../schema-kinds.ts'
import { reportProblems } from '../show.ts'

/** `gpuplay schema [KIND]`. Tasks may use the modules of gpuplay, and those of the project in this folder. */
export function schemaCommand(this: Context, _flags: object, kind = 'playbook'): void {
  try {
    this.output.write(schemaText(this, kind))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

/** @throws InputError for an unknown kind, and for invalid modules of the project */
function schemaText(context: Context, kind: string): string {
  const forFile = fileSchemaKinds.find((known) => known === kind)
  if (forFile !== undefined) return `${JSON.stringify(fileSchema(context, forFile), null, 2)}\n`
  const ofOutput = outputSchemaKinds.find((known) => known === kind)
  if (ofOutput !== undefined) return shippedSchema(context, ofOutput)
  throw new InputError([
    problem('unknown-schema', `there is no schema ${JSON.stringify(kind)}`, {
      hint: didYouMean(kind, schemaKinds, `write one of ${schemaKinds.join(', ')}`),
    }),
  ])
}

function fileSchema(context: Context, kind: (typeof fileSchemaKinds)[number]): object {
  switch (kind) {
    case 'playbook':
      return playbookSchema(everyModule(context))
    case 'tasks':
      return tasksSchema(everyModule(context))
    case 'inventory':
      return inventorySchema
    case 'role':
      return roleArgumentsSchema
  }
}

/** @throws InputError for invalid custom modules */
function everyModule(context: Context): readonly Module[] {
  const table = projectModules(context)
  const found = [...table.keys()].flatMap((name) => table.get(name) ?? [])
  if (table.problems.length > 0) throw new InputError(table.problems)
  return found
}

function shippedSchema({ shipped }: Context, kind: (typeof outputSchemaKinds)[number]): string {
  const problems: Problem[] = []
  const text = readText(diskFiles, join(shipped, 'schemas', `${kind}.json`), problems)
  if (text === undefined) throw new InputError(problems)
  return text
}
