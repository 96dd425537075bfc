/** What users and groups have in common. */
import { isUnknown, Unknown } from '../../base/unknown.ts'
import type { PredictedFiles } from './kind.ts'

/** The names that useradd(8) of Debian accepts, without those that a program reads as an option or a number. */
export const accountName = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/

const paths = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'] as const

export const accountFiles: readonly string[] = paths.map((path) => `file:${path}`)

/**
 * A task that writes these files itself may change any user and group. The modules for users and groups predict
 * files of unknown content (`src/modules/support/accounts.ts`), since they also predict which user or group changes.
 */
export function changedByHand(files: PredictedFiles): { readonly unforeseen: Unknown } | undefined {
  for (const path of paths) {
    const file = files(path)
    if (file === undefined) continue
    // They make shadow and gshadow unknown as a whole, since not every host has these.
    if (isUnknown(file) ? path.endsWith('shadow') : file.kind === 'file' && file.text === undefined) continue
    return { unforeseen: isUnknown(file) ? file : new Unknown(`an earlier task changes ${path}`) }
  }
  return undefined
}
