/** Calls a function of both languages: checks its values, and keeps what is unknown or secret so. */
import { findUnknown, UnknownError } from '../../base/unknown.ts'
import { addMadeSecrets } from '../derived-secrets.ts'
import type { Evaluation } from '../evaluation.ts'
import {
  FunctionError,
  type ParameterKind,
  parametersFor,
  type SharedFunction,
  typeName,
  wrongKind,
} from './shared-function.ts'

export interface Called {
  readonly name: string
  readonly definition: SharedFunction
  /** Converts a value of the language to plain data, in which unknown parts are `Unknown`. */
  readonly plain: (value: unknown) => unknown
}

/**
 * @param given values of the language
 * @returns plain data; it may be or contain `Unknown` and `Secret`
 * @throws FunctionError if the function cannot use the values; UnknownError if it would need an unknown one
 */
export function callFunction(
  { name, definition, plain }: Called,
  given: readonly unknown[],
  reading: Evaluation,
): unknown {
  const { unknown: before } = reading
  const values = definition.readsOnlyKeys ? given : given.map(plain)
  // An unknown part that is only moved decides nothing.
  reading.unknown = before
  const parameters = parametersFor(definition, given.length)
  const converted = values.map((value, index) => {
    const kind = parameters[index]?.kind ?? 'any'
    if (!isOfKind(value, kind)) throw new FunctionError(wrongKind({ name, index, kind }, typeName(value)))
    return kind === 'text' ? String(value) : value
  })
  const unknown = definition.moves ? undefined : findUnknown(converted)
  if (unknown !== undefined) {
    reading.unknown ??= unknown
    throw new UnknownError(unknown)
  }
  const made = definition.apply(converted, reading)
  if (!definition.readsOnlyKeys) addMadeSecrets(made, values, reading.secrets)
  return made
}

function isOfKind(value: unknown, kind: ParameterKind): boolean {
  switch (kind) {
    case 'any':
      return true
    case 'text':
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    case 'number':
      return typeof value === 'number'
    case 'list':
      return Array.isArray(value)
    case 'map':
      return typeName(value) === 'a map'
  }
}

/** The message of an error, without what might quote a secret. */
export function messageOf(error: FunctionError, { secrets }: Evaluation): string {
  const { message, detail } = error
  return detail === undefined || secrets.size > 0 ? message : `${message}: ${detail}`
}
