/**
 * Reads YAML 1.2 into a small tree in which every value and key has a position.
 *
 * Aliases and `<<` are resolved here. Collects all mistakes and returns them with the readable part.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Position, Problem } from '../base/errors.ts'
import {
  deepest,
  isTooDeep,
  mostValues,
  fileNestedTooDeeply,
  tooManyValues,
  tooMuchToParse,
} from './limits.ts'
import type { Keyring } from './encrypted/keyring.ts'
import { type Locator, problem, type SourceFile } from './source.ts'
import { knownTags, sealedText } from './yaml-tags.ts'
import { quoteIt, yamlSyntaxProblem, tagProblem, unclosedQuote, unquotedTemplate } from './yaml-problems.ts'

export type YamlNode = YamlScalar | YamlList | YamlMap

export interface YamlScalar extends Locator {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** The source text, without quotes. */
  readonly source: string
  /** Tagged `!cel`. */
  readonly cel: boolean
  /** Of an encrypted value: returns a `Secret`, or a boolean. @throws LockedError */
  readonly sealed?: ((keys: Keyring) => unknown) | undefined
  /** For a number outside YAML: how to write it as text. */
  readonly quoted?: string
}

export interface YamlList {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
  readonly where: Position
}

export interface YamlMap {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, YamlEntry>
  readonly where: Position
}

export interface YamlEntry {
  /** The position of the key. */
  readonly where: Position
  readonly value: YamlNode
}

export interface YamlFile {
  /** `undefined` if the file is empty or cannot be parsed at all. */
  readonly root: YamlNode | undefined
  readonly problems: readonly Problem[]
}

/** Reads one document. Never throws. */
export function readYaml(source: SourceFile): YamlFile {
  const large = tooMuchToParse(source)
  if (large !== undefined) return { root: undefined, problems: [large] }
  const document = parseQuietly(source)
  if (!('contents' in document)) return { root: undefined, problems: [document] }
  const reader = new Reader(source, document)
  if (document.errors.some(isTooDeep))
    return { root: undefined, problems: [fileNestedTooDeeply(source.position(0))] }
  const syntax = document.errors.map((error) => yamlSyntaxProblem(source, error))
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) {
    // Errors after a syntax error are mostly noise, except the most common mistake.
    const quoting = unquotedTemplate(source, document.errors[0])
    const first = quoting ?? unclosedQuote(source, document) ?? syntax[0]
    return { root: undefined, problems: first === undefined ? [] : [first] }
  }
  const tags = document.warnings.filter((warning) => warning.code === 'TAG_RESOLVE_FAILED')
  const root = document.contents === null ? undefined : reader.node(document.contents, 0)
  return {
    root: isEmpty(root) ? undefined : root,
    problems: [...syntax, ...tags.map((warning) => tagProblem(source, warning)), ...reader.problems],
  }
}

function isEmpty(node: YamlNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === null && node.source === ''
}

type QuietDocument = Document.Parsed

function parseQuietly(source: SourceFile): QuietDocument | Problem {
  try {
    return parseDocument(source.text, {
      version: '1.2',
      merge: true,
      // Also silences the process warning for keys that are collections.
      logLevel: 'error',
      prettyErrors: false,
      stringKeys: false,
      customTags: [...knownTags],
    })
  } catch (error) {
    if (isTooDeep(error)) return fileNestedTooDeeply(source.position(0))
    const text = error instanceof Error ? error.message : String(error)
    return problem('invalid-yaml', `this is not YAML: ${text}`, { where: source.position(0) })
  }
}

class Reader {
  readonly problems: Problem[] = []
  readonly #source: SourceFile
  readonly #document: QuietDocument
  readonly #open = new Set<unknown>()
  #count = 0
  #gaveUp = false
  /** True after an alias was expanded. */
  #expanded = false

  constructor(source: SourceFile, document: QuietDocument) {
    this.#source = source
    this.#document = document
  }

