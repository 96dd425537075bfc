/**
 * A random playbook for simulated machines, with the state that it declares. After all faults, an undisturbed
 * run must reach this state.
 */
import { defined } from '../../../src/base/defined.ts'
import type { Chance } from './clock.ts'
import { type Cluster, clusters, type Declared, type Piece } from './clusters.ts'

export interface SimulatedHost {
  readonly name: string
  readonly node: string | undefined
}

export interface PlannedTask extends Pick<Piece, 'deeds' | 'imperative' | 'ignored'> {
  readonly name: string
  readonly play: number
  readonly index: number
  /** The program of its handler, if it notifies one. */
  readonly handler: string | undefined
}

export interface Case {
  readonly hosts: readonly SimulatedHost[]
  readonly files: Readonly<Record<string, string>>
  /** In order, play by play; the same on every host of the play. */
  readonly tasks: readonly PlannedTask[]
  /** By host. */
  readonly declared: readonly (Declared & { readonly host: string })[]
  /** Files that exist on every host before the first run. */
  readonly before: readonly string[]
  readonly forks: number
  readonly stepByStep: boolean
}

const everyone: readonly SimulatedHost[] = [
  { name: 'n1', node: undefined },
  { name: 'c101', node: 'n1' },
  { name: 'c102', node: 'n1' },
  { name: 'h1', node: undefined },
  { name: 'n2', node: undefined },
  { name: 'c201', node: 'n2' },
]

const groups = {
  nodes: ({ name }: SimulatedHost) => name.startsWith('n'),
  containers: ({ node }: SimulatedHost) => node !== undefined,
  all: () => true,
} as const

export function makeCase(chance: Chance): Case {
  const hosts = everyone.slice(0, chance.whole(1, everyone.length))
  const tasks: PlannedTask[] = []
  const declared: (Declared & { host: string })[] = []
  const before: string[] = []
  const plays = Array.from({ length: chance.whole(1, 3) }, (_, play) => {
    const wanted = chance.pick(['nodes', 'containers', 'all', 'all'] as const)
    const group = hosts.some(groups[wanted]) ? wanted : 'all'
    const members = hosts.filter(groups[group])
    const chosen = Array.from({ length: chance.whole(1, 5) }, (_, index) =>
      makeCluster(chance, members, `/s/p${play}c${index}`),
    )
    for (const { declares, before: files = [] } of chosen) {
      before.push(...files)
      for (const one of declares) for (const { name } of members) declared.push({ ...one, host: name })
    }
    const handlers = ['first', 'second'].map((name) => `count ${name} handler of play ${play}`)
    const pieces = interleaved(chance, chosen)
    return {
      name: `play ${play}`,
      hosts: group,
      ...defined({
        after: chance.happens(0.5) ? 'node' : undefined,
        any_errors_fatal: chance.happens(0.15) ? true : undefined,
        serial: chance.happens(0.25) ? chance.pick([1, 2, '50%', [1, '100%']]) : undefined,
        max_fail_percentage: chance.happens(0.15) ? chance.pick([0, 40]) : undefined,
      }),
      tasks: inBlock(
        chance,
        pieces.map((piece, index) => {
          const name = `task ${play}.${index}`
          const notifies =
            piece.deeds.length > 0 && !piece.ignored && chance.happens(0.35) ? chance.whole(0, 1) : undefined
          const handler = notifies === undefined ? undefined : handlers[notifies]
          const { deeds, imperative, ignored } = piece
          tasks.push({ name, play, index, deeds, imperative, ignored, handler })
          return { name, ...piece.task, ...defined({ notify: handler }) }
        }),
      ),
      handlers: handlers.map((cmd) => ({ name: cmd, command: { cmd } })),
    }
  })
  return {
    hosts,
    files: {
      '/play/site.yml': JSON.stringify(plays),
      '/play/hosts.yml': JSON.stringify(inventoryOf(hosts)),
    },
    tasks,
    declared,
    before,
    forks: chance.pick([1, 2, 10]),
    stepByStep: chance.happens(0.1),
  }
}

/**
 * Puts a task that one host runs for all between the others, and some of them into a block. Its `rescue` fails
 * again, so that no task follows a failure.
 */
function inBlock(chance: Chance, tasks: readonly object[]): readonly object[] {
  const once = { name: 'once', stat: { path: '/s' }, run_once: true }
  const at = chance.whole(0, tasks.length)
  const all = chance.happens(0.3) ? [...tasks.slice(0, at), once, ...tasks.slice(at)] : tasks
  if (!chance.happens(0.4)) return all
  const begin = chance.whole(0, all.length - 1)
  const end = chance.whole(begin + 1, all.length)
  const block = {
    block: all.slice(begin, end),
    rescue: [{ name: 'give up', fail: { msg: 'as without a block' } }],
    ...defined({ always: chance.happens(0.5) ? [{ name: 'tell', debug: { msg: 'told' } }] : undefined }),
  }
  return [...all.slice(0, begin), block, ...all.slice(end)]
}

function makeCluster(chance: Chance, members: readonly SimulatedHost[], at: string): Cluster {
  const containers = members.every(groups.containers)
  const contained = members.some(groups.containers)
  const make = chance.pick(
    clusters.filter(({ where }) =>
      where === 'anywhere' ? true : where === 'containers' ? containers : !contained,
    ),
  )
  return make.make(at, chance)
}

/** The pieces of all clusters in random order; those of one cluster keep their order. */
function interleaved(chance: Chance, chosen: readonly Cluster[]): readonly Piece[] {
  const left = chosen.map(({ pieces }) => [...pieces])
  const result: Piece[] = []
  for (;;) {
    const open = left.filter((pieces) => pieces.length > 0)
    if (open.length === 0) return result
    const next = chance.pick(open).shift()
    if (next !== undefined) result.push(next)
  }
}

function inventoryOf(hosts: readonly SimulatedHost[]): object {
  const of = (wanted: (host: SimulatedHost) => boolean): object =>
    Object.fromEntries(
      hosts
        .filter(wanted)
        .map(({ name, node }) => [
          name,
          node === undefined ? {} : { connection: 'pct', node, ctid: name.slice(1) },
        ]),
    )
  return {
    all: { hosts: of(({ name }) => name.startsWith('h')) },
    nodes: { hosts: of(groups.nodes) },
    containers: { hosts: of(groups.containers) },
  }
}
