import type { MakeDirectory } from './action.ts'
import { defaultStateDirectory } from './access.ts'

/**
 * Where root works with files of its own for a while: archives that it unpacks and runs, packages that it
 * installs. In /tmp and /var/tmp any user may make a file of the same name first, keep it open, and write
 * into it once it was checked.
 */
export const workDirectory = `${defaultStateDirectory}/work`

export const makeWorkDirectory: MakeDirectory = { kind: 'makeDirectory', path: workDirectory, mode: '0700' }
