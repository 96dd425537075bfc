/** Puts the host into a group of the inventory, for later plays. The engine does it: `src/fleet/live-inventory.ts`. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const groupBy = {
  name: 'group_by',
  summary: 'Puts the host into a group, for later plays of the run.',
  args,
  result,
  freeForm: 'key',
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
