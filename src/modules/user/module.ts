/** Creates, changes or removes a user of the host (useradd(8), usermod(8), userdel(8)). */
import { defined, mapped } from '../../base/defined.ts'
import { Secret } from '../../base/secret.ts'
import { knownOr, Unknown } from '../../base/unknown.ts'
import type { Action, Effect } from '../../host/action.ts'
import type { UserStatus } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { UserBecomes } from '../../host/resources/user.ts'
import type { Module } from '../module.ts'
import { accountsChange, anyAccount } from '../support/accounts.ts'
import { args, type Args, result } from './args.ts'
import { type FreshUser, groupsOf, probe, type Seen } from './user-probe.ts'

export const user = {
  name: 'user',
  summary: 'Creates, changes or removes a user.',
  mayChange: () => [...anyAccount, 'file:/home/*'],
  args,
  result,
  mayBeSecret: ['password'],
  probe,
  plan,
  report: ({ name }, { user: { uid, group, groups, home, shell } }) => ({
    name,
    uid: uid ?? null,
    group,
    groups,
    home,
    shell,
  }),
} satisfies Module<Args, Seen>

function plan(given: Args, seen: Seen): Plan {
  const { name, state } = given
  const [missing] = seen.missing
  if (missing !== undefined)
    return refuse({
      code: 'no-such-group',
      message: `there is no group ${missing}`,
      hint: 'create it first with `group`, or install the package that creates it',
    })
  if (state === 'absent') return absent(given, seen.user)
  return seen.fresh === undefined ? change(name, given, seen.user) : create(given, seen.fresh)
}

function create(given: Args, fresh: FreshUser): Plan {
  const { name, uid, comment, shell, system, password } = given
  const groups = groupsOf(given)
  const primary = given.group ?? (fresh.ownGroup ? name : undefined)
  const { home } = fresh
  const becomes: UserBecomes = {
    exists: true,
    uid: uid ?? new Unknown(`the run chooses the ID of the user ${name}`),
    group: primary ?? name,
    groups,
    comment: comment ?? '',
    home,
    shell: shell ?? fresh.shell ?? new Unknown(`the host chooses the shell of the user ${name}`),
    password: '!',
  }
  const useradd: Action = {
    kind: 'run',
    argv: [
      'useradd',
      ...option('-u', uid),
      ...(primary === undefined ? ['-U'] : ['-g', primary]),
      ...(groups.length === 0 ? [] : ['-G', groups.join(',')]),
      ...option('-c', comment),
      '-d',
      home,
      ...option('-s', shell),
      ...(system ? ['-r'] : []),
      given.create_home ? '-m' : '-M',
      name,
    ],
    label: `create the user ${name}`,
    effects: [
      ...accountsChange(`the user ${name}`),
      ...mailOf(name),
      ...(primary === undefined ? [ownGroup(name)] : []),
      ...(given.create_home && fresh.present === undefined ? homeEffects(name, primary ?? name, fresh) : []),
      { kind: 'user', name, becomes },
    ],
  }
  const hash = mapped(password, (text) => withLock(text, given.password_lock ?? text.startsWith('!')))
  return actions([useradd, mapped(hash, (text) => setPassword(name, text))], {
    diffs: [{ title: `user ${name}`, before: 'absent\n', after: shown({ ...becomes, password: undefined }) }],
  })
}

function ownGroup(name: string): Effect {
  const gid = new Unknown(`the run chooses the ID of the group ${name}`)
  return { kind: 'group', name, becomes: { exists: true, gid } }
}

/** useradd(8) fills a new home directory from the skeleton. */
function homeEffects(name: string, group: string, { home, mode, skeleton }: FreshUser): readonly Effect[] {
  const why = `useradd fills the home directory of ${name}`
  const files = skeleton.flatMap((file) => [`file:${home}/${file}`, `file:${home}/${file}/*`] as const)
  return [
    ...(files.length === 0 ? [] : [{ kind: 'unknown', resources: files, why } as const]),
    { kind: 'file', name: home, becomes: { kind: 'directory', mode, owner: name, group } },
  ]
}

/** useradd(8) and userdel(8): CREATE_MAIL_SPOOL. */
function mailOf(name: string): readonly Effect[] {
  const resources = [`file:/var/mail/${name}`, `file:/var/spool/mail/${name}`] as const
  return [{ kind: 'unknown', resources, why: `an earlier task changes the user ${name}` }]
}

interface Difference {
  readonly options: readonly string[]
  readonly becomes: UserBecomes
  readonly effects?: readonly Effect[]
}

function change(name: string, given: Args, seen: UserStatus): Plan {
  const found = [...fieldChanges(name, given, seen), ...groupChanges(given, seen)]
  const becomes = found.reduce<UserBecomes>((all, each) => ({ ...all, ...each.becomes }), {})
  const usermod: Action | undefined =
    found.length === 0
      ? undefined
      : {
          kind: 'run',
          argv: ['usermod', ...found.flatMap(({ options }) => options), name],
          label: `change the user ${name}`,
          effects: [
            ...accountsChange(`the user ${name}`),
            ...found.flatMap(({ effects = [] }) => effects),
            { kind: 'user', name, becomes },
          ],
          hint: 'usermod refuses to change the ID or the home directory while processes of the user are running',
        }
  const password = wantedPassword(given, seen)
  const now = new Map<string, unknown>(Object.entries(seen))
  const before = Object.fromEntries(Object.keys(becomes).map((key) => [key, now.get(key)]))
  const all = { ...becomes, ...defined({ password: mapped(password, () => 'another one') }) }
  return actions([usermod, password === undefined ? undefined : setPassword(name, password)], {
    diffs:
      Object.keys(all).length === 0
        ? []
        : [{ title: `user ${name}`, before: shown(before), after: shown(all) }],
  })
}

