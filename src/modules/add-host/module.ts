/** Adds a host to the inventory, for later plays. The engine does it: `src/fleet/live-inventory.ts`. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const addHost = {
  name: 'add_host',
  summary: 'Adds a host to the inventory, for later plays of the run. One host runs it for all.',
  args,
  result,
  probe: () => Promise.resolve(),
  plan: () => done(),
} satisfies Module<Args, void>
