/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util'

export const sections = ['startup', 'counts', 'fleet', 'distance', 'site', 'push'] as const
export type Section = (typeof sections)[number]
/** Sections that need no lab with whole nodes. */
const quickSections = ['startup', 'counts', 'fleet', 'distance'] as const

export const toolNames = ['gpuplay', 'mitogen', 'ansible', 'pyinfra'] as const
export type ToolName = (typeof toolNames)[number]

export interface Options {
  readonly sizes: readonly number[]
  readonly runs: number
  readonly only: readonly Section[]
  readonly mostForPeers: number
  /** Tools to measure if they are installed. */
  readonly tools: readonly ToolName[]
  readonly out: string
}

export const usage = `usage: npm run bench -- [OPTION...]

  --hosts 1,20,100,200   sizes of the fleets
  --runs 3               rounds; in each, every program is measured once
  --only fleet,...       ${sections.join(', ')}; default: all
  --peers-up-to 20       largest fleet on which the other tools are measured
  --tools gpuplay,...    ${toolNames.join(', ')}; default: all that are installed
  --quick                fleets of 1 and 5 hosts, one round, no lab with whole nodes
  --out FILE             file of the table; default: bench/results.md
`

/** @throws TypeError for an unknown option, RangeError for an invalid value. */
export function readOptions(argv: readonly string[], out: string): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      hosts: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string' },
      tools: { type: 'string', default: toolNames.join(',') },
      'peers-up-to': { type: 'string', default: '20' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string', default: out },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { quick } = values
  const only = chosen('--only', values.only ?? (quick ? quickSections : sections).join(','), sections)
  const tools = chosen('--tools', values.tools, toolNames)
  return {
    sizes: (values.hosts ?? (quick ? '1,5' : '1,20,100,200'))
      .split(',')
      .map((word) => whole('--hosts', word, 600)),
    runs: whole('--runs', values.runs ?? (quick ? '1' : '3'), 100),
    only,
    tools,
    mostForPeers: whole('--peers-up-to', values['peers-up-to'], 600),
    out: values.out,
  }
}

/** The names of a list, in the order of `all`. */
function chosen<Name extends string>(option: string, list: string, all: readonly Name[]): readonly Name[] {
  const words = list.split(',')
  const unknown = words.find((word) => !all.some((name) => name === word))
  if (unknown === undefined) return all.filter((name) => words.includes(name))
  throw new RangeError(`${option}: "${unknown}" is unknown; use ${all.join(', ')}`)
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new RangeError(`${option}: "${text}" is not a whole number from 1 to ${most}`)
}
