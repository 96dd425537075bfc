/** Counts the processes that a shell starts: in its own PID namespace, every fork takes the next number. */
import { spawnSync } from 'node:child_process'
import type { Shell } from '../connection.ts'
import { outputText } from './shells.ts'

const namespace = ['unshare', '-pf', '--mount-proc']

/** The reason why forks cannot be counted here, or `false`. */
export const cannotCount: string | false =
  spawnSync(namespace.join(' '), ['true'], { shell: true }).status === 0
    ? false
    : 'this user or kernel does not allow a PID namespace'

/** A command for `openShell` that starts `shell` in its own namespace. */
export function countingCommand(shell: string): string {
  return `exec ${namespace.join(' ')} ${shell}`
}

/**
 * The number of forks of the shell and its children during `work`. Nothing else may use the shell meanwhile.
 */
export async function forksOf(shell: Shell, work: () => Promise<unknown>): Promise<number> {
  const before = await next(shell)
  await work()
  // The second question takes a number itself.
  return (await next(shell)) - before - 1
}

/** The process number of the query: its subshell, which becomes the program. */
async function next(shell: Shell): Promise<number> {
  return Number(await outputText(shell, "exec sh -c 'echo $$'", { light: true }))
}
