/** What users and groups have in common. */
import { isUnknown, Unknown } from '../../base/unknown.ts'
import type { PredictedFiles } from './kind.ts'

/** The names that useradd(8) of Debian accepts, without those that a program reads as an option or a number. */
export const accountName = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/

const paths = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'] as const

export const accountFiles: readonly string[] = paths.map((path) => `file:${path}`)

/**
 * A task that writes these files itself may change any user and group. The modules for users and groups make
 * the files unknown, too, but predict what they change.
 */
export function changedByHand(files: PredictedFiles): { readonly unforeseen: Unknown } | undefined {
  const written = paths.find((path) => {
    const file = files(path)
    return file !== undefined && !isUnknown(file)
  })
  return written && { unforeseen: new Unknown(`an earlier task changes ${written}`) }
}
