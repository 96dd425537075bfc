/**
 * Places and sizes of a flow graph, in pixels. dagre (https://github.com/dagrejs/dagre) lays out each box by
 * itself, with the boxes in it as nodes: it cannot lead an arrow to a box with content. Plays are beside each
 * other, because a play is much higher than wide.
 */
import { Graph, layout } from '@dagrejs/dagre'
import { plainText, widthOf } from '../text.ts'
import type { FlowGraph, GraphArrow, GraphBox, GraphGroup, GraphLeaf } from './flow-graph.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

/** `x` and `y` are the upper left corner on the drawing. */
export interface PlacedBox extends Point {
  readonly box: GraphBox
  readonly width: number
  readonly height: number
  /** The name of a task or the title of a group, in lines of at most `longestLine` columns. */
  readonly lines: readonly string[]
  /** A line below the name; empty if there is none. */
  readonly more: string
}

export interface PlacedArrow {
  readonly arrow: GraphArrow
  readonly points: readonly [Point, ...Point[]]
  /** The middle of its label. */
  readonly label: Point
}

export interface GraphLayout {
  readonly width: number
  readonly height: number
  /** A group is before the boxes in it. */
  readonly boxes: readonly PlacedBox[]
  readonly arrows: readonly PlacedArrow[]
}

const longestLine = 36
/** A letter of Verdana, the widest common font without serifs, at the size of `graphFont`. */
const letterWidth = 8
const boldFactor = 1.15
const lineHeight = 17
export const graphFont = { fontSize: 13, lineHeight }
const margin = 16
/** Between boxes, and around those of a group. */
const gap = 28
const padding = 14
/** Between plays, and between the tasks and the handlers of a play: arrows run there. */
const wideGap = 120

export function layoutGraph({ boxes, arrows }: FlowGraph): GraphLayout {
  const plays = boxes.map((box) => sized(box, arrows))
  let x = margin
  const placed = plays.map((play) => {
    const moved = movedBy(play, { x, y: margin })
    x += play.box.width + wideGap
    return moved
  })
  const all = placed.flatMap(({ box, inner }) => [box, ...inner])
  const places = new Map(all.map((one) => [one.box.id, one]))
  const between = arrows.flatMap((arrow): readonly PlacedArrow[] => {
    const [from, to] = [places.get(arrow.from), places.get(arrow.to)]
    if (from === undefined || to === undefined) return []
    if (arrow.why === 'notify') return [notifyArrow(arrow, from, to, ownerOf(placed, from))]
    return arrow.why === 'after: node' || arrow.why === 'all hosts' ? [playArrow(arrow, from, to)] : []
  })
  return {
    width: x - wideGap + margin,
    height: Math.max(0, ...placed.map(({ box }) => box.height)) + 2 * margin,
    boxes: all,
    arrows: [...placed.flatMap((play) => play.arrows), ...between],
  }
}

/** A box with everything in it. */
interface Sized {
  readonly box: PlacedBox
  readonly inner: readonly PlacedBox[]
  readonly arrows: readonly PlacedArrow[]
}

function sized(box: GraphBox, arrows: readonly GraphArrow[]): Sized {
  return box.kind === 'group' ? sizedGroup(box, arrows) : sizedLeaf(box)
}

function sizedLeaf(box: GraphLeaf): Sized {
  const lines = wrapped(box.name)
  const more = plainText(box.more)
  const rows = lines.length + (more === '' ? 0 : 1)
  // A hexagon needs its corners, a rounded box its round ends.
  const ends = box.kind === 'task' || box.kind === 'none' ? 20 : 36
  const width = Math.max(...[...lines, more].map(textWidth)) + ends
  return {
    box: { box, x: 0, y: 0, width, height: rows * lineHeight + 12, lines, more },
    inner: [],
    arrows: [],
  }
}

function sizedGroup(box: GraphGroup, arrows: readonly GraphArrow[]): Sized {
  const lines = wrapped(box.title)
  const members = box.boxes.map((member) => sized(member, arrows))
  const content = box.of === 'play' ? playContent(members, arrows) : flowContent(members, arrows, box.of)
  const head = lines.length * lineHeight + 10
  const title = Math.max(...lines.map((line) => textWidth(line) * boldFactor))
  const width = Math.max(content.width, title) + 2 * padding
  const shift = { x: (width - content.width) / 2, y: head }
  const moved = content.members.map((member) => movedBy(member, shift))
  return {
    box: { box, x: 0, y: 0, width, height: head + content.height + padding, lines, more: '' },
    inner: moved.flatMap((member) => [member.box, ...member.inner]),
    arrows: [
      ...content.arrows.map((arrow) => movedArrow(arrow, shift)),
      ...moved.flatMap((member) => member.arrows),
    ],
  }
}

interface Content {
  readonly width: number
  readonly height: number
  readonly members: readonly Sized[]
  readonly arrows: readonly PlacedArrow[]
}

/** The handlers are right of the tasks, because every task can notify them. */
function playContent(members: readonly Sized[], arrows: readonly GraphArrow[]): Content {
  const handlers = members.filter(({ box: { box } }) => box.kind === 'group' && box.of === 'handlers')
  const flow = flowContent(
    members.filter((member) => !handlers.includes(member)),
    arrows,
    'play',
  )
  const [waiting] = handlers
  if (waiting === undefined) return flow
  const height = Math.max(flow.height, waiting.box.height)
  const place = { x: flow.width + wideGap, y: Math.min(height - waiting.box.height, flow.height / 4) }
  return {
    ...flow,
    width: place.x + waiting.box.width,
    height,
    members: [...flow.members, movedBy(waiting, place)],
  }
}

