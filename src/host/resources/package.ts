import { isUnknown, Unknown } from '../../base/unknown.ts'
import { invalidName } from '../names.ts'
import { dpkg } from '../queries/system-queries.ts'
import type { PackageStatus } from '../status.ts'
import { fieldDifferences, type ResourceKind } from './kind.ts'

export interface PackageBecomes {
  /** The version; undefined if not installed. */
  readonly installed: string | undefined | Unknown
}

/** Used if the candidate version has not been read. */
export const unknownVersion = new Unknown('its version is known only after the run installs it')

export const packageKind: ResourceKind<'package', PackageStatus, PackageBecomes> = {
  kind: 'package',
  word: 'package',
  key(name) {
    if (!/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?$/.test(name)) throw invalidName('package', name)
    return name
  },
  query: dpkg,
  nothing: { installed: undefined, status: 'not-installed' },
  isNothing: ({ installed }) => installed === undefined,
  partial: () => false,
  unforeseen: ({ installed }) => (isUnknown(installed) ? installed : undefined),
  saysAll: () => true,
  foresee({ installed }) {
    if (isUnknown(installed)) return { installed: undefined, status: 'unknown' }
    return { installed, status: installed === undefined ? 'not-installed' : 'installed' }
  },
  look: (reads, name) => reads.read(packageKind, name),
  differences: ({ installed }, seen) =>
    isUnknown(installed) ? [] : fieldDifferences({ installed }, { installed: seen.installed }),
  // A package adds, replaces and removes files, programs and units, and runs maintainer scripts.
  concerns: () => ['*'],
  held: false,
}
