/** The messages for values that do not match their schema. */
import type { Fix } from '../base/errors.ts'
import {
  describeProperties,
  describeProperty,
  description,
  property,
  requiredOf,
  typesOf,
} from './schema-parts.ts'
import { didYouMean } from './suggest.ts'

/** One error of the validator, in our terms. */
export interface SchemaFault {
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  /** The value of this keyword in the schema, and the schema that contains it. */
  readonly demanded: unknown
  readonly around: Readonly<Record<string, unknown>>
  /** The quoted name in the message: `"mode"`, `"packages[1]"`; for the whole, the name of its owner. */
  readonly label: string
  /** The last part of the name, for hints; empty for a list entry. */
  readonly key: string
  readonly data: unknown
  /** The source text, if it differs from the value. */
  readonly source: string | undefined
  /** How to write it as text, if the file is not YAML. */
  readonly quoted?: string | undefined
}

export interface Wording {
  readonly message: string
  readonly hint?: string | undefined
  readonly fix?: Fix | undefined
}

export function word(fault: SchemaFault): Wording {
  const { label, params, demanded } = fault
  switch (fault.keyword) {
    case 'type':
      return wrongType(fault)
    case 'enum':
      return wrongChoice(fault)
    case 'const':
      return { message: `${label} must be ${show(demanded)}, not ${show(fault.data)}` }
    case 'required':
      return {
        message: `${label} needs "${String(params['missingProperty'])}"`,
        hint: describeProperty(fault.around, String(params['missingProperty'])),
      }
    case 'dependentRequired':
      return {
        message: `${label} needs "${String(params['missingProperty'])}" if it has "${String(params['property'])}"`,
        hint: describeProperty(fault.around, String(params['missingProperty'])),
      }
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return {
        message: `${label} must be ${bounds[fault.keyword]} ${String(demanded)}, not ${show(fault.data)}`,
        hint: description(fault.around),
      }
    case 'minLength':
      return {
        message:
          demanded === 1
            ? `${label} must not be empty`
            : `${label} must have at least ${String(demanded)} characters`,
      }
    case 'maxLength':
      return { message: `${label} must have at most ${String(demanded)} characters` }
    case 'minItems':
    case 'minProperties':
      return {
        message:
          demanded === 1
            ? `${label} must not be empty`
            : `${label} must have at least ${String(demanded)} entries`,
      }
    case 'maxItems':
    case 'maxProperties':
      return { message: `${label} must have at most ${String(demanded)} entries` }
    case 'uniqueItems':
      return {
        message: `${label} has the same entry twice (${String(params['j'])} and ${String(params['i'])}, counted from 0)`,
      }
    case 'pattern':
      return wrongText(fault, fault.around)
    case 'anyOf':
    case 'oneOf':
      return wrongAlternative(fault)
    default:
      return { message: `${label} is not valid`, hint: description(fault.around) }
  }
}

/** Characters that few values may contain and that are invisible in a file. */
function saysWhy(data: unknown): string | undefined {
  if (typeof data !== 'string') return undefined
  if (data.includes('\0')) return 'contains a NUL character'
  return /[\r\n]/.test(data) ? 'contains a line break' : undefined
}

const bounds = {
  minimum: 'at least',
  exclusiveMinimum: 'above',
  maximum: 'at most',
  exclusiveMaximum: 'below',
} as const

/** An unknown key, with a suggestion. */
export function wordUnknownKey(label: string, key: string, known: readonly string[]): Wording {
  return {
    message: `${label} has no "${key}"`,
    hint: didYouMean(key, known, known.length > 0 ? `it has ${known.join(', ')}` : undefined),
  }
}

const names: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
}

function wrongType(fault: SchemaFault): Wording {
  const { label, data } = fault
  const types = typesOf(fault.demanded)
  const wanted = oneOf(types.map((type) => names[type] ?? type))
  if (data === null) {
    return { message: `${label} has no value; it must be ${wanted}`, hint: 'give it one, or remove the line' }
  }
  if (types.includes('string') && (typeof data === 'number' || typeof data === 'boolean')) {
    const written = fault.source ?? String(data)
    const read =
      written === String(data)
        ? `${written} is a ${typeof data}`
        : `${written} is read as the number ${String(data)}`
    return {
      message: `${label} must be ${wanted}, but ${read}`,
      hint: quoteIt(fault),
    }
  }
  if (typeof data === 'string') {
    if (types.includes('boolean') && /^(y|n|yes|no|on|off)$/i.test(data)) {
      return {
        message: `${label} must be ${wanted}, but ${data} is text in YAML 1.2`,
        hint: `write ${truth(data)}`,
        fix: { kind: 'yaml', from: data, to: truth(data) },
      }
    }
    if (types.includes('boolean') && /^(true|false)$/i.test(data)) {
      return {
        message: `${label} must be ${wanted}, but ${show(data)} is text`,
        hint: `write ${data.toLowerCase()}, without quotes`,
        fix: { kind: 'yaml', from: data, to: data.toLowerCase() },
      }
    }
    if ((types.includes('integer') || types.includes('number')) && /^-?\d+(\.\d+)?$/.test(data)) {
      return {
        message: `${label} must be ${wanted}, but ${show(data)} is text`,
        hint: `write ${data}, without quotes`,
      }
    }
    if (types.includes('array')) {
      return { message: `${label} must be ${wanted}, not ${show(data)}`, hint: `write a list: [${data}]` }
    }
  }
  const entries = types.includes('array') ? 'start each entry of the list with "- "' : undefined
  const hint = description(fault.around) ?? entries
  return { message: `${label} must be ${wanted}, not ${show(data)}`, hint }
}

