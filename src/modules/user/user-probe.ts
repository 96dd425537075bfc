import { known } from '../../base/unknown.ts'
import type { Host, SeenFile, UserStatus } from '../../host/host.ts'
import { groupKind } from '../../host/resources/group.ts'
import { userKind } from '../../host/resources/user.ts'
import type { Args } from './args.ts'

export interface Seen {
  readonly user: UserStatus
  /** Groups that the task names and the host does not have. */
  readonly missing: readonly string[]
  /** Read only for a user that the task creates. */
  readonly fresh: FreshUser | undefined
}

/** The host's defaults for a new user. */
export interface FreshUser {
  /** Whether there is a group with the name of the user. */
  readonly ownGroup: boolean
  readonly home: string
  /** What is at the path of the home directory. */
  readonly present: SeenFile | undefined
  /** Undefined if useradd decides. */
  readonly shell: string | undefined
  /** Mode of a home directory. */
  readonly mode: string
  /** Names of the files that a home directory gets. */
  readonly skeleton: readonly string[]
}

export async function probe(given: Args, host: Host): Promise<Seen> {
  const { name, state } = given
  const groups =
    state === 'absent'
      ? []
      : [...new Set([...groupsOf(given), ...(given.group === undefined ? [] : [given.group])])]
  const [user, ...found] = await Promise.all([
    host.read(userKind, name),
    ...groups.map((group) => host.read(groupKind, group)),
  ])
  if (state === 'present') {
    // The attributes that the task sets must be known.
    for (const [wanted, now] of [
      [given.uid, user.uid],
      [given.group, user.group],
      [given.comment, user.comment],
      [given.home, user.home],
      [given.shell, user.shell],
      [given.update_password === 'always' ? given.password : undefined, user.password],
      [given.password_lock, user.password],
    ])
      if (wanted !== undefined) known(now)
  } else known(user.home)
  const missing = groups.filter((_, index) => found[index]?.exists !== true)
  return {
    user,
    missing,
    fresh: state === 'absent' || user.exists ? undefined : await readFresh(given, host),
  }
}

/** The other groups, without the primary one. */
export function groupsOf({ groups, group }: Args): readonly string[] {
  const names = typeof groups === 'string' ? groups.split(',').map((name) => name.trim()) : (groups ?? [])
  return [...new Set(names)].filter((name) => name !== '' && name !== group).sort()
}

async function readFresh({ name, home: given }: Args, host: Host): Promise<FreshUser> {
  const [ownGroup, login, defaults] = await Promise.all([
    host.read(groupKind, name),
    host.text('/etc/login.defs'),
    host.text('/etc/default/useradd'),
  ])
  const home = given ?? `${setting(defaults, 'HOME') ?? '/home'}/${name}`
  const skeleton = setting(defaults, 'SKEL') ?? '/etc/skel'
  const [present, names] = await Promise.all([host.stat(home), host.list(skeleton)])
  const shell = setting(defaults, 'SHELL')
  return { ownGroup: ownGroup.exists, home, present, shell, mode: homeMode(login), skeleton: names ?? [] }
}

/** useradd(8), /etc/default/useradd. */
function setting(text: string | undefined, name: string): string | undefined {
  const value = text?.match(new RegExp(`^${name}=(/\\S*)\\s*$`, 'm'))?.[1]
  return value?.replace(/(.)\/$/, '$1')
}

/** login.defs(5): HOME_MODE, otherwise UMASK, which is 022 by default. */
function homeMode(login = ''): string {
  const number = (name: string): number | undefined => {
    const [, digits] = new RegExp(`^\\s*${name}\\s+0*([0-7]{1,4})\\s*$`, 'm').exec(login) ?? []
    return digits === undefined ? undefined : Number.parseInt(digits, 8)
  }
  const mode = number('HOME_MODE') ?? 0o777 & ~(number('UMASK') ?? 0o022)
  return mode.toString(8).padStart(4, '0')
}
