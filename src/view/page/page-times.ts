/** The time line of each host, and where the time went. */
import { axisTop } from 'd3-axis'
import { type ScaleTime, scaleUtc } from 'd3-scale'
import { select, type Selection } from 'd3-selection'
import { duration } from '../duration.ts'
import type { PathPart, ReportCell, ReportData } from '../report/report-data.ts'
import { type Child, dataTable, element, linkButton, scrollBox, whenPrinted } from './page-elements.ts'
import { outcomeWord, share, sinceStart, timeLabel } from './page-words.ts'

/** In pixels. */
const rowHeight = 20
const axisHeight = 24
const barHeight = 14
const narrowest = 1
/** Left and right of the times: half of a label of the axis. */
const sideways = 20
const printedWidth = 900

const largestZoom = 64

interface Span {
  readonly key: string
  readonly host: number
  readonly start: number
  readonly end: number
  readonly kind: string
  readonly title: string
  /** Absent for a wait. */
  readonly cell?: ReportCell
}

type Show = (cells: readonly ReportCell[]) => void

export function timesView(data: ReportData, show: Show): readonly HTMLElement[] {
  return [...timeLine(data, show), element('h3', {}, 'Where the time went'), ...whereItWent(data, show)]
}

function spansOf({ hosts, tasks, cells, waits, check }: ReportData): readonly Span[] {
  const nameOf = (host: number): string => hosts[host]?.name ?? ''
  const times = ({ start, end }: Pick<Span, 'start' | 'end'>): string =>
    `after ${sinceStart(start)}, took ${duration(end - start)}`
  return [
    ...waits.map((wait, index) => ({
      ...wait,
      key: `w${index}`,
      kind: 'wait',
      title: `${nameOf(wait.host)}: ${wait.why}\n${times(wait)}`,
    })),
    ...cells.map((cell, index) => ({
      key: `c${index}`,
      host: cell.host,
      start: cell.start,
      end: cell.end,
      kind: `o-${cell.outcome}`,
      title: `${nameOf(cell.host)}: ${tasks[cell.task]?.name ?? ''}\n${outcomeWord(cell.outcome, check)}, ${times(cell)}`,
      cell,
    })),
  ]
}

/** Only the hosts and times that can be seen are drawn. */
function timeLine(data: ReportData, show: Show): readonly HTMLElement[] {
  const { hosts, path } = data
  const byHost = new Map<number, Span[]>()
  for (const span of spansOf(data)) byHost.set(span.host, [...(byHost.get(span.host) ?? []), span])
  const height = hosts.length * rowHeight
  const drawing = select(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))
    .attr('class', 'spans')
    .attr('height', height)
    .attr('role', 'img')
    .attr('aria-label', 'Time line of each host; the tables below have the longest times as text')
  const axis = select(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))
    .attr('class', 'axis')
    .attr('height', axisHeight)
    .attr('aria-hidden', 'true')
  const ticks = axis.append('g').attr('transform', `translate(0,${axisHeight - 1})`)
  const bars = drawing.append('g')
  const line = drawing.append('path').attr('class', 'path')
  const names = element(
    'div',
    { class: 'names' },
    ...hosts.map(({ name }) => element('div', { title: name }, name)),
  )
  const box = scrollBox(
    'Time line',
    element(
      'div',
      { class: 'time-line' },
      names,
      element('div', { class: 'drawn' }, axis.node() ?? '', drawing.node() ?? ''),
    ),
  )
  let zoom = 1
  let printing = false
  const draw = (): void => {
    const width = printing
      ? printedWidth
      : Math.max(200, box.clientWidth - names.offsetWidth - 2 * sideways) * zoom
    const scale = scaleUtc([0, Math.max(1, data.duration)], [sideways, sideways + width])
    axis.attr('width', width + 2 * sideways)
    drawing.attr('width', width + 2 * sideways)
    const times = scale.ticks(Math.max(2, width / 90))
    const [one, two] = times.map(Number)
    const apart = (two ?? Infinity) - (one ?? 0)
    ticks.call(
      axisTop(scale)
        .tickValues(times)
        .tickFormat((time) => timeLabel(Number(time), apart)),
    )
    drawBars(bars, seen(byHost, scale, printing ? undefined : box), { scale, show })
    line.attr('d', pathLine(path.parts, scale))
  }
  let asked = false
  const drawSoon = (): void => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      draw()
    })
  }
  box.addEventListener('scroll', drawSoon)
  new ResizeObserver(drawSoon).observe(box)
  whenPrinted(
    () => {
      printing = true
      draw()
    },
    () => {
      printing = false
      draw()
    },
  )
  const zoomBy = (factor: number): void => {
    const middle = (box.scrollLeft + box.clientWidth / 2) / zoom
    zoom = factor === 0 ? 1 : Math.min(largestZoom, Math.max(1, zoom * factor))
    draw()
    box.scrollLeft = middle * zoom - box.clientWidth / 2
    drawSoon()
  }
  return [zoomBar(zoomBy), box]
}

