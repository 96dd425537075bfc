import { remotePath } from '../paths.ts'
import { mount, notMounted } from '../queries/mount-queries.ts'
import type { MountStatus } from '../status.ts'
import { fieldDifferences, type ResourceKind } from './kind.ts'

export interface MountBecomes {
  readonly mounted: boolean
}

/** What is mounted at a path, now. */
export const mountKind: ResourceKind<'mount', MountStatus, MountBecomes> = {
  kind: 'mount',
  word: 'mount',
  key: remotePath,
  query: mount,
  nothing: notMounted,
  isNothing: () => false,
  partial: () => false,
  saysAll: () => true,
  foresee: ({ mounted }) => ({ mounted, fstype: '' }),
  look: (reads, path) => reads.read(mountKind, path),
  differences: fieldDifferences,
  concerns: (path) => [`file:${path}`, `file:${path}/*`, 'mount:*', 'file:/proc/self/*', 'file:/proc/mounts'],
  held: true,
}
