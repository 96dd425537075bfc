/** What a person reads when a value does not fit its schema: the words for each kind of mistake. */
import { didYouMean } from './suggest.ts'

/** One error of the validator, in our terms. */
export interface SchemaFault {
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  /** What the schema demands at this keyword, and the schema around it. */
  readonly demanded: unknown
  readonly around: Readonly<Record<string, unknown>>
  /** The value's name in the message, quoted: `"mode"`, `"packages[1]"`; what has the arguments, where it is the whole. */
  readonly label: string
  /** The last part of the name, for "write it like this"; empty for an entry of a list. */
  readonly key: string
  readonly data: unknown
  /** What stood in the file, where that differs from the value. */
  readonly source: string | undefined
  /** How it is written as text where it stands, if that is not YAML. */
  readonly quoted?: string | undefined
}

export interface Wording {
  readonly message: string
  readonly hint?: string | undefined
}

export function word(fault: SchemaFault): Wording {
  const { label, params, demanded } = fault
  switch (fault.keyword) {
    case 'type':
      return wrongType(fault)
    case 'enum':
      return wrongChoice(fault)
    case 'const':
      return { message: `${label} must be ${show(demanded)}, and is ${show(fault.data)}` }
    case 'required':
      return {
        message: `${label} needs "${String(params['missingProperty'])}"`,
        hint: describeProperty(fault.around, String(params['missingProperty'])),
      }
    case 'dependentRequired':
      return {
        message: `${label} needs "${String(params['missingProperty'])}" where there is "${String(params['property'])}"`,
        hint: describeProperty(fault.around, String(params['missingProperty'])),
      }
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return {
        message: `${label} must be ${bounds[fault.keyword]} ${String(demanded)}, and is ${show(fault.data)}`,
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
      return { message: `${label} does not fit`, hint: description(fault.around) }
  }
}

/** What hardly any value may contain, and nobody sees in a file. */
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

/** An unknown key, with what it may have been meant to be. */
export function wordUnknownKey(label: string, key: string, known: readonly string[]): Wording {
  return {
    message: `${label} has no "${key}"`,
    hint: didYouMean(key, known, known.length > 0 ? `there are ${known.join(', ')}` : undefined),
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
      message: `${label} must be ${wanted}, and ${read}`,
      hint: quoteIt(fault),
    }
  }
  if (typeof data === 'string') {
    if (types.includes('boolean') && /^(y|n|yes|no|on|off)$/i.test(data)) {
      return {
        message: `${label} must be ${wanted}, and ${data} is text in YAML 1.2`,
        hint: `write ${/^(y|yes|on)$/i.test(data) ? 'true' : 'false'}`,
      }
    }
    if (types.includes('boolean') && /^(true|false)$/i.test(data)) {
      return {
        message: `${label} must be ${wanted}, and ${show(data)} is text`,
        hint: `write ${data.toLowerCase()}, without quotes`,
      }
    }
    if ((types.includes('integer') || types.includes('number')) && /^-?\d+(\.\d+)?$/.test(data)) {
      return {
        message: `${label} must be ${wanted}, and ${show(data)} is text`,
        hint: `write ${data}, without quotes`,
      }
    }
    if (types.includes('array')) {
      return { message: `${label} must be ${wanted}, and is ${show(data)}`, hint: `write a list: [${data}]` }
    }
  }
  return { message: `${label} must be ${wanted}, and is ${show(data)}`, hint: description(fault.around) }
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
      message: `${fault.label} must be text, and ${String(fault.data)} is a number`,
      hint: quoteIt(fault),
    }
  }
  return {
    message: `${fault.label} must be one of ${words.join(', ')}, and is ${show(fault.data)}`,
    hint: didYouMean(String(fault.data), words, 'write one of these words'),
  }
}

/** A text that does not match its pattern. `title` says what it has to be. */
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
    : { message: `${label} must be ${wanted}, and is ${show(data)}`, hint }
}

/** Alternatives that only say which keys are needed are common (`src` or `content`) and get words of their own. */
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
    }
  }
  const groups = branches.map((branch: unknown) => neededBy(branch))
  if (!groups.includes('')) return { message: `${fault.label} needs ${groups.join(', or ')}` }
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

/** The keys that an alternative needs, in words: `"state: absent"`; empty where it needs none. */
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

function requiredOf(branch: unknown): readonly string[] | undefined {
  const required = property(branch, 'required')
  return Array.isArray(required) ? required.map(String) : undefined
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

function typesOf(type: unknown): readonly string[] {
  if (typeof type === 'string') return [type]
  return Array.isArray(type) ? type.map(String) : []
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

function description(schema: unknown): string | undefined {
  const text = property(schema, 'description')
  return typeof text === 'string' ? text : undefined
}

function describeProperty(schema: unknown, key: string): string | undefined {
  const text = description(property(property(schema, 'properties'), key))
  return text === undefined ? undefined : `${key}: ${text}`
}

/** A value in a message: short, and never the inside of a secret (those are never shown here). */
export function show(data: unknown): string {
  if (Array.isArray(data)) return 'a list'
  if (typeof data === 'object' && data !== null) return 'a map'
  if (typeof data === 'string')
    return data.length > 60 ? `${JSON.stringify(data.slice(0, 60))}...` : JSON.stringify(data)
  return String(data)
}
