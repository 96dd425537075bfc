import type { MakeDirectory } from './action.ts'
import { defaultStateDirectory } from './access.ts'

/**
 * The directory for root's temporary files: archives that it unpacks and runs, packages that it installs. In
 * /tmp and /var/tmp, any user can create a file of the same name first, keep it open, and write into it after
 * the check.
 */
export const workDirectory = `${defaultStateDirectory}/work`

export const makeWorkDirectory: MakeDirectory = { kind: 'makeDirectory', path: workDirectory, mode: '0700' }

/** The directory for copies of files that gpuplay replaced, where the file's own directory must not have them. */
export const backupDirectory = `${defaultStateDirectory}/backups`

/** What is kept of the last detached program of this name (`executors/job.ts`); it shows that gpuplay has run one. */
export function jobRecord(name: string): string {
  return `${defaultStateDirectory}/jobs/${name}`
}

/**
 * In such a record, the scripts with the program's command line: of the last program that gpuplay started, and of the
 * last one that succeeded.
 */
export function jobScripts(name: string): readonly [last: string, succeeded: string] {
  return [`${jobRecord(name)}/run`, `${jobRecord(name)}/succeeded`]
}
