import { defined } from '../../base/defined.ts'
import { isUnknown, type Unknown } from '../../base/unknown.ts'
import { invalidName } from '../names.ts'
import { group } from '../queries/account-queries.ts'
import type { GroupStatus } from '../status.ts'
import { accountFiles, accountName, changedByHand } from './account.ts'
import { fieldDifferences, type ResourceKind } from './kind.ts'

export interface GroupBecomes {
  readonly exists?: boolean
  readonly gid?: number | Unknown
  /** Set if another task changes the files of groups. */
  readonly unforeseen?: Unknown
}

const nothing: GroupStatus = { exists: false, gid: undefined }

/** A group of the host. Its members belong to the users. */
export const groupKind: ResourceKind<'group', GroupStatus, GroupBecomes> = {
  kind: 'group',
  word: 'group',
  key(name) {
    if (!accountName.test(name)) throw invalidName('group', name)
    return name
  },
  query: group,
  nothing,
  isNothing: ({ exists }) => !exists,
  restsOn: () => accountFiles,
  partial: ({ exists }) => exists !== false,
  impliedBy: (_name, _live, files) => changedByHand(files),
  unforeseen: ({ unforeseen }) => unforeseen,
  saysAll: ({ exists }) => exists === false,
  foresee({ exists, gid }, before, rest) {
    if (exists === false) return nothing
    return { exists: true, gid: gid ?? rest ?? before.gid }
  },
  look: (reads, name) => reads.read(groupKind, name),
  differences({ exists, gid }, seen) {
    return fieldDifferences(
      { exists: exists ?? true, ...defined({ gid: isUnknown(gid) ? undefined : gid }) },
      seen,
    )
  },
  concerns: () => accountFiles,
  held: true,
}
