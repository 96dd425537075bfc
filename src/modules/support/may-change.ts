/** Resources that tasks may change if a dry run does not know all their arguments. */
import type { ResourcePattern } from '../../host/resource.ts'

/** A file and everything below it; all files if its path is unknown. */
export function filesAt(path: unknown): readonly ResourcePattern[] {
  return typeof path === 'string' && path.startsWith('/') ? [`file:${path.replace(/\/+$/, '')}*`] : ['file:*']
}
