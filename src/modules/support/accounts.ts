/** What the modules for users and groups have in common. */
import type { Effect } from '../../host/action.ts'
import type { ResourcePattern } from '../../host/resource.ts'

/** useradd(8), groupadd(8). */
export const accountNamePattern = '^[A-Za-z_][A-Za-z0-9_.-]{0,31}\\$?$'

const files: readonly ResourcePattern[] = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'].map(
  (name): ResourcePattern => `file:/etc/${name}*`,
)

/** The texts of the files of users and groups, and of their backups, are known only in the run. */
export function accountsChange(who: string): Effect {
  return { kind: 'unknown', resources: files, why: `an earlier task changes ${who}` }
}

/** What a task may change if a dry run does not know its arguments. */
export const anyAccount: readonly ResourcePattern[] = ['user:*', 'group:*', ...files]