function zoomBar(zoomBy: (factor: number) => void): HTMLElement {
  const button = (text: string, label: string, factor: number): HTMLElement => {
    const made = element('button', { type: 'button', 'aria-label': label }, text)
    made.addEventListener('click', () => zoomBy(factor))
    return made
  }
  return element(
    'div',
    { class: 'bar' },
    button('+', 'Zoom in', 2),
    button('\u2212', 'Zoom out', 0.5),
    button('whole run', 'Show the whole run', 0),
    element('span', { class: 'dim' }, 'The line is the critical path: what decided how long the run took.'),
  )
}

/** @param box Without one, everything is seen. */
function seen(
  byHost: ReadonlyMap<number, readonly Span[]>,
  scale: ScaleTime<number, number>,
  box: HTMLElement | undefined,
): readonly Span[] {
  if (box === undefined) return [...byHost.values()].flat()
  const first = Math.floor((box.scrollTop - axisHeight) / rowHeight) - 2
  const last = Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + 2
  const from = scale.invert(box.scrollLeft - box.clientWidth).getTime()
  const to = scale.invert(box.scrollLeft + 2 * box.clientWidth).getTime()
  return [...byHost]
    .filter(([host]) => host >= first && host <= last)
    .flatMap(([, spans]) => spans.filter(({ start, end }) => end >= from && start <= to))
}

function drawBars(
  bars: Selection<SVGGElement, unknown, null, undefined>,
  spans: readonly Span[],
  { scale, show }: { readonly scale: ScaleTime<number, number>; readonly show: Show },
): void {
  bars
    .selectAll<SVGRectElement, Span>('rect')
    .data(spans, ({ key }) => key)
    .join((entering) => {
      const made = entering
        .append('rect')
        .attr('class', ({ kind }) => `span ${kind}`)
        .attr('y', ({ host }) => host * rowHeight + (rowHeight - barHeight) / 2)
        .attr('height', barHeight)
        .on('click', (_, { cell }) => {
          if (cell !== undefined) show([cell])
        })
      made.append('title').text(({ title }) => title)
      return made
    })
    .attr('x', ({ start }) => scale(start))
    .attr('width', ({ start, end }) => Math.max(narrowest, scale(end) - scale(start)))
}

/** From bar to bar, in the middle of their lines. */
function pathLine(parts: readonly PathPart[], scale: ScaleTime<number, number>): string {
  return parts
    .flatMap(({ host, start, end }) => {
      const y = (host + 0.5) * rowHeight
      return [`${scale(start).toFixed(1)},${y}`, `${scale(end).toFixed(1)},${y}`]
    })
    .map((point, index) => `${index === 0 ? 'M' : 'L'}${point}`)
    .join('')
}

/** Lines of the table; the others are in the list of all parts. */
const mostTotals = 15

function whereItWent(data: ReportData, show: Show): readonly HTMLElement[] {
  const { path, tasks, hosts, cells, waits } = data
  const totals = path.totals.slice(0, mostTotals).map(({ task, milliseconds }): readonly Child[] => [
    task === undefined ? 'connections, reboots, gaps between tasks' : (tasks[task]?.name ?? ''),
    duration(milliseconds),
    element(
      'span',
      { class: 'share' },
      element('meter', {
        min: '0',
        max: String(Math.max(1, data.duration)),
        value: String(milliseconds),
        'aria-hidden': 'true',
      }),
      share(milliseconds, data.duration),
    ),
  ])
  const lineOf = ({ host, task, start, end }: PathPart): readonly Child[] => {
    const cell = cells.find((one) => one.host === host && one.task === task && one.end >= end)
    const wait = waits.find((one) => one.host === host && one.start === start)
    const name = task === undefined ? (wait?.why ?? '') : (tasks[task]?.name ?? '')
    return [
      sinceStart(start),
      hosts[host]?.name ?? '',
      cell === undefined ? name : linkButton(name, () => show([cell])),
      duration(end - start),
    ]
  }
  return [
    dataTable(['On the critical path', 'Time', 'Share'], totals, {
      caption: 'Time on the critical path by task',
    }),
    element(
      'details',
      {},
      element('summary', {}, `All ${path.parts.length} parts of the critical path`),
      dataTable(['After', 'Host', 'Task', 'Time'], path.parts.map(lineOf), {
        caption: 'Steps of the critical path in order of time',
      }),
    ),
  ]
}
