/** Reads Markdown pages with the parser of prettier: their links, anchors, tables and code. */
import type { ParserOptions } from 'prettier'
import { parsers } from 'prettier/plugins/markdown'

/** A node of the syntax tree (mdast). */
export interface Part {
  readonly type: string
  readonly value?: string
  readonly url?: string
  /** Of a reference and its definition: `[text][identifier]`, `[identifier]: url`. */
  readonly identifier?: string
  readonly depth?: number
  readonly lang?: string | null
  readonly children?: readonly Part[]
}

/** A part of a page with the text of the headings above it, the nearest last. */
export interface Placed {
  readonly headings: readonly string[]
  readonly part: Part
}

export interface Page {
  readonly root: Part
  /** The parts at the top level, without headings. */
  readonly parts: readonly Placed[]
}

export interface Cell {
  readonly text: string
  readonly codes: readonly string[]
  /** As written, references resolved; undefined for a reference without a definition. */
  readonly links: readonly (string | undefined)[]
}

export function readPage(text: string): Page {
  // The parser ignores its options.
  const root = parsers.markdown.parse(text, {} as ParserOptions) as Part
  let headings: readonly string[] = []
  const parts = (root.children ?? []).flatMap((part): readonly Placed[] => {
    if (part.type !== 'heading') return [{ headings, part }]
    headings = [...headings.slice(0, (part.depth ?? 1) - 1), plainText(part)]
    return []
  })
  return { root, parts }
}

/** All parts of a type in a part, in their order. */
export function partsOf(part: Part, type: string): readonly Part[] {
  return [
    ...(part.type === type ? [part] : []),
    ...(part.children ?? []).flatMap((one) => partsOf(one, type)),
  ]
}

export function plainText(part: Part): string {
  return part.value ?? (part.children ?? []).map(plainText).join('')
}

/** Targets of links and images. A reference without a definition is text, for example `[0]`. */
export function linksOf({ root }: Page): readonly string[] {
  return partTargets(root, definitions(root)).flatMap((target) => target ?? [])
}

/** The anchors of the headings, as GitHub makes them. */
export function anchorsOf({ root }: Page): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const heading of partsOf(root, 'heading')) {
    const anchor = plainText(heading)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    let numbered = anchor
    for (let count = 1; anchors.has(numbered); count += 1) numbered = `${anchor}-${count}`
    anchors.add(numbered)
  }
  return anchors
}

/** The rows of the tables below a heading, without the first row of each. */
export function rowsBelow({ root, parts }: Page, heading: string): readonly (readonly Cell[])[] {
  const targets = definitions(root)
  return parts
    .filter(({ headings, part }) => part.type === 'table' && headings.includes(heading))
    .flatMap(({ part }) => (part.children ?? []).slice(1))
    .map((row) =>
      (row.children ?? []).map((cell) => ({
        text: plainText(cell),
        codes: partsOf(cell, 'inlineCode').map(({ value = '' }) => value),
        links: partTargets(cell, targets),
      })),
    )
}

type Targets = ReadonlyMap<string, string>

function definitions(root: Part): Targets {
  return new Map(partsOf(root, 'definition').map(({ identifier = '', url = '' }) => [identifier, url]))
}

function partTargets(part: Part, targets: Targets): readonly (string | undefined)[] {
  const references = ['linkReference', 'imageReference'].flatMap((type) => partsOf(part, type))
  return [
    ...['link', 'image'].flatMap((type) => partsOf(part, type)).map(({ url }) => url),
    ...references.map(({ identifier = '' }) => targets.get(identifier)),
  ]
}
