/** The runtime of rewritten templates: converts values to text, or throws an error with a position. */
import { InputError } from '../base/errors.ts'
import { Omit } from './omit.ts'
import { problem } from './source.ts'
import { type Evaluation, plainData, readable } from './evaluation.ts'
import { callFunction, messageOf } from './functions/call-function.ts'
import { FunctionError, typeName } from './functions/shared-function.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { templateHelpers } from './template-helpers.ts'
import type { PlaceholderPlace } from './template-rewriter.ts'

/** The helpers of a rewritten template; their errors have a position. */
export function runtimeHelpers(
  places: readonly PlaceholderPlace[],
  reading: Evaluation,
): Record<string, (...values: unknown[]) => unknown> {
  const placeOf = (index: unknown): PlaceholderPlace | undefined => places[Number(index)]
  const helpers: Record<string, (...values: unknown[]) => unknown> = {
    emit: (value, index) => emit(value, placeOf(index)),
    need: (value, index) => {
      if (value === undefined) throw undefinedError(placeOf(index))
      return value
    },
  }
  const add = (name: string, apply: (given: readonly unknown[]) => unknown): void => {
    helpers[`helper:${name}`] = (index, ...values) => {
      try {
        return apply(values.slice(0, -1))
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error
        throw new InputError([
          problem('template-failed', messageOf(error, reading), {
            where: placeOf(index)?.where,
            hint: error.hint,
          }),
        ])
      }
    }
  }
  for (const [name, helper] of Object.entries(templateHelpers)) add(name, (given) => helper.apply(...given))
  for (const [name, definition] of sharedFunctions)
    add(name, (given) =>
      readable(callFunction({ name, definition, plain: plainData }, given, reading), reading, 'plain'),
    )
  return helpers
}

function emit(value: unknown, place: PlaceholderPlace | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined || typeof value === 'function') throw undefinedError(place)
  const text = place?.text ?? ''
  if (value instanceof Omit) {
    throw new InputError([
      problem('not-text', `"${text}" is omit, which removes a whole argument and is not text`, {
        where: place?.where,
        hint: 'use omit as the whole value: mode: "{{default mode omit}}"',
      }),
    ])
  }
  if (value === null) {
    throw new InputError([
      problem('undefined-variable', `"${text}" is null, not text`, {
        where: place?.where,
        hint: `give it a value, or write {{default ${text} "..."}}`,
      }),
    ])
  }
  throw new InputError([
    problem('not-text', `"${text}" is ${typeName(value)}, not text`, {
      where: place?.where,
      hint: Array.isArray(value)
        ? `write {{join ${text} ", "}} or {{json ${text}}}`
        : `write {{json ${text}}}`,
    }),
  ])
}

function undefinedError(place: PlaceholderPlace | undefined): InputError {
  const text = place?.text ?? ''
  const hint =
    place?.inItem === true
      ? `names refer to parts of the item here; for a variable, write @root.${text}`
      : `give it a value, or write {{default ${text} "..."}}`
  return new InputError([
    problem('undefined-variable', `"${text}" is not defined`, { where: place?.where, hint }),
  ])
}
