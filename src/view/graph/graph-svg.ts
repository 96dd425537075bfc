/** The flow of plays as an SVG drawing, light or dark as the reader's system is. It loads nothing. */
import { defined } from '../../base/defined.ts'
import type { PlayFlow } from '../../events/play-flow.ts'
import { xmlDocument, type XmlElement } from '../xml.ts'
import { flowGraph } from './flow-graph.ts'
import { graphFont, layoutGraph, type PlacedArrow, type PlacedBox, type Point } from './graph-layout.ts'

export function graphSvg(plays: readonly PlayFlow[]): string {
  const { width, height, boxes, arrows } = layoutGraph(flowGraph(plays))
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  const document = xmlDocument('svg', {
    xmlns: 'http://www.w3.org/2000/svg',
    width: w,
    height: h,
    viewBox: `0 0 ${w} ${h}`,
    role: 'img',
  })
  const svg = document.root
  svg.ele('title').txt(`Flow of ${plays.map(({ name }) => name).join(', ')}`)
  svg.ele('style').txt(style)
  svg
    .ele('defs')
    .ele('marker', {
      id: 'tip',
      viewBox: '0 0 8 8',
      refX: 7,
      refY: 4,
      markerWidth: 8,
      markerHeight: 8,
      markerUnits: 'userSpaceOnUse',
      orient: 'auto',
    })
    .ele('path', { d: 'M0,0L8,4L0,8z' })
  svg.ele('rect', { class: 'ground', width: w, height: h })
  for (const box of boxes) drawBox(svg, box)
  for (const arrow of arrows) drawArrow(svg, arrow)
  return document.text()
}

function drawBox(svg: XmlElement, { box, x, y, width, height, lines, more }: PlacedBox): void {
  const group = box.kind === 'group'
  const drawn = svg.ele('g', { id: box.id, class: group ? box.of : box.kind })
  if (box.kind === 'conditional') drawn.ele('polygon', { points: hexagon({ x, y, width, height }) })
  else {
    const corner = box.kind === 'handler' ? height / 2 : 4
    drawn.ele('rect', {
      x: round(x),
      y: round(y),
      width: round(width),
      height: round(height),
      rx: round(corner),
    })
  }
  const middle = round(x + width / 2)
  const first = y + (group ? 4 : 6) + graphFont.fontSize
  const text = (line: string, row: number, kind?: string): void => {
    drawn
      .ele('text', {
        x: middle,
        y: round(first + row * graphFont.lineHeight),
        ...defined({ class: kind }),
      })
      .txt(line)
  }
  lines.forEach((line, row) => text(line, row))
  if (more !== '') text(more, lines.length, 'more')
}

function hexagon({
  x,
  y,
  width,
  height,
}: Point & { readonly width: number; readonly height: number }): string {
  const corner = Math.min(14, height / 2)
  return [
    [x, y + height / 2],
    [x + corner, y],
    [x + width - corner, y],
    [x + width, y + height / 2],
    [x + width - corner, y + height],
    [x + corner, y + height],
  ]
    .map((point) => point.map(round).join(','))
    .join(' ')
}

function drawArrow(svg: XmlElement, { arrow, points, label }: PlacedArrow): void {
  const kind = arrow.why.replaceAll(/[^a-z]+/g, '-')
  const path = arrow.why === 'notify' ? bent(points) : straight(points)
  svg.ele('path', {
    class: `arrow ${kind}`,
    d: path,
    'marker-end': 'url(#tip)',
    'data-from': arrow.from,
    'data-to': arrow.to,
  })
  if (arrow.why === 'next' || arrow.why === 'notify') return
  svg.ele('text', { class: 'label', x: round(label.x), y: round(label.y + 4) }).txt(arrow.why)
}

function straight(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)},${round(y)}`).join('')
}

/** Straight to the second point, then a curve that leaves and arrives horizontally. */
function bent([begin, bend, end]: readonly Point[]): string {
  if (begin === undefined || bend === undefined || end === undefined) throw new Error('an arrow lacks points')
  const middle = round((bend.x + end.x) / 2)
  return `${straight([begin, bend])}C${middle},${round(bend.y)} ${middle},${round(end.y)} ${round(end.x)},${round(end.y)}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** The variables of an SVG file are those of its root; a page that has it as an image cannot set others. */
const style = `
svg {
  --ground: #ffffff; --text: #1b1f24; --dim: #57606a; --line: #8c959f; --play: #f6f8fa; --role: #eaeef2;
  --task: #ddf4ff; --edge: #0969da; --if: #fff8c5; --if-edge: #9a6700; --handler: #dafbe1; --handler-edge: #1a7f37;
  --bad: #b3161f;
  font: ${graphFont.fontSize}px Verdana, 'DejaVu Sans', Arial, sans-serif; fill: var(--text);
}
@media (prefers-color-scheme: dark) {
  svg {
    --ground: #14171a; --text: #e6e9ec; --dim: #9aa4ae; --line: #6e7681; --play: #1c2126; --role: #262c33;
    --task: #12304f; --edge: #539bf5; --if: #4d3a00; --if-edge: #c69026; --handler: #123d20;
    --handler-edge: #2f9e50; --bad: #ff8f88;
  }
}
text { text-anchor: middle; }
.ground { fill: var(--ground); }
.more, .label { font-size: 11px; fill: var(--dim); }
.label { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
.play > rect { fill: var(--play); stroke: var(--line); }
.play > text { font-weight: bold; }
.role > rect, .handlers > rect { fill: var(--role); stroke: var(--line); }
.block > rect, .part > rect { fill: none; stroke: var(--dim); stroke-dasharray: 4 3; }
.task > rect { fill: var(--task); stroke: var(--edge); }
.none > rect { fill: none; stroke: var(--line); }
.conditional > polygon { fill: var(--if); stroke: var(--if-edge); }
.handler > rect { fill: var(--handler); stroke: var(--handler-edge); }
.arrow { fill: none; stroke: var(--dim); stroke-width: 1.3; }
.notify { stroke: var(--handler-edge); stroke-dasharray: 2 3; }
.fails { stroke: var(--bad); }
.after-node { stroke-dasharray: 5 3; }
.all-hosts { stroke-width: 2.5; }
#tip > path { fill: var(--dim); }
`