function fieldChanges(name: string, given: Args, seen: UserStatus): readonly Difference[] {
  const { uid, group, comment, home, shell } = given
  const found: Difference[] = []
  if (uid !== undefined && uid !== seen.uid)
    found.push({
      options: ['-u', String(uid)],
      becomes: { uid },
      effects: [filesChange(name, knownOr(seen.home, '/'))],
    })
  if (group !== undefined && group !== seen.group)
    found.push({
      options: ['-g', group],
      becomes: { group },
      effects: [filesChange(name, knownOr(seen.home, '/'))],
    })
  if (comment !== undefined && comment !== seen.comment)
    found.push({ options: ['-c', comment], becomes: { comment } })
  if (home !== undefined && home !== seen.home) {
    const moved = given.move_home ? [filesChange(name, knownOr(seen.home, '/')), filesChange(name, home)] : []
    found.push({
      options: ['-d', home, ...(given.move_home ? ['-m'] : [])],
      becomes: { home },
      effects: moved,
    })
  }
  if (shell !== undefined && shell !== seen.shell) found.push({ options: ['-s', shell], becomes: { shell } })
  return found
}

/** usermod(8) gives the files in the home directory to the new ID. */
function filesChange(name: string, home: string): Effect {
  return { kind: 'unknown', resources: [`file:${home}*`], why: `an earlier task changes the user ${name}` }
}

function groupChanges(given: Args, seen: UserStatus): readonly Difference[] {
  if (given.groups === undefined) return []
  const named = groupsOf(given).filter((name) => name !== seen.group || given.group !== undefined)
  const groups = given.append ? [...new Set([...seen.groups, ...named])].sort() : named
  if (JSON.stringify(groups) === JSON.stringify(seen.groups)) return []
  return [{ options: ['-G', groups.join(',')], becomes: { groups } }]
}

/** The field of shadow(5) to set; undefined if it is right. A leading `!` locks the password. */
function wantedPassword(given: Args, { password: seen }: UserStatus): string | undefined {
  const now = knownOr(seen, '')
  const base = given.update_password === 'always' ? (given.password ?? now) : now
  if (given.password_lock === undefined) return unlocked(base) === unlocked(now) ? undefined : base
  const wanted = withLock(base, given.password_lock)
  return wanted === now ? undefined : wanted
}

/** Only a hash can be locked. */
function withLock(password: string, lock: boolean): string {
  const hash = unlocked(password)
  return hash.startsWith('$') ? `${lock ? '!' : ''}${hash}` : password
}

function unlocked(password: string): string {
  return password.replace(/^!+(?=\$)/, '')
}

/** chpasswd(8) reads the hash from its standard input. */
function setPassword(name: string, password: string): Action {
  return {
    kind: 'run',
    argv: ['chpasswd', '-e'],
    stdin: new Secret(`${name}:${password}\n`, [password]),
    label: `set the password of ${name}`,
    effects: [...accountsChange(`the user ${name}`), { kind: 'user', name, becomes: { password } }],
  }
}

function absent({ name, remove }: Args, seen: UserStatus): Plan {
  if (!seen.exists) return done()
  const home = knownOr(seen.home, '')
  if (knownOr(seen.uid, 0) === 0)
    return refuse({ code: 'user-protected', message: `refusing to remove ${name}: the system depends on it` })
  const gone: readonly Effect[] = remove
    ? [
        ...mailOf(name),
        { kind: 'unknown', resources: [`file:${home}*`], why: `an earlier task removes the user ${name}` },
      ]
    : []
  return actions(
    [
      {
        kind: 'run',
        argv: ['userdel', ...(remove ? ['-r'] : []), name],
        // 12: the home directory is missing, or belongs to another user.
        success: [0, 12],
        label: `remove the user ${name}`,
        effects: [
          ...accountsChange(`the user ${name}`),
          ...gone,
          { kind: 'unknown', resources: [`group:${name}`], why: `userdel may remove the group ${name}` },
          { kind: 'user', name, becomes: { exists: false } },
        ],
        hint: 'userdel refuses to remove a user while its processes are running',
      },
    ],
    { diffs: [{ title: `user ${name}`, before: 'present\n', after: 'absent\n' }] },
  )
}

function option(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [name, String(value)]
}

/** One field on each line, for a diff. */
function shown(fields: object): string {
  return Object.entries(defined(fields))
    .flatMap(([name, value]: [string, unknown]) =>
      name === 'exists' || value instanceof Unknown
        ? []
        : [`${name} ${Array.isArray(value) ? value.join(',') : String(value)}\n`],
    )
    .join('')
}
