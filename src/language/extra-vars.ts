/**
 * Variables from the command line: `-e name=value`, `-e '{name: value}'`, `-e @file.yml`. They override all
 * others; the last one of a name wins.
 */
import type { Position, Problem } from '../base/errors.ts'
import { isSecretName } from '../base/secret.ts'
import { type Files, readVariablesFile } from './read-files.ts'
import type { LiteralValue, Variable, Variables } from './model.ts'
import { problem, SourceFile } from './source.ts'
import { commandLineScalar, ValueReader } from './values.ts'
import { readYaml, type YamlNode } from './yaml.ts'

/**
 * Values after `=` are text, so `12.8` stays a version; whole numbers, `true` and `false` are typed. YAML
 * keeps its types. One argument may contain several `name=value`, separated by spaces; a value with spaces
 * needs quotes.
 */
export function readExtraVars(
  texts: readonly string[],
  files: Files,
): { readonly variables: Variables; readonly problems: readonly Problem[] } {
  const reader = new ValueReader()
  const variables = new Map<string, Variable>()
  const add = (found: ReadonlyMap<string, Variable>): void => {
    for (const [name, variable] of found) variables.set(name, variable)
  }
  for (const text of texts) {
    if (text.startsWith('@')) add(fromFile(text.slice(1), files, reader))
    else if (/^\s*[{[]/.test(text)) add(fromYaml(text, reader))
    else add(fromPairs(text, reader))
  }
  return { variables, problems: reader.problems }
}

function fromFile(path: string, files: Files, reader: ValueReader): ReadonlyMap<string, Variable> {
  if (files.kind(path) === undefined) {
    reader.problems.push(
      problem('missing-file', `there is no file "${path}"`, {
        where: commandLine(1),
        hint: 'check the path after the @',
      }),
    )
    return new Map()
  }
  const read = readVariablesFile(files, path, reader.problems)
  if (read === undefined) return new Map()
  return mapOf(read.root, reader, read.source.position(0))
}

function fromYaml(text: string, reader: ValueReader): ReadonlyMap<string, Variable> {
  const source = new SourceFile('-e', text)
  const { root, problems } = readYaml(source)
  reader.problems.push(...problems)
  return root === undefined ? new Map() : mapOf(root, reader, source.position(0))
}

function mapOf(
  root: YamlNode | undefined,
  reader: ValueReader,
  where: Position,
): ReadonlyMap<string, Variable> {
  if (root === undefined) return new Map()
  if (root.kind === 'map') return reader.variables(root)
  reader.problems.push(
    problem('invalid-variable', 'variables must be a map of names to values', {
      where,
      hint: 'write {name: value}',
    }),
  )
  return new Map()
}

function fromPairs(text: string, reader: ValueReader): ReadonlyMap<string, Variable> {
  const found = new Map<string, Variable>()
  const words = text.match(/(?:\{\{.*?\}\}|[^\s"']|"[^"]*"|'[^']*')+/g) ?? []
  let before = ''
  for (const word of words) {
    const equals = word.indexOf('=')
    const name = equals === -1 ? word : word.slice(0, equals)
    if (equals === -1) {
      // It may be a part of the password before it.
      const which = isSecretName(before) ? `a word after "${before}="` : `"${word}"`
      reader.problems.push(
        problem('invalid-variable', `${which} does not set a variable`, {
          where: commandLine(1),
          hint: 'write -e name=value or -e @file, and quote a value that contains spaces',
        }),
      )
      continue
    }
    before = name
    const where = commandLine(text.indexOf(word) + 1)
    if (!reader.checkName(name, where)) continue
    const value = word.slice(equals + 1).replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2')
    found.set(name, {
      name,
      where,
      value: typed(value, where) ?? reader.value(commandLineScalar(value, where)),
    })
  }
  return found
}

/** As in INI inventories: whole numbers and booleans are typed unless quoted. */
function typed(value: string, where: Position): LiteralValue | undefined {
  if (value === 'true' || value === 'false') return { kind: 'literal', value: value === 'true', where }
  return /^(0|-?[1-9][0-9]{0,14})$/.test(value)
    ? { kind: 'literal', value: Number(value), source: value, where }
    : undefined
}

function commandLine(column: number): Position {
  return { file: '-e', line: 1, column }
}
