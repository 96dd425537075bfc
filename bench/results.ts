/** The table of measurements and targets. */
import { programCount } from '../test/lab/costs.ts'
import type { Book } from './book.ts'
import type { Counted } from './counts.ts'
import { roundTrip } from './distance.ts'
import type { Options, ToolName } from './options.ts'
import { pushedSize, siteShape } from './site.ts'
import {
  convergedTarget,
  countTargets,
  cpuTargets,
  debugTarget,
  distanceTargets,
  firstTarget,
  memoryTargets,
  pyinfraTargets,
} from './targets.ts'
import type { Missing, Tool } from './tools.ts'

export interface Results {
  readonly book: Book
  readonly counted: Counted
  readonly options: Options
  readonly tools: readonly Tool[]
  readonly missing: readonly Missing[]
  /** Date, machine and versions, a line each. */
  readonly about: readonly string[]
}

type Row = readonly string[]

/** Text of `results.md`. */
export function resultsText(results: Results): string {
  const { about, book, options } = results
  const parts = [
    '# What a run costs',
    about.map((line) => `- ${line}`).join('\n'),
    `Medians of ${options.runs} ${options.runs === 1 ? 'round' : 'rounds'}; in each round every program is measured once, in turn, on fresh hosts. ` +
      'The hosts run on the same machine. The floor connects to all of them with ssh2 and runs `true` in one shell on each.',
    section('Twenty tasks, thirteen changes', fleetRows(results)),
    section('The controller', controllerRows(results)),
    section('On one host, counted', countRows(results)),
    section(`One host behind ${roundTrip} ms of round trip`, distanceRows(results)),
    section('Start-up', startupRows(results)),
    section('site.yml, and a driver into containers', siteRows(results)),
    book.notes.length === 0 ? '' : `## Notes\n\n${book.notes.map((line) => `- ${line}`).join('\n')}`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function section(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const lines = [['measured of', 'now', 'target', 'verdict'], ['---', '---', '---', '---'], ...rows]
  return `## ${title}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`
}

function fleetRows({ book, options, tools, missing }: Results): readonly Row[] {
  const floors = options.sizes.flatMap((size) => {
    const floor = book.value(`fleet floor ${size}`)
    return floor === undefined ? [] : [{ size, floor }]
  })
  const own = floors.flatMap(({ size, floor }) => {
    const hosts = size === 1 ? '1 host' : `${size} hosts`
    const converged = book.value(`fleet gpuplay converged ${size}`)
    const first = book.value(`fleet gpuplay first ${size}`)
    return [
      [`floor, ${hosts}`, seconds(floor), '', ''],
      judged(`converged, ${hosts}`, converged, { target: convergedTarget(size, floor), floor }),
      judged(`first, ${hosts}`, first, { target: firstTarget(size, floor), floor }),
    ]
  })
  const peers = tools
    .filter(({ name }) => name !== 'gpuplay')
    .flatMap(({ name }) =>
      floors.flatMap(({ size }) => [
        peerRow(book, { name, phase: 'converged', size }),
        peerRow(book, { name, phase: 'first', size }),
      ]),
    )
    .filter((row) => row.length > 0)
  const absent = floors.length === 0 ? [] : missing.map(({ name, why }) => [name, 'not measured', '', why])
  return [...own, ...peers, ...absent]
}

interface PeerRun {
  readonly name: ToolName
  readonly phase: 'first' | 'converged'
  readonly size: number
}

/** The duration of another program as a multiple of gpuplay's. */
function peerRow(book: Book, { name, phase, size }: PeerRun): Row {
  const theirs = book.value(`fleet ${name} ${phase} ${size}`)
  const ours = book.value(`fleet gpuplay ${phase} ${size}`)
  if (theirs === undefined || ours === undefined) return []
  const ratio = theirs / ours
  const wanted = name === 'pyinfra' && size === 20 ? pyinfraTargets[phase] : undefined
  const verdict = wanted === undefined ? '' : ratio >= wanted ? 'met' : `missed: ${ratio.toFixed(1)} times`
  const target = wanted === undefined ? '' : `${wanted} times gpuplay's`
  return [
    `${name} ${phase}, ${size}`,
    `${seconds(theirs)}, ${ratio.toFixed(1)} times gpuplay's`,
    target,
    verdict,
  ]
}

function controllerRows({ book, options }: Results): readonly Row[] {
  return options.sizes.flatMap((size) => {
    const hosts = size === 1 ? '1 host' : `${size} hosts`
    return (['converged', 'first'] as const).flatMap((phase) => {
      const what = `fleet gpuplay ${phase} ${size}`
      const hostCpu = book.value(what, 'hostCpu')
      const targets = phase === 'converged' ? { cpu: cpuTargets[size], memory: memoryTargets[size] } : {}
      return [
        judged(`CPU, ${phase}, ${hosts}`, book.value(what, 'cpu'), { target: targets.cpu }),
        judged(`memory, ${phase}, ${hosts}`, book.value(what, 'memory'), {
          target: targets.memory,
          unit: 'MB',
        }),
        ...(hostCpu === undefined
          ? []
          : [[`CPU of the hosts, ${phase}, ${hosts}`, seconds(hostCpu), '', '']]),
      ].filter((row) => row[1] !== missingValue)
    })
  })
}

function countRows({ counted, tools }: Results): readonly Row[] {
  return tools.flatMap(({ name }) =>
    (['first', 'converged'] as const).flatMap((phase) => {
      const costs = counted.get(`${name} ${phase}`)
      if (costs === undefined) return []
      const targets = name === 'gpuplay' ? countTargets[phase] : undefined
      const unit = ''
      return [
        judged(`${name}, ${phase}: forks`, costs.forks, { target: targets?.forks, unit }),
        judged(`${name}, ${phase}: programs`, programCount(costs), { target: undefined, unit }),
        judged(`${name}, ${phase}: waits for an answer`, costs.waits, { target: targets?.waits, unit }),
      ]
    }),
  )
}

/** Without start-up, which has a separate table. */
function distanceRows({ book, tools }: Results): readonly Row[] {
  const floor = book.value('distance floor 1')
  if (floor === undefined) return []
  const starting = book.value('startup debug')
  const rows = tools.flatMap(({ name }) =>
    (['converged', 'first'] as const).map((phase) => {
      const whole = book.value(`distance ${name} ${phase} 1`)
      if (name !== 'gpuplay' || starting === undefined || whole === undefined)
        return judged(`${name} ${phase}`, whole, { target: undefined, floor })
      const target = distanceTargets[phase]
      return judged(`gpuplay ${phase}, beyond start-up`, whole - starting, { target })
    }),
  )
  return [['floor', seconds(floor), '', ''], ...rows]
}

function startupRows({ book }: Results): readonly Row[] {
  const commands = [
    ['node -e 0', 'startup node', undefined],
    ['gpuplay --version', 'startup version', undefined],
    ['gpuplay run of one local debug', 'startup debug', debugTarget],
  ] as const
  return commands.flatMap(([name, what, target]) => {
    const wall = book.value(what)
    if (wall === undefined) return []
    return [[name, seconds(wall), '', ''], judged(`${name}: CPU`, book.value(what, 'cpu'), { target })]
  })
}

function siteRows({ book }: Results): readonly Row[] {
  const [floor, converged] = [book.value('site floor'), book.value('site converged')]
  const [cat, pushed] = [book.value('push cat'), book.value('push gpuplay')]
  const shape = `${siteShape.nodes} nodes, ${siteShape.containers} containers each`
  const site =
    floor === undefined || converged === undefined
      ? []
      : [
          [`floor of the nodes`, seconds(floor), '', ''],
          judged(`site.yml converged, ${shape}`, converged, { target: undefined, floor }),
          judged('CPU of the controller', book.value('site converged', 'cpu'), { target: undefined }),
          judged('memory of the controller', book.value('site converged', 'memory'), {
            target: undefined,
            unit: 'MB',
          }),
          judged('site.yml, first run', book.value('site first'), { target: undefined }),
        ]
  if (cat === undefined || pushed === undefined) return site
  const size = `${pushedSize / 1e6} MB from a node's cache into two containers`
  return [
    ...site,
    [`${size}, cat`, seconds(cat), '', ''],
    [`${size}, gpuplay`, `${seconds(pushed)}, ${(pushed / cat).toFixed(1)} times cat`, '', ''],
  ]
}

interface Judging {
  readonly target: number | undefined
  /** The unit of the multiple. */
  readonly floor?: number
  /** Default: seconds. */
  readonly unit?: 'MB' | ''
}

const missingValue = 'not measured'

function judged(name: string, value: number | undefined, { target, floor, unit }: Judging): Row {
  if (value === undefined || Number.isNaN(value)) return [name, missingValue, '', '']
  const text = (amount: number): string =>
    unit === undefined ? seconds(amount) : `${amount.toFixed(0)}${unit === '' ? '' : ` ${unit}`}`
  const times = floor === undefined ? '' : `, ${(value / floor).toFixed(1)} times the floor`
  const goal = target === undefined ? '' : `at most ${text(target)}`
  const verdict = target === undefined ? '' : value <= target ? 'met' : `missed by ${text(value - target)}`
  return [name, `${text(value)}${times}`, goal, verdict]
}

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`
}
