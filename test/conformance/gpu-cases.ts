/**
 * Cases of the modules for GPUs in containers, in the order of the roles, because they depend on each other:
 * from nouveau to a driver and containers that see their cards, then to another driver and back.
 */
import { container } from './gpu-cases/container.ts'
import { exchange } from './gpu-cases/exchange.ts'
import { nodeCases } from './gpu-cases/node.ts'
import type { PlacedCase } from './gpu-cases/placed.ts'

export const gpuCases: readonly PlacedCase[] = [
  ...nodeCases.map((given) => ({ on: 'pve1', ...given })),
  ...container('ct101', { gpu: '0', style: 'devn' }),
  ...container('ct102', { gpu: '1', style: 'lxc' }),
  ...exchange,
]