  node(node: ParsedNode | Alias | null, depth: number): YamlNode | undefined {
    if (node === null) return undefined
    const where = this.#place(node)
    this.#count += 1
    if (this.#count > mostValues || depth > deepest) {
      if (!this.#gaveUp) {
        const deep = depth > deepest
        this.problems.push(deep ? fileNestedTooDeeply(where) : tooManyValues(where, this.#expanded))
      }
      this.#gaveUp = true
      return undefined
    }
    if (isAlias(node)) return this.#alias(node, where, depth)
    if (isScalar(node)) return this.#scalar(node)
    if (this.#open.has(node)) {
      this.#report('cyclic-alias', 'this alias contains itself', where)
      return undefined
    }
    this.#open.add(node)
    const result = isSeq(node) ? this.#list(node, depth) : this.#map(node, depth)
    this.#open.delete(node)
    return result
  }

  #alias(node: Alias, where: Position, depth: number): YamlNode | undefined {
    this.#expanded = true
    const target = node.resolve(this.#document)
    if (target === undefined) {
      this.#report('unknown-alias', `there is no anchor "&${node.source}" in this file`, where)
      return undefined
    }
    return this.node(target as ParsedNode, depth + 1)
  }

  #scalar(node: Scalar.Parsed): YamlScalar {
    const [start, end] = node.range
    const raw = this.#source.text.slice(start, end)
    const value: unknown = node.value
    // A whole number with more digits than JavaScript has keeps them as text, as in INI.
    const isExact =
      typeof value === 'number' && (Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(node.source))
    const plain =
      typeof value === 'string' || isExact || typeof value === 'boolean' || value === null
        ? value
        : node.source
    return {
      kind: 'scalar',
      value: plain,
      source: node.source,
      cel: node.tag === '!cel',
      sealed: sealedText(node.tag, String(plain), (wrong, hint) =>
        this.#report('not-encrypted', wrong, this.#place(node), { hint }),
      ),
      where: this.#source.position(start, raw.trimEnd().length),
      at: (offset, length) => this.#inside(node, offset, length),
    }
  }

  /**
   * Returns the position of a character of a scalar's value; exact unless the scalar has escapes or is
   * folded.
   */
  #inside(node: Scalar.Parsed, offset: number, length: number): Position {
    const [start, end] = node.range
    const value = String(node.value)
    const raw = this.#source.text.slice(start, end)
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') {
      const before = value.slice(0, offset).split('\n')
      const first = this.#source.position(start).line + 1
      const line = first + before.length - 1
      const firstText = this.#source.lineText(first)
      const indent = firstText.length - firstText.trimStart().length
      return this.#source.position(
        this.#source.lineStart(line) + indent + (before.at(-1)?.length ?? 0),
        length,
      )
    }
    const lead = /^["']/.test(raw) ? 1 : 0
    if (raw.slice(lead, lead + value.length) === value) {
      return this.#source.position(start + lead + offset, length)
    }
    const needle = value.slice(offset, offset + length)
    const found = needle === '' ? -1 : raw.indexOf(needle)
    return found === -1
      ? this.#source.position(start, raw.trimEnd().length)
      : this.#source.position(start + found, length)
  }

  #list(node: YAMLSeq.Parsed, depth: number): YamlList {
    const items: YamlNode[] = []
    for (const item of node.items) {
      if (isPair(item)) continue
      const value = this.node(item, depth + 1)
      if (value !== undefined) items.push(value)
    }
    return { kind: 'list', items, where: this.#place(node) }
  }

  #map(node: YAMLMap.Parsed, depth: number): YamlNode {
    const where = this.#place(node)
    const entries = new Map<string, YamlEntry>()
    const merged: YamlMap[] = []
    for (const pair of node.items) {
      const key: unknown = pair.key
      if (node.flow === true && (isMap(key) || isSeq(key))) {
        this.#report('unquoted-template', 'a value that starts with "{{" must be quoted', where, {
          hint: quoteIt(this.#source.text.slice(node.range[0] - 1, node.range[1] + 1)),
        })
        return { kind: 'scalar', value: '', source: '', cel: false, where, at: () => where }
      }
      if (!isScalar(key)) {
        this.#report('invalid-key', 'a key must be a plain word', where)
        continue
      }
      const keyNode = key as Scalar.Parsed
      const keyAt = this.#place(keyNode)
      const value = this.node(pair.value, depth + 1) ?? this.#nothing(keyAt)
      if (keyNode.source === '<<' && keyNode.type === 'PLAIN') {
        merged.push(...this.#mergeSources(value, keyAt))
        continue
      }
      entries.set(keyNode.source, { where: keyAt, value })
    }
    for (const map of merged) {
      for (const [name, entry] of map.entries) if (!entries.has(name)) entries.set(name, entry)
    }
    return { kind: 'map', entries, where }
  }

  #mergeSources(value: YamlNode, where: Position): readonly YamlMap[] {
    const parts = value.kind === 'list' ? value.items : [value]
    return parts.flatMap((part) => {
      if (part.kind === 'map') return [part]
      this.#report('invalid-merge', '"<<" takes a map or a list of maps', where)
      return []
    })
  }

  #nothing(where: Position): YamlScalar {
    return { kind: 'scalar', value: null, source: '', cel: false, where, at: () => where }
  }

  #place(node: { range?: readonly [number, number, number] | null | undefined }): Position {
    const [start, end] = node.range ?? [0, 1]
    return this.#source.position(start, this.#source.text.slice(start, end).trimEnd().length)
  }

  #report(code: string, message: string, where: Position, more: { hint?: string } = {}): void {
    this.problems.push(problem(code, message, { where, ...more }))
  }
}

/** A node as plain data: lists, maps as objects, and scalars. */
export function yamlData(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(yamlData)
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, yamlData(value)]))
  }
}
