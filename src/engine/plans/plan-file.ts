/** Reads plan files. They may come from another machine or another version. */
import { InputError, type Problem } from '../../base/errors.ts'
import { Validators } from '../../language/validators.ts'
import { type PlanFile, planSchema } from './plan-schema.ts'

const again = 'make the plan again: gpuplay plan'

/** @throws InputError if the text is no plan file that this version can read */
export function readPlanFile(path: string, text: string): PlanFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InputError([notAPlan(path, 'it is not JSON')])
  }
  if (member(value, 'format') !== 'gpuplay-plan') throw new InputError([notAPlan(path, 'it has no "format"')])
  const version = member(value, 'version')
  if (version !== planSchema.properties.version.const) {
    const made = String(member(value, 'gpuplay'))
    throw new InputError([
      {
        code: 'plan-version',
        message: `the plan ${path} has the format ${JSON.stringify(version)}, written by gpuplay ${made}`,
        hint: again,
      },
    ])
  }
  if (isPlanFile(value)) return value
  const [error] = validate.errors ?? []
  throw new InputError([notAPlan(path, `${error?.instancePath ?? ''} ${error?.message ?? ''}`.trim())])
}

/** @throws InputError if another version made the plan: it may plan the same tasks differently */
export function checkMaker({ gpuplay }: PlanFile, path: string, version: string): void {
  if (gpuplay === version) return
  throw new InputError([
    {
      code: 'plan-version',
      message: `gpuplay ${gpuplay} made the plan ${path}; this is gpuplay ${version}`,
      hint: again,
    },
  ])
}

/** The hint of everything that makes a plan useless. */
export const planAgain = again

const validate = new Validators().of(planSchema)

function isPlanFile(value: unknown): value is PlanFile {
  return validate(value)
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

function notAPlan(path: string, why: string): Problem {
  return {
    code: 'not-a-plan',
    message: `${path} is not a plan file: ${why}`,
    hint: 'gpuplay plan PLAYBOOK -o FILE writes one',
  }
}
