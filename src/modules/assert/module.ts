/** Conditions that must be true. The engine evaluates them before the module gets them. */
import { done, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const assert = {
  name: 'assert',
  summary: 'Fails unless all conditions are true.',
  args,
  result,
  expressions: ['that'],
  mayBeSecret: ['fail_msg', 'success_msg'],
  probe: () => Promise.resolve(),
  plan,
  report: ({ success_msg: message }) => ({ msg: message ?? 'all conditions are true' }),
  message: ({ that, success_msg: message }) => (that.every(Boolean) ? message : undefined),
} satisfies Module<Args, void>

function plan({ that, fail_msg: message }: Args): Plan {
  const broken = that.flatMap((holds, index) => (holds ? [] : [index + 1]))
  if (broken.length === 0) return done()
  const which =
    that.length === 1 ? 'the condition is false' : `of ${that.length} conditions, ${numbers(broken)} false`
  return refuse({
    code: 'assertion-failed',
    message: message ?? which,
    ...(message === undefined ? { hint: 'set `fail_msg` to explain the failure' } : { hint: which }),
  })
}

function numbers(broken: readonly number[]): string {
  const last = broken.at(-1)
  return broken.length === 1
    ? `number ${last} is`
    : `numbers ${broken.slice(0, -1).join(', ')} and ${last} are`
}
