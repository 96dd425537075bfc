/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util'

export const sections = ['startup', 'counts', 'fleet', 'distance', 'site', 'push'] as const
export type Section = (typeof sections)[number]
/** Those that need no lab of whole nodes. */
const quickSections = ['startup', 'counts', 'fleet', 'distance'] as const

export const toolNames = ['gpuplay', 'mitogen', 'ansible', 'pyinfra'] as const
export type ToolName = (typeof toolNames)[number]

export interface Options {
  readonly sizes: readonly number[]
  readonly runs: number
  readonly only: readonly Section[]
  readonly mostForPeers: number
  /** Those that may be measured, where they are installed. */
  readonly tools: readonly ToolName[]
  readonly out: string
}

export const usage = `usage: npm run bench -- [OPTION...]

  --hosts 1,20,100,200   sizes of the fleets
  --runs 3               rounds; in each every program is measured once, in turn
  --only fleet,...       ${sections.join(', ')}; all unless said
  --peers-up-to 20       Ansible and the like are measured on fleets up to this size
  --tools gpuplay,...    ${toolNames.join(', ')}; all that are installed unless said
  --quick                fleets of 1 and 5 hosts, one round, no lab of whole nodes
  --out FILE             where the table goes; bench/results.md unless said
`

/** @throws TypeError for what is not an option, and RangeError for a value that does not fit. */
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

/** Those of `all` that a list names, in the order of `all`. */
function chosen<Name extends string>(option: string, list: string, all: readonly Name[]): readonly Name[] {
  const words = list.split(',')
  const unknown = words.find((word) => !all.some((name) => name === word))
  if (unknown === undefined) return all.filter((name) => words.includes(name))
  throw new RangeError(`${option}: there is no "${unknown}"; there are ${all.join(', ')}`)
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new RangeError(`${option}: "${text}" is not a whole number from 1 to ${most}`)
}