/** Boxes from top to bottom, in the order of the arrows. Handlers are only listed: each may run or not. */
function flowContent(
  members: readonly Sized[],
  arrows: readonly GraphArrow[],
  of: GraphGroup['of'],
): Content {
  const graph = new Graph<
    { rankdir: 'TB'; nodesep: number; ranksep: number; width?: number; height?: number },
    { width: number; height: number; x?: number; y?: number },
    { width?: number; height?: number; labelpos?: 'c'; points?: Point[]; x?: number; y?: number }
  >()
  graph.setGraph({ rankdir: 'TB', nodesep: gap, ranksep: of === 'handlers' ? 6 : gap })
  const owners = new Map<string, string>()
  for (const { box, inner } of members) {
    graph.setNode(box.box.id, { width: box.width, height: box.height })
    for (const one of [box, ...inner]) owners.set(one.box.id, box.box.id)
  }
  const edges = edgesBetween(arrows, owners)
  for (const { from, to, why } of edges)
    graph.setEdge(
      from,
      to,
      why === 'next' ? {} : { width: textWidth(why), height: lineHeight, labelpos: 'c' },
    )
  if (of === 'handlers')
    members
      .slice(1)
      .forEach(({ box }, index) => graph.setEdge(members[index]?.box.box.id ?? '', box.box.id, {}))
  layout(graph)
  const { width = 0, height = 0 } = graph.graph()
  return {
    width,
    height,
    members: members.map((member) => {
      const { x = 0, y = 0 } = graph.node(member.box.box.id)
      return movedBy(member, { x: x - member.box.width / 2, y: y - member.box.height / 2 })
    }),
    arrows: edges.flatMap((arrow): readonly PlacedArrow[] => {
      const { points: [first, ...more] = [], x, y } = graph.edge(arrow.from, arrow.to)
      return first === undefined
        ? []
        : [{ arrow, points: [first, ...more], label: { x: x ?? first.x, y: y ?? first.y } }]
    }),
  }
}

/** The arrows between members; one that begins or ends in a member begins or ends at it. Each once. */
function edgesBetween(
  arrows: readonly GraphArrow[],
  owners: ReadonlyMap<string, string>,
): readonly GraphArrow[] {
  const found = new Map<string, GraphArrow>()
  for (const { from, to, why } of arrows) {
    const [begin, end] = [owners.get(from), owners.get(to)]
    if (why === 'notify' || begin === undefined || end === undefined || begin === end) continue
    const key = `${begin} ${end}`
    if (!found.has(key)) found.set(key, { from: begin, to: end, why })
  }
  return [...found.values()]
}

/** The upper left of plays are at one height, so an arrow between their titles is straight. */
function playArrow(arrow: GraphArrow, from: PlacedBox, to: PlacedBox): PlacedArrow {
  const y = from.y + lineHeight
  const begin = from.x + from.width
  return {
    arrow,
    points: [
      { x: begin, y },
      { x: to.x, y },
    ],
    label: { x: (begin + to.x) / 2, y: y - 10 },
  }
}

/**
 * From the right side of a task to the left side of a handler. It bends right of all tasks of the play.
 * @param play The box of the play that has both
 */
function notifyArrow(arrow: GraphArrow, from: PlacedBox, to: PlacedBox, play: Sized): PlacedArrow {
  const handlers = play.inner.find(({ box }) => box.kind === 'group' && box.of === 'handlers') ?? to
  const begin = { x: from.x + from.width, y: from.y + from.height / 2 }
  const bend = { x: handlers.x - wideGap + 8, y: begin.y }
  const end = { x: to.x, y: to.y + to.height / 2 }
  return { arrow, points: [begin, bend, end], label: bend }
}

function ownerOf(plays: readonly Sized[], { box }: PlacedBox): Sized {
  const found = plays.find(({ inner }) => inner.some((one) => one.box.id === box.id))
  if (found === undefined) throw new Error(`no play has the box ${box.id}`)
  return found
}

function movedBy({ box, inner, arrows }: Sized, by: Point): Sized {
  const moved = (one: PlacedBox): PlacedBox => ({ ...one, x: one.x + by.x, y: one.y + by.y })
  return {
    box: moved(box),
    inner: inner.map(moved),
    arrows: arrows.map((arrow) => movedArrow(arrow, by)),
  }
}

function movedArrow({ arrow, points: [first, ...more], label }: PlacedArrow, { x, y }: Point): PlacedArrow {
  const moved = (point: Point): Point => ({ x: point.x + x, y: point.y + y })
  return { arrow, points: [moved(first), ...more.map(moved)], label: moved(label) }
}

function textWidth(text: string): number {
  return widthOf(text) * letterWidth
}

/** Breaks a line at a space, or a long word anywhere. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of plainText(text).split(/\s+/).flatMap(chunks)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > longestLine) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function chunks(word: string): readonly string[] {
  const parts: string[] = ['']
  for (const { segment } of new Intl.Segmenter().segment(word)) {
    const last = parts.at(-1) ?? ''
    if (widthOf(last + segment) > longestLine) parts.push(segment)
    else parts[parts.length - 1] = last + segment
  }
  return parts
}
