/** Waits for some time, or for the user. */
import { defined } from '../../base/defined.ts'
import { pauseFor } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const pause = {
  name: 'pause',
  summary: 'Waits for a time or for a yes at the terminal; a dry run does neither.',
  args,
  result,
  probe: () => Promise.resolve(),
  plan: (given) => pauseFor({ seconds: secondsOf(given), ...defined({ question: given.prompt }) }),
  report: (given) => ({ seconds: secondsOf(given) }),
} satisfies Module<Args, void>

function secondsOf({ seconds, minutes = 0 }: Args): number {
  return seconds ?? minutes * 60
}
