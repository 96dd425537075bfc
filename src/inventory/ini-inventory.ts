/** Inventories as INI: `[group]`, `[group:children]`, `[group:vars]`, and a host with its variables on each line. */
import type { Value, Variable } from '../language/model.ts'
import type { SourceFile } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { literalValue } from '../language/values.ts'
import type { YamlScalar } from '../language/yaml.ts'
import type { InventoryBuilder } from './builder.ts'

interface Section {
  readonly group: string
  readonly kind: 'hosts' | 'children' | 'vars'
}

export function readIniInventory(builder: InventoryBuilder, source: SourceFile): void {
  let section: Section | undefined = { group: 'ungrouped', kind: 'hosts' }
  const lines = source.text.split('\n')
  lines.forEach((raw, index) => {
    const line = raw.replace(/\r$/, '')
    const text = line.trim()
    if (text === '' || text.startsWith('#') || text.startsWith(';')) return
    const at = source.lineStart(index + 1) + (line.length - line.trimStart().length)
    if (text.startsWith('[') && /^\[[^\]]*\]\s*([#;].*)?$/.test(text)) {
      section = readSection(builder, source, { text, at })
    } else if (section !== undefined) {
      readLine(builder, source, { section, text, at })
    }
  })
}

interface Line {
  readonly text: string
  /** Offset of its first character. */
  readonly at: number
}

function readSection(builder: InventoryBuilder, source: SourceFile, line: Line): Section | undefined {
  const inside = /^\[([^\]]*)\]/.exec(line.text)?.[1]?.trim() ?? ''
  const [group = '', kind = 'hosts', ...more] = inside.split(':')
  const where = source.position(line.at + 1, inside.length)
  if ((kind !== 'hosts' && kind !== 'children' && kind !== 'vars') || more.length > 0) {
    builder.report('invalid-inventory', `there is no section "[${inside}]"`, {
      where,
      hint: didYouMean(kind, ['children', 'vars'], 'there are [GROUP], [GROUP:children] and [GROUP:vars]'),
    })
    return undefined
  }
  builder.group(group, where)
  return { group, kind }
}

function readLine(
  builder: InventoryBuilder,
  source: SourceFile,
  line: Line & { readonly section: Section },
): void {
  const { section, text, at } = line
  const { group, kind } = section
  if (kind === 'vars') {
    const variable = readAssignment(builder, source, { text: withoutComment(text), at })
    if (variable !== undefined) {
      builder.setVariables('group in inventory', group, new Map([[variable.name, variable]]))
    }
    return
  }
  const [first, ...rest] = words(text)
  if (first === undefined) return
  const where = source.position(at, first.text.length)
  if (kind === 'children') {
    builder.addChild(group, first.text, where)
    return
  }
  const [, name = first.text, port] = /^(.*[^:]):(\d+)$/.exec(first.text) ?? []
  const hosts = builder.addHosts(name, where, group)
  const variables = new Map<string, Variable>()
  if (port !== undefined)
    variables.set('port', { name: 'port', value: { kind: 'literal', value: port, where }, where })
  for (const word of rest) {
    const variable = readAssignment(builder, source, { text: word.text, at: at + word.start })
    if (variable !== undefined) variables.set(variable.name, variable)
  }
  for (const host of hosts) builder.setVariables('host in inventory', host, variables)
}

function readAssignment(
  builder: InventoryBuilder,
  source: SourceFile,
  { text, at }: Line,
): Variable | undefined {
  const match = /^([^=\s]+)\s*=\s*(.*)$/s.exec(text)
  const where = source.position(at, match?.[1]?.length ?? text.length)
  if (match === null) {
    builder.report('invalid-inventory', `"${text}" is no variable`, { where, hint: 'write name=value' })
    return undefined
  }
  const [, name = '', written = ''] = match
  if (!builder.values.checkName(name, where)) return undefined
  const start = at + text.length - written.length
  return { name, value: iniValue(builder, source, { text: written.trimEnd(), at: start }), where }
}

/**
 * Whole numbers and true/false keep their type, everything else is text: versions and modes must not become numbers.
 * Lists and maps may be written as JSON.
 */
function iniValue(builder: InventoryBuilder, source: SourceFile, { text, at }: Line): Value {
  const quoted = /^(["'])(.*)\1$/s.exec(text)
  const inner = quoted?.[2] ?? text
  const offset = quoted === null ? at : at + 1
  const where = source.position(at, Math.max(1, text.length))
  if (quoted === null) {
    if (/^(true|false)$/i.test(text))
      return { kind: 'literal', value: /^true$/i.test(text), source: text, where }
    if (/^(0|-?[1-9]\d{0,14})$/.test(text))
      return { kind: 'literal', value: Number(text), source: text, where }
    if (/^\[|^\{(?!\{)/.test(text)) {
      try {
        return literalValue(JSON.parse(text), where)
      } catch {
        // Not JSON, so it is text that happens to begin like it.
      }
    }
  }
  const scalar: YamlScalar = {
    kind: 'scalar',
    value: inner,
    source: inner,
    cel: false,
    where,
    at: (from, length) => source.position(offset + from, length),
  }
  return builder.values.value(scalar)
}

interface Word {
  readonly text: string
  readonly start: number
}

/** Splits at spaces that are not inside quotes or braces; a comment ends the line. */
function words(line: string): readonly Word[] {
  const found: Word[] = []
  let start: number | undefined
  let quote: string | undefined
  let depth = 0
  const end = (index: number) => {
    if (start !== undefined) found.push({ text: line.slice(start, index), start })
    start = undefined
  }
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index)
    if (quote !== undefined) {
      if (character === quote) quote = undefined
    } else if (/\s/.test(character) && depth === 0) {
      end(index)
    } else if (character === '#' && start === undefined) {
      return found
    } else {
      start ??= index
      if (character === '"' || character === "'") quote = character
      if (character === '{' || character === '[') depth += 1
      if (character === '}' || character === ']') depth -= 1
    }
  }
  end(line.length)
  return found
}

function withoutComment(text: string): string {
  return /["']/.test(text) ? text : text.replace(/\s#.*$/, '')
}