/** What a boolean of YAML 1.1 means. */
function truth(data: string): 'true' | 'false' {
  return /^(y|yes|on)$/i.test(data) ? 'true' : 'false'
}

function quoteIt({ key, quoted, source, data }: SchemaFault): string {
  if (quoted !== undefined) return `quote it: ${key === '' ? '' : `${key}=`}${quoted}`
  return `quote it: ${key === '' ? '' : `${key}: `}"${source ?? String(data)}"`
}

function wrongChoice(fault: SchemaFault): Wording {
  const choices = Array.isArray(fault.demanded) ? fault.demanded : []
  const words = choices.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice)))
  if (typeof fault.data === 'number' && words.includes(String(fault.data))) {
    return {
      message: `${fault.label} must be text, but ${String(fault.data)} is a number`,
      hint: quoteIt(fault),
    }
  }
  return {
    message: `${fault.label} must be one of ${words.join(', ')}, not ${show(fault.data)}`,
    hint: didYouMean(String(fault.data), words, 'write one of these words'),
  }
}

/** A text that does not match its pattern. `title` describes the expected text. */
function wrongText(fault: SchemaFault, schema: unknown): Wording {
  const { label, data } = fault
  const pattern = property(schema, 'pattern')
  const title = property(schema, 'title')
  const wanted =
    typeof title === 'string' ? title : String(pattern).startsWith('^/') ? 'an absolute path' : undefined
  const hint = description(schema) ?? description(fault.around)
  const why = saysWhy(data)
  if (why !== undefined) return { message: `${label} is ${show(data)}, which ${why}`, hint }
  return wanted === undefined
    ? {
        message: `${label} is ${show(data)}, which is not valid`,
        hint: hint ?? `it must match ${String(pattern)}`,
      }
    : { message: `${label} must be ${wanted}, not ${show(data)}`, hint }
}

/** Alternatives that only list required keys are common (`src` or `content`) and have their own messages. */
function wrongAlternative(fault: SchemaFault): Wording {
  const branches = Array.isArray(fault.demanded) ? fault.demanded : []
  const needed = branches.map((branch: unknown) => requiredOf(branch))
  const keys = needed.flatMap((list) => (list?.length === 1 ? list : []))
  if (keys.length === branches.length && keys.length > 0) {
    const list = keys.map((key) => `"${key}"`)
    const tooMany = Array.isArray(fault.params['passingSchemas'])
    return {
      message: tooMany
        ? `${fault.label} takes only one of ${list.join(', ')}`
        : `${fault.label} needs ${fault.keyword === 'oneOf' ? 'one' : 'at least one'} of ${list.join(', ')}`,
      hint: describeProperties(fault.around, keys),
    }
  }
  const groups = branches.map((branch: unknown) => neededBy(branch))
  if (!groups.includes(''))
    return {
      message: `${fault.label} needs ${groups.join(', or ')}`,
      hint: describeProperties(fault.around, [...new Set(needed.flatMap((list) => list ?? []))]),
    }
  const meant = branches.find((branch: unknown) =>
    typesOf(property(branch, 'type')).includes(typeName(fault.data)),
  )
  if (typeof fault.data === 'string' && property(meant, 'pattern') !== undefined)
    return wrongText(fault, meant)
  const entries = property(meant, 'items')
  const pattern = property(entries, 'pattern')
  if (Array.isArray(fault.data) && typeof pattern === 'string') {
    const allowed = typesOf(property(entries, 'type'))
    const found = fault.data.findIndex((entry) =>
      typeof entry === 'string'
        ? !new RegExp(pattern, 'u').test(entry)
        : allowed.length > 0 && !allowed.includes(typeName(entry)),
    )
    if (found !== -1) {
      const entry: unknown = fault.data[found]
      const label = `${fault.label.replace(/"$/, '')}[${found}]"`
      return wrongText({ ...fault, label, data: entry }, entries)
    }
  }
  const types = branches.flatMap((branch: unknown) => typesOf(property(branch, 'type')))
  const right = branches.some((branch: unknown) =>
    typesOf(property(branch, 'type')).includes(typeName(fault.data)),
  )
  if (types.length === branches.length && types.length > 0 && !right)
    return wrongType({ ...fault, demanded: [...new Set(types)] })
  return {
    message: `${fault.label} is ${show(fault.data)}, which is not valid`,
    hint: description(fault.around),
  }
}

/** Lists the keys that an alternative needs: `"state: absent"`; empty if it needs none. */
function neededBy(branch: unknown): string {
  return (requiredOf(branch) ?? [])
    .map((key) => {
      const value = property(property(property(branch, 'properties'), key), 'const')
      return value === undefined ? `"${key}"` : `"${key}: ${typeof value === 'string' ? value : show(value)}"`
    })
    .join(' and ')
}

function typeName(data: unknown): string {
  if (Array.isArray(data)) return 'array'
  return Number.isInteger(data) ? 'integer' : typeof data
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

/** Shows a value in a message, shortened. Secrets never get here. */
export function show(data: unknown): string {
  if (Array.isArray(data)) return 'a list'
  if (typeof data === 'object' && data !== null) return 'a map'
  if (typeof data === 'string')
    return data.length > 60 ? `${JSON.stringify(data.slice(0, 60))}...` : JSON.stringify(data)
  return String(data)
}
