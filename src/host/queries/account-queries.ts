import { commandLine, raw, sh } from '../../base/shell.ts'
import type { GroupStatus, UserStatus } from '../status.ts'
import { count, found, lastLine, localTimeout, type QueryKind, readFailed } from './query.ts'

/** Separates the answers of several programs. passwd(5) allows no control characters. */
const separator = '\u0001'

/** Many users: their lines of passwd, all local groups, and their lines of shadow, which only root can read. */
export const user: QueryKind<string, UserStatus> = {
  kind: 'user',
  mergeLimit: 100,
  answerBytes: 256 * 1024,
  usualBytes: 8 * 1024,
  timeout: () => localTimeout,
  script: (names) => sh`${raw(commandLine(['getent', 'passwd', ...names]))}
printf '\\001%s\\n' $?
cat /etc/group
printf '\\001%s\\n' $?
${raw(commandLine(['getent', 'shadow', ...names]))}
printf '\\001%s\\n' $?`,
  parse: ({ stdout, stderr }, names) => {
    const [users, groups, passwords] = partsOf(stdout, 3)
    if (users === undefined || groups === undefined || passwords === undefined || groups.code !== 0)
      return names.map((name) => readFailed(`cannot read the user ${name}: ${lastLine(stderr)}`))
    return names.map((name) => {
      const row = users.rows.find(([first]) => first === name)
      if (row === undefined) return found(noUser)
      const [, , uidText, gidText, comment, home, shell] = row
      const [uid, gid] = [count(uidText), count(gidText)]
      if (
        uid === undefined ||
        gid === undefined ||
        comment === undefined ||
        home === undefined ||
        shell === undefined
      )
        return readFailed(`cannot read the user ${name}: invalid answer from getent`)
      const primary = groups.rows.find(([, , id]) => id === gidText)?.[0]
      const member = groups.rows.filter(([, , , members]) => members?.split(',').includes(name))
      return found({
        exists: true,
        uid,
        group: primary ?? String(gid),
        comment,
        home,
        shell,
        groups: member.flatMap(([group = '']) => (group === primary ? [] : [group])).sort(),
        password: passwords.rows.find(([first]) => first === name)?.[1] ?? '',
      })
    })
  },
}

export const noUser: UserStatus = {
  exists: false,
  uid: undefined,
  group: '',
  comment: '',
  home: '',
  shell: '',
  groups: [],
  password: '',
}

export const group: QueryKind<string, GroupStatus> = {
  kind: 'group',
  mergeLimit: 100,
  answerBytes: 16 * 1024,
  usualBytes: 512,
  timeout: () => localTimeout,
  script: (names) => sh`${raw(commandLine(['getent', 'group', ...names]))}
printf '\\001%s\\n' $?`,
  parse: ({ stdout, stderr }, names) => {
    const [groups] = partsOf(stdout, 1)
    return names.map((name) => {
      if (groups === undefined) return readFailed(`cannot read the group ${name}: ${lastLine(stderr)}`)
      const row = groups.rows.find(([first]) => first === name)
      if (row === undefined) return found({ exists: false, gid: undefined })
      const gid = count(row[2])
      if (gid === undefined) return readFailed(`cannot read the group ${name}: invalid answer from getent`)
      return found({ exists: true, gid })
    })
  },
}

interface Part {
  readonly rows: readonly (readonly string[])[]
  readonly code: number
}

/** The lines of each program, split at colons. Empty if one of them failed: getent(1) exits with 2 for missing names. */
function partsOf(stdout: Buffer, programs: number): readonly Part[] {
  const [first = '', ...others] = stdout.toString('utf8').split(separator)
  if (others.length !== programs) return []
  const texts = [first, ...others.map((text) => text.slice(text.indexOf('\n') + 1))]
  const parts = others.map((text, index) => ({
    rows: (texts[index] ?? '').split('\n').map((line) => line.split(':')),
    code: Number.parseInt(text, 10),
  }))
  return parts.every(({ code }) => code === 0 || code === 2) ? parts : []
}
