/** Sets variables of the host from files for all later tasks of the run. The engine reads the files. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const includeVars = {
  name: 'include_vars',
  summary: 'Reads variables from files, for the rest of the run.',
  args,
  result,
  freeForm: 'file',
  includesVariables: true,
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
