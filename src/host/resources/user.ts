import { isUnknown, type Unknown } from '../../base/unknown.ts'
import { invalidName } from '../names.ts'
import { noUser, user } from '../queries/account-queries.ts'
import type { UserStatus } from '../status.ts'
import { accountFiles, accountName, changedByHand } from './account.ts'
import type { Difference, ResourceKind } from './kind.ts'

export type UserBecomes = Partial<UserStatus> & {
  /** Set if another task changes the files of users. */
  readonly unforeseen?: Unknown
}

/** A user of the host, without the files in its home directory. */
export const userKind: ResourceKind<'user', UserStatus, UserBecomes> = {
  kind: 'user',
  word: 'user',
  key(name) {
    if (!accountName.test(name)) throw invalidName('user', name)
    return name
  },
  query: user,
  nothing: noUser,
  isNothing: ({ exists }) => !exists,
  restsOn: () => accountFiles,
  partial: ({ exists }) => exists !== false,
  impliedBy: (_name, _live, files) => changedByHand(files),
  unforeseen: ({ unforeseen }) => unforeseen,
  saysAll: ({ exists }) => exists === false,
  foresee({ unforeseen: _unforeseen, ...becomes }, before, rest) {
    if (becomes.exists === false) return noUser
    const basis = rest === undefined ? before : { ...before, ...allUnknown(rest) }
    return { ...basis, ...becomes, exists: true }
  },
  look: (reads, name) => reads.read(userKind, name),
  differences: ({ unforeseen: _unforeseen, ...becomes }, seen) => differences(becomes, seen),
  concerns: () => accountFiles,
  held: true,
}

function allUnknown(why: Unknown): Partial<UserStatus> {
  return { uid: why, group: why, comment: why, home: why, shell: why, password: why }
}

function differences(becomes: Partial<UserStatus>, seen: UserStatus): readonly Difference[] {
  const found = new Map<string, unknown>(Object.entries(seen))
  return Object.entries(becomes).flatMap(([field, wanted]: [string, unknown]) => {
    const value = found.get(field)
    if (isUnknown(wanted) || JSON.stringify(wanted) === JSON.stringify(value)) return []
    return field === 'password'
      ? [{ field, wanted: 'another one', seen: 'unchanged' }]
      : [{ field, wanted, seen: value }]
  })
}
