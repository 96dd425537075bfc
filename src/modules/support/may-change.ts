/** What tasks may change of which a dry run cannot know all. */
import type { ResourcePattern } from '../../host/resource.ts'

/** A file and all below it; every file where its path is not known. */
export function filesAt(path: unknown): readonly ResourcePattern[] {
  return typeof path === 'string' && path.startsWith('/') ? [`file:${path.replace(/\/+$/, '')}*`] : ['file:*']
}
