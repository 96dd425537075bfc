/** Reads `strategy` of a play. */
import type { FieldReader } from './fields.ts'
import type { Play } from './model.ts'
import { problem } from './source.ts'

/**
 * What Ansible's strategies are here. `host_pinned` is `free`: a host that has its place among the forks keeps
 * it to the end of the play.
 */
const strategies: Readonly<Record<string, Play['strategy']>> = {
  free: 'free',
  host_pinned: 'free',
  linear: 'linear',
}

export function readStrategy(fields: FieldReader): Play['strategy'] {
  const text = fields.text('strategy')
  if (text === undefined) return 'free'
  const name = text.replace(/^ansible\.builtin\./, '')
  const found = Object.hasOwn(strategies, name) ? strategies[name] : undefined
  if (found !== undefined) return found
  fields.report(
    problem('invalid-keyword', `there is no strategy "${text}"`, {
      where: fields.node('strategy')?.where ?? fields.where,
      hint:
        name === 'debug'
          ? 'leave it out: --step asks before each task, --diff and -vv show what tasks do'
          : 'write "linear" (all hosts finish a task before the next one starts), or "free" or nothing (each host advances by itself)',
    }),
  )
  return 'free'
}
