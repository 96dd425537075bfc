/** Runs the tasks of a file. The engine does it: `src/engine/inclusions.ts`. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const includeTasks = {
  name: 'include_tasks',
  summary: 'Runs the tasks of a file, which the run chooses; also once for each item of a loop.',
  args,
  result,
  freeForm: 'file',
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
