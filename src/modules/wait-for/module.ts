/** Waits for a path or a TCP port, or for its absence. */
import { defined } from '../../base/defined.ts'
import type { Host } from '../../host/host.ts'
import { done, type Plan, refuse, settleAs } from '../../host/plan.ts'
import { acceptsConnections, connectedPorts, listeningPorts } from '../../host/questions/tcp-ports.ts'
import type { Module } from '../module.ts'
import { compilePattern } from '../support/regular-expression.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** With `drained`: the port has connections. */
  readonly present: boolean
  readonly wrong: string | undefined
}

export const waitFor = {
  name: 'wait_for',
  summary: 'Waits for a file or a TCP port, of the host or another machine. Changes nothing.',
  args,
  result,
  probe,
  plan,
  report: ({ state }, { present }) => ({
    state: present ? 'present' : state === 'drained' ? 'drained' : 'absent',
  }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { path, port, search_regex: pattern, state } = given
  const wrong = wrongIn(given)
  if (wrong !== undefined) return { present: false, wrong }
  if (port !== undefined && given.host !== undefined) {
    const asked = { seconds: String(given.connect_timeout), address: given.host, port: String(port) }
    return { present: await host.ask(acceptsConnections(asked)), wrong }
  }
  if (port !== undefined) {
    const ports = await host.ask(state === 'drained' ? connectedPorts : listeningPorts)
    return { present: ports.has(port), wrong }
  }
  if (path === undefined) return { present: false, wrong: 'set `path` or `port` to wait for' }
  if (pattern === undefined)
    return { present: (await host.stat(path, { follow: true })) !== undefined, wrong }
  const compiled = compilePattern(pattern)
  if ('wrong' in compiled) return { present: false, wrong: `\`search_regex\`: ${compiled.wrong}` }
  const text = await host.text(path)
  return { present: text !== undefined && compiled.matches(text), wrong }
}

function wrongIn({ state, host, port }: Args): string | undefined {
  if (state !== 'drained') return undefined
  if (port === undefined) return '`state: drained` needs a `port`'
  return host === undefined ? undefined : '`state: drained` is about a port of the host itself: remove `host`'
}

function plan(given: Args, { present, wrong }: Seen): Plan {
  if (wrong !== undefined) return refuse({ code: 'invalid-argument', message: wrong })
  const { state, timeout, delay, sleep } = given
  const wanted = state === 'present' || state === 'started'
  const waiting =
    present === wanted
      ? done()
      : settleAs({
          why: `${wanted ? 'waiting until' : 'waiting, since'} ${missing(given)}`,
          timeout,
          ...defined({ sleep }),
        })
  return delay === 0 ? waiting : { ...waiting, pause: { seconds: delay } }
}

/** What does not hold yet, or, if the task waits for an end, what still holds. */
function missing({ path = '', port, host, state, search_regex: pattern }: Args): string {
  const wanted = state === 'present' || state === 'started'
  if (state === 'drained') return `port ${port} still has connections`
  if (host !== undefined) return `port ${port} of ${host} ${wanted ? 'accepts' : 'still accepts'} connections`
  if (port !== undefined) return `a program ${wanted ? 'listens' : 'still listens'} on port ${port}`
  if (pattern === undefined) return `${path} ${wanted ? 'exists' : 'still exists'}`
  return `${path} ${wanted ? 'contains' : 'still contains'} ${pattern}`
}
