/** The validators that the build compiles: their schemas and the code that ajv generates. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { planSchema } from '../src/engine/plans/plan-schema.ts'
import { hostVariableSchemas } from '../src/inventory/connection-variables.ts'
import { phoenixSchemas } from '../src/inventory/phoenix/phoenix-schemas.ts'
import { diskFiles, type Files } from '../src/language/read-files.ts'
import { readPlaybook } from '../src/language/playbook.ts'
import { digestOf, validatorOptions } from '../src/language/validators.ts'
import { modules } from '../src/modules/catalogue.ts'

export interface PreparedValidator {
  /** The key that `preparedValidator` uses. */
  readonly digest: string
  readonly schema: object
  /** A CommonJS module that exports the function; it requires parts of ajv. */
  readonly code: string
}

/**
 * Schemas of module arguments, of the included roles, of the variables that the engine reads, and of schemas
 * themselves.
 */
export function prepareValidators(): readonly PreparedValidator[] {
  const schemas = [
    ...modules.map((module) => module.args),
    ...Object.values(hostVariableSchemas),
    ...phoenixSchemas,
    planSchema,
    ...roleSchemas(),
  ]
  const validators = new Map(
    schemas.map((schema) => {
      const digest = digestOf(schema)
      return [digest, { digest, schema, code: codeOf((ajv) => ajv.compile(schema)) }]
    }),
  )
  return [...validators.values(), schemaOfSchemas()]
}

function schemaOfSchemas(): PreparedValidator {
  const code = codeOf((ajv) => {
    const validate = ajv.getSchema(metaSchema)
    if (validate === undefined) throw new Error('ajv does not know the schema of schemas')
    return validate
  })
  return { digest: 'json-schema', schema: { $ref: metaSchema }, code }
}

const metaSchema = 'https://json-schema.org/draft/2020-12/schema'

type Validate = ReturnType<Ajv2020['compile']>

function codeOf(compile: (ajv: Ajv2020) => Validate): string {
  const ajv = new Ajv2020({ ...validatorOptions, code: { source: true } })
  return standalone.default(ajv, compile(ajv))
}

/** Read as a run reads them, from a playbook that uses every role. */
function roleSchemas(): readonly object[] {
  const folder = fileURLToPath(new URL('../roles', import.meta.url))
  const playbook = '/every-role.yml'
  const text = `- hosts: all\n  roles: [${readdirSync(folder).join(', ')}]\n`
  const files: Files = {
    ...diskFiles,
    read: (path) => (path === playbook ? { kind: 'text', text } : diskFiles.read(path)),
    kind: (path) => (path === playbook ? 'file' : diskFiles.kind(path)),
  }
  const { playbook: read } = readPlaybook(playbook, {
    modules: new Map(modules.map((module) => [module.name, module])),
    rolesPaths: [folder],
    variables: [],
    files,
  })
  const uses = (read?.plays ?? []).flatMap(({ roles }) => roles)
  return uses.flatMap(({ role }) => (role.arguments === undefined ? [] : [role.arguments.schema]))
}
