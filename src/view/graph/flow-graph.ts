/** The flow of plays as boxes and arrows, which Mermaid's text and the drawing show. */
import type { FlowBlock, FlowStep, FlowTask, PlayFlow } from '../../events/play-flow.ts'

export interface FlowGraph {
  /** The plays, in order. */
  readonly boxes: readonly GraphGroup[]
  readonly arrows: readonly GraphArrow[]
}

export type GraphBox = GraphLeaf | GraphGroup

/** A task, or what stands for a play without one. */
export interface GraphLeaf {
  readonly kind: 'task' | 'conditional' | 'handler' | 'none'
  readonly id: string
  readonly name: string
  /** The module, unless the task has no other name, and `for each item`. Empty if there is nothing to add. */
  readonly more: string
}

export interface GraphGroup {
  readonly kind: 'group'
  /** A part is one of the lists of a block. */
  readonly of: 'play' | 'role' | 'block' | 'part' | 'handlers'
  readonly id: string
  readonly title: string
  readonly boxes: readonly GraphBox[]
}

/** `from` and `to` are IDs of boxes. */
export interface GraphArrow {
  readonly from: string
  readonly to: string
  readonly why: 'next' | 'handlers run' | 'notify' | 'fails' | 'after: node' | 'all hosts'
}

export function flowGraph(plays: readonly PlayFlow[]): FlowGraph {
  const parts = plays.map(playPart)
  const order = plays.slice(1).map(({ id, afterNode }, index): GraphArrow => {
    const from = plays[index]?.id ?? ''
    return { from, to: id, why: afterNode ? 'after: node' : 'all hosts' }
  })
  return {
    boxes: parts.map(({ box }) => box),
    arrows: [...parts.flatMap(({ arrows }) => arrows), ...order],
  }
}

interface Part {
  readonly boxes: readonly GraphBox[]
  readonly arrows: readonly GraphArrow[]
  /** The tasks with which it begins, and those after which it is left; none if it has no task. */
  readonly first: readonly string[]
  readonly last: readonly string[]
}

function playPart({ id, name, pattern, inBatches, sections, handlers }: PlayFlow): {
  readonly box: GraphGroup
  readonly arrows: readonly GraphArrow[]
} {
  const title = `${name === pattern ? name : `${name} (${pattern})`}${inBatches ? ', in batches' : ''}`
  const found = sections.map(stepsPart).filter(({ first }) => first.length > 0)
  const flow = inOrder(found, handlers.length > 0 ? 'handlers run' : 'next')
  const none: GraphLeaf = { kind: 'none', id: `${id}_none`, name: 'no tasks', more: '' }
  const waiting = together(handlers.map((handler) => taskPart(handler, 'handler')))
  const boxes = [
    ...(found.length === 0 ? [none] : flow.boxes),
    ...(handlers.length === 0 ? [] : [groupOf('handlers', `${id}_handlers`, 'handlers', waiting)]),
  ]
  return { box: { kind: 'group', of: 'play', id, title, boxes }, arrows: [...flow.arrows, ...waiting.arrows] }
}

function stepsPart(steps: readonly FlowStep[]): Part {
  return inOrder(steps.map(stepPart).filter(({ first }) => first.length > 0))
}

function stepPart(step: FlowStep): Part {
  switch (step.kind) {
    case 'task':
      return taskPart(step, step.conditional ? 'conditional' : 'task')
    case 'role':
      return grouped('role', step.id, `role ${step.name}`, stepsPart(step.steps))
    case 'block':
      return blockPart(step)
  }
}

function taskPart({ id, name, module, looped, notifies }: FlowTask, kind: GraphLeaf['kind']): Part {
  const more = [...(name === module ? [] : [module]), ...(looped ? ['for each item'] : [])].join(', ')
  return {
    boxes: [{ kind, id, name, more }],
    arrows: notifies.map((to) => ({ from: id, to, why: 'notify' })),
    first: [id],
    last: [id],
  }
}

function blockPart({ id, name, steps, rescue, always }: FlowBlock): Part {
  const tasks = grouped('part', `${id}_block`, 'block', stepsPart(steps))
  const rescued = grouped('part', `${id}_rescue`, 'rescue', stepsPart(rescue))
  const end = grouped('part', `${id}_always`, 'always', stepsPart(always))
  const exits = [...tasks.last, ...rescued.last]
  const { boxes, arrows } = together([tasks, rescued, end].filter(({ first }) => first.length > 0))
  const fails: GraphArrow = { from: `${id}_block`, to: `${id}_rescue`, why: 'fails' }
  return grouped('block', id, name, {
    boxes,
    arrows: [...arrows, ...(rescue.length === 0 ? [] : [fails]), ...connect(exits, end.first, 'next')],
    first: tasks.first,
    last: end.last.length === 0 ? exits : end.last,
  })
}

/** An arrow from the end of each part to the beginning of the next. */
function inOrder(parts: readonly Part[], why: GraphArrow['why'] = 'next'): Part {
  const between = parts.flatMap(({ last }, index) => connect(last, parts[index + 1]?.first ?? [], why))
  const { boxes, arrows } = together(parts)
  return {
    boxes,
    arrows: [...arrows, ...between],
    first: parts[0]?.first ?? [],
    last: parts.at(-1)?.last ?? [],
  }
}

/** Without arrows between them. */
function together(parts: readonly Part[]): Part {
  return {
    boxes: parts.flatMap(({ boxes }) => boxes),
    arrows: parts.flatMap(({ arrows }) => arrows),
    first: parts.flatMap(({ first }) => first),
    last: parts.flatMap(({ last }) => last),
  }
}

function connect(
  from: readonly string[],
  to: readonly string[],
  why: GraphArrow['why'],
): readonly GraphArrow[] {
  return from.flatMap((one) => to.map((other) => ({ from: one, to: other, why })))
}

function grouped(of: GraphGroup['of'], id: string, title: string, part: Part): Part {
  return { ...part, boxes: [groupOf(of, id, title, part)] }
}

function groupOf(of: GraphGroup['of'], id: string, title: string, { boxes }: Part): GraphGroup {
  return { kind: 'group', of, id, title, boxes }
}
