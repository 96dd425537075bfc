/** Directs the play. The engine does it: `src/engine/step-runner.ts`. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const meta = {
  name: 'meta',
  summary: 'Runs notified handlers now, or ends the play.',
  args,
  result,
  freeForm: 'action',
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
