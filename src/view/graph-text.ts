/** The flow of plays as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). */
import type { FlowBlock, FlowStep, FlowTask, PlayFlow } from '../events/play-flow.ts'
import { plainText } from './text.ts'

/**
 * Conditional tasks are hexagons, handlers are rounded. Dotted arrows lead to the handlers that a task
 * notifies. All arrows come after the boxes: an arrow inside a box would move its ends into it.
 */
export function graphText(plays: readonly PlayFlow[]): string {
  const drawings = plays.map(drawPlay)
  const order = plays.slice(1).map(({ id, afterNode }, index) => {
    const before = plays[index]?.id ?? ''
    return afterNode ? arrow(before, id, '-.->', 'after: node') : arrow(before, id, '==>', 'all hosts')
  })
  const lines = [...drawings.flatMap(({ boxes }) => boxes), ...drawings.flatMap(({ arrows }) => arrows)]
  return ['flowchart TD', ...indented([...lines, ...order])].join('\n')
}

interface Drawing {
  readonly boxes: readonly string[]
  readonly arrows: readonly string[]
  /** The tasks with which it begins, and those after which it is left; none if nothing is drawn. */
  readonly first: readonly string[]
  readonly last: readonly string[]
}

function drawPlay({ id, name, pattern, inBatches, sections, handlers }: PlayFlow): Drawing {
  const title = `${name === pattern ? name : `${name} (${pattern})`}${inBatches ? ', in batches' : ''}`
  const drawn = sections.map(drawSteps).filter(({ first }) => first.length > 0)
  const flow = inOrder(drawn, handlers.length > 0 ? 'handlers run' : undefined)
  const none: Drawing = { boxes: [`${id}_none[${quoted('no tasks')}]`], arrows: [], first: [], last: [] }
  const waiting = together(handlers.map((handler) => drawTask(handler, ['([', '])'])))
  return boxed(
    id,
    title,
    together([
      drawn.length === 0 ? none : flow,
      ...(handlers.length === 0 ? [] : [boxed(`${id}_handlers`, 'handlers', waiting)]),
    ]),
  )
}

function drawSteps(steps: readonly FlowStep[]): Drawing {
  return inOrder(steps.map(drawStep).filter(({ first }) => first.length > 0))
}

function drawStep(step: FlowStep): Drawing {
  switch (step.kind) {
    case 'task':
      return drawTask(step, step.conditional ? ['{{', '}}'] : ['[', ']'])
    case 'role':
      return boxed(step.id, `role ${step.name}`, drawSteps(step.steps))
    case 'block':
      return drawBlock(step)
  }
}

type Shape = readonly [begin: string, end: string]

function drawTask({ id, name, module, looped, notifies }: FlowTask, [begin, end]: Shape): Drawing {
  const second = [...(name === module ? [] : [module]), ...(looped ? ['for each item'] : [])].join(', ')
  const label = [name, ...(second === '' ? [] : [second])].map(escaped).join('<br/>')
  return {
    boxes: [`${id}${begin}"${label}"${end}`],
    arrows: notifies.map((handler) => arrow(id, handler, '-.->', 'notify')),
    first: [id],
    last: [id],
  }
}

function drawBlock({ id, name, steps, rescue, always }: FlowBlock): Drawing {
  const tasks = boxed(`${id}_block`, 'block', drawSteps(steps))
  const rescued = boxed(`${id}_rescue`, 'rescue', drawSteps(rescue))
  const end = boxed(`${id}_always`, 'always', drawSteps(always))
  const parts = [tasks, rescued, end].filter(({ first }) => first.length > 0)
  const exits = [...tasks.last, ...rescued.last]
  const { boxes, arrows } = together(parts)
  const drawing: Drawing = {
    boxes,
    arrows: [
      ...arrows,
      ...(rescue.length === 0 ? [] : [arrow(`${id}_block`, `${id}_rescue`, '-->', 'fails')]),
      ...connect(exits, end.first),
    ],
    first: tasks.first,
    last: end.last.length === 0 ? exits : end.last,
  }
  return boxed(id, name, drawing)
}

/** An arrow from the end of each drawing to the beginning of the next. */
function inOrder(drawings: readonly Drawing[], label?: string): Drawing {
  const between = drawings.flatMap(({ last }, index) =>
    connect(last, drawings[index + 1]?.first ?? [], label),
  )
  const { boxes, arrows } = together(drawings)
  return {
    boxes,
    arrows: [...arrows, ...between],
    first: drawings[0]?.first ?? [],
    last: drawings.at(-1)?.last ?? [],
  }
}

/** Without arrows between them. */
function together(drawings: readonly Drawing[]): Drawing {
  return {
    boxes: drawings.flatMap(({ boxes }) => boxes),
    arrows: drawings.flatMap(({ arrows }) => arrows),
    first: drawings.flatMap(({ first }) => first),
    last: drawings.flatMap(({ last }) => last),
  }
}

function connect(from: readonly string[], to: readonly string[], label?: string): readonly string[] {
  return from.flatMap((one) => to.map((other) => arrow(one, other, '-->', label)))
}

function arrow(from: string, to: string, line: string, label?: string): string {
  return `${from} ${line}${label === undefined ? '' : `|${quoted(label)}|`} ${to}`
}

function boxed(id: string, title: string, drawing: Drawing): Drawing {
  return { ...drawing, boxes: [`subgraph ${id}[${quoted(title)}]`, ...indented(drawing.boxes), 'end'] }
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
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
