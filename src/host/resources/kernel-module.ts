import { invalidName } from '../names.ts'
import { kernelModule } from '../queries/system-queries.ts'
import type { KernelModuleStatus } from '../status.ts'
import { fieldDifferences, type ResourceKind } from './kind.ts'

export interface KernelModuleBecomes {
  readonly loaded: boolean
  readonly version?: string
}

export const kernelModuleKind: ResourceKind<'kernelModule', KernelModuleStatus, KernelModuleBecomes> = {
  kind: 'kernelModule',
  word: 'kernel module',
  key(name) {
    if (!/^[A-Za-z0-9_-]+$/.test(name)) throw invalidName('kernel module', name)
    return name.replaceAll('-', '_')
  },
  query: kernelModule,
  nothing: { loaded: false, version: undefined, users: 0 },
  isNothing: () => false,
  // The reference count changes all the time, which is no reason to plan again.
  essence: ({ loaded, version }) => [loaded, version],
  partial: () => false,
  saysAll: () => true,
  foresee: ({ loaded, version }) => ({ loaded, version, users: 0 }),
  look: (reads, name) => reads.read(kernelModuleKind, name),
  differences: fieldDifferences,
  // A module loads others with it, and creates devices and files below /proc and /sys.
  concerns: () => ['kernelModule:*', 'file:/dev/*', 'file:/proc/*', 'file:/sys/*'],
  held: true,
}
