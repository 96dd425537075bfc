/** Waits for a path or a listening port, or for its absence. */
import type { Host } from '../../host/host.ts'
import { done, type Plan, refuse, settle } from '../../host/plan.ts'
import { listeningPorts } from '../../host/questions/system.ts'
import type { Module } from '../module.ts'
import { compilePattern } from '../support/regular-expression.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly present: boolean
  readonly wrong: string | undefined
}

export const waitFor = {
  name: 'wait_for',
  summary: 'Waits for a file or a listening port. Changes nothing.',
  args,
  result,
  probe,
  plan,
  report: (_, { present }) => ({ state: present ? 'present' : 'absent' }),
} satisfies Module<Args, Seen>

async function probe({ path, port, search_regex: pattern }: Args, host: Host): Promise<Seen> {
  if (port !== undefined) return { present: (await host.ask(listeningPorts)).has(port), wrong: undefined }
  if (path === undefined) return { present: false, wrong: 'set `path` or `port` to wait for' }
  if (pattern === undefined)
    return { present: (await host.stat(path, { follow: true })) !== undefined, wrong: undefined }
  const compiled = compilePattern(pattern)
  if ('wrong' in compiled) return { present: false, wrong: `\`search_regex\`: ${compiled.wrong}` }
  const text = await host.text(path)
  return { present: text !== undefined && compiled.matches(text), wrong: undefined }
}

function plan({ path, port, state, timeout, search_regex: pattern }: Args, { present, wrong }: Seen): Plan {
  if (wrong !== undefined) return refuse({ code: 'invalid-argument', message: wrong })
  const wanted = state === 'present' || state === 'started'
  if (present === wanted) return done()
  const what =
    port !== undefined
      ? `a program ${wanted ? 'listens' : 'still listens'} on port ${port}`
      : `${path ?? ''} ${pattern === undefined ? (wanted ? 'exists' : 'still exists') : `${wanted ? 'contains' : 'still contains'} ${pattern}`}`
  return settle(wanted ? `waiting until ${what}` : `waiting, since ${what}`, timeout)
}
