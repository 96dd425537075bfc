/** Runs the tasks of a role. The engine does it: `src/engine/inclusions.ts`. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const includeRole = {
  name: 'include_role',
  summary: 'Runs a role, which the run chooses; also once for each item of a loop.',
  args,
  result,
  freeForm: 'name',
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
