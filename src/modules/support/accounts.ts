/** What the modules for users and groups have in common. */
import type { Effect } from '../../host/action.ts'
import type { ResourcePattern } from '../../host/resource.ts'

/** useradd(8), groupadd(8). */
export const accountNamePattern = '^[A-Za-z_][A-Za-z0-9_.-]{0,31}\\$?$'

/** Files whose content every change of a user or a group makes unknown. Each host has them. */
const texts = ['/etc/passwd', '/etc/group'] as const

/** Files that only some changes and some hosts have, and backups. */
const others: readonly ResourcePattern[] = ['passwd-', 'group-', 'shadow', 'gshadow', 'subuid', 'subgid'].map(
  (name): ResourcePattern => `file:/etc/${name}*`,
)

/**
 * The content of the files of users and groups, and of their backups, is known only in the run. The other
 * users and groups stay known (`src/host/resources/account.ts`).
 */
export function accountsChange(who: string): readonly Effect[] {
  return [
    { kind: 'unknown', resources: others, why: `an earlier task changes ${who}` },
    ...texts.map((name): Effect => ({ kind: 'file', name, becomes: { kind: 'file' } })),
  ]
}

/** What a task may change if a dry run does not know its arguments. */
export const anyAccount: readonly ResourcePattern[] = [
  'user:*',
  'group:*',
  ...texts.map((name): ResourcePattern => `file:${name}`),
  ...others,
]
