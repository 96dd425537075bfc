/** The flow of plays as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
import type { PlayFlow } from '../../events/play-flow.ts'
import { plainText } from '../text.ts'
import { flowGraph, type GraphArrow, type GraphBox, type GraphLeaf } from './flow-graph.ts'

/**
 * Conditional tasks are hexagons, handlers are rounded. Dotted arrows lead to the handlers that a task
 * notifies. All arrows come after the boxes: an arrow inside a box would move its ends into it.
 */
export function graphText(plays: readonly PlayFlow[]): string {
  const { boxes, arrows } = flowGraph(plays)
  return ['flowchart TD', ...indented([...boxes.flatMap(boxLines), ...arrows.map(arrowLine)])].join('\n')
}

const shapes: Readonly<Record<GraphLeaf['kind'], readonly [begin: string, end: string]>> = {
  task: ['[', ']'],
  conditional: ['{{', '}}'],
  handler: ['([', '])'],
  none: ['[', ']'],
}

function boxLines(box: GraphBox): readonly string[] {
  if (box.kind === 'group')
    return [`subgraph ${box.id}[${quoted(box.title)}]`, ...indented(box.boxes.flatMap(boxLines)), 'end']
  const [begin, end] = shapes[box.kind]
  const label = [box.name, ...(box.more === '' ? [] : [box.more])].map(escaped).join('<br/>')
  return [`${box.id}${begin}"${label}"${end}`]
}

const lines: Readonly<Record<GraphArrow['why'], string>> = {
  next: '-->',
  'handlers run': '-->',
  fails: '-->',
  notify: '-.->',
  'after: node': '-.->',
  'all hosts': '==>',
}

function arrowLine({ from, to, why }: GraphArrow): string {
  return `${from} ${lines[why]}${why === 'next' ? '' : `|${quoted(why)}|`} ${to}`
}

function indented(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `  ${text}`)
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

/**
 * Mermaid reads HTML, Markdown, comments (`%%`) and its own entities in a label. Everything that could begin
 * one is written as an entity, `#35;` for `#`, and a list at the beginning (`1. `) too. It cuts entities after
 * `style:`, so colons are entities unless a space follows.
 */
function escaped(text: string): string {
  return plainText(text)
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/["#&<>`%*\\;]|:(?! )|^[-+](?= )|(?<=^\d+)[.)](?= )/g, (sign) => `#${sign.charCodeAt(0)};`)
}
