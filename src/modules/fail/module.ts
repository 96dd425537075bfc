/** Fails the host with a reason. */
import { defined } from '../../base/defined.ts'
import { refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const fail = {
  name: 'fail',
  summary: 'Fails with a message; usually under a condition.',
  args,
  result,
  freeForm: 'msg',
  mayBeSecret: ['msg', 'hint'],
  probe: () => Promise.resolve(),
  plan: ({ msg, hint }) => refuse({ code: 'failed-on-purpose', message: msg, ...defined({ hint }) }),
} satisfies Module<Args, void>
