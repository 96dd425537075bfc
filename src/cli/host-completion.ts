/** Completes names of hosts and groups on the command line. */
import type { Context } from './context.ts'

/** Completes the last name of a pattern: `web:!gp` becomes `web:!gpu1`. Completes nothing after `--`. */
async function complete(this: Context, partial: string): Promise<readonly string[]> {
  if (this.words.includes('--')) return []
  const { hostsAndGroups } = await import('./hosts-and-groups.ts')
  const before = /^.*[,:&!]/.exec(partial)?.[0] ?? ''
  return hostsAndGroups(this).map((name) => `${before}${name}`)
}

export const hostCompletion = complete
