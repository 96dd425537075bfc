/** Sets variables of the host for all later tasks of the run. The engine sets them. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const setFact = {
  name: 'set_fact',
  summary: 'Sets variables of the host for the rest of the run.',
  args,
  result,
  setsFacts: true,
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
