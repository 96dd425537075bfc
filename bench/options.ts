/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util'

export const sections = ['startup', 'counts', 'fleet', 'distance', 'site', 'push'] as const
export type Section = (typeof sections)[number]

export interface Options {
  readonly sizes: readonly number[]
  readonly runs: number
  readonly only: readonly Section[]
  readonly mostForPeers: number
  readonly out: string
}

export const usage = `usage: npm run bench -- [OPTION...]

  --hosts 1,20,100,200   sizes of the fleets
  --runs 3               rounds; in each every program is measured once, in turn
  --only fleet,...       ${sections.join(', ')}; all unless said
  --peers-up-to 20       Ansible and the like are measured on fleets up to this size
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
      'peers-up-to': { type: 'string', default: '20' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string', default: out },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { quick } = values
  const only =
    values.only?.split(',') ?? sections.filter((name) => !quick || !['site', 'push'].includes(name))
  const unknown = only.find((name) => !sections.some((section) => section === name))
  if (unknown !== undefined)
    throw new RangeError(`--only: there is no "${unknown}"; there are ${sections.join(', ')}`)
  return {
    sizes: (values.hosts ?? (quick ? '1,5' : '1,20,100,200'))
      .split(',')
      .map((word) => whole('--hosts', word, 600)),
    runs: whole('--runs', values.runs ?? (quick ? '1' : '3'), 100),
    only: sections.filter((name) => only.includes(name)),
    mostForPeers: whole('--peers-up-to', values['peers-up-to'], 600),
    out: values.out,
  }
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new RangeError(`${option}: "${text}" is not a whole number from 1 to ${most}`)
}
