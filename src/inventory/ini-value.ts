/** Converts a value in INI: finds its type and the positions of its parts. */
import { defined } from '../base/defined.ts'
import type { Value } from '../language/model.ts'
import type { SourceFile, SourcePosition } from '../language/source.ts'
import type { ValueReader } from '../language/values.ts'
import type { YamlNode, YamlScalar } from '../language/yaml.ts'
import { type PythonLiteral, pythonLiteral } from './python-literal.ts'

/** A value as written, without shell quotes. */
export interface Written {
  readonly text: string
  /** Offset of the value in the file, also if it is empty. */
  readonly at: number
  /** For each character of `text`, its offset in the file. */
  readonly offsets: readonly number[]
  readonly kind: 'hosts' | 'vars'
}

/**
 * Reads a value as Ansible does: as a Python literal, otherwise as text. Unlike in Ansible, lower-case `true`
 * and `false` are booleans.
 */
export function iniValue(values: ValueReader, source: SourceFile, written: Written): Value {
  const { text, offsets, kind } = written
  const from = offsets[0] ?? written.at
  const length = Math.max(1, (offsets.at(-1) ?? from) + 1 - from)
  const where = source.position(from, length)
  const raw = source.text.slice(from, from + length)
  const place = (offset: number, count: number): SourcePosition => {
    const start = offsets[offset] ?? from
    return source.position(start, (offsets[offset + count - 1] ?? start) + 1 - start)
  }
  const quoted = (text: string): string => (kind === 'vars' ? `"${text}"` : `"'${text}'"`)
  const scalar = (
    value: string | number | boolean | null,
    spelling: string,
    direct: boolean,
  ): YamlScalar => ({
    kind: 'scalar',
    value,
    source: spelling,
    cel: false,
    where,
    at: (offset, count) => {
      if (direct) return place(offset, count)
      const found = raw.indexOf(String(value).slice(offset, offset + count))
      return found === -1 ? where : source.position(from + found, count)
    },
    ...defined({ quoted: typeof value === 'number' ? quoted(spelling) : undefined }),
  })
  const node = (literal: PythonLiteral): YamlNode => {
    switch (literal.kind) {
      case 'scalar':
        return scalar(literal.value, literal.source, false)
      case 'list':
        return { kind: 'list', items: literal.items.map(node), where }
      case 'map':
        return {
          kind: 'map',
          entries: new Map([...literal.entries].map(([key, value]) => [key, { where, value: node(value) }])),
          where,
        }
    }
  }
  if (/^(true|false)$/i.test(text)) {
    return { kind: 'literal', value: /^true$/i.test(text), source: text, where }
  }
  const literal = pythonLiteral(text)
  return values.value(literal === undefined ? scalar(text, text, true) : node(literal))
}
