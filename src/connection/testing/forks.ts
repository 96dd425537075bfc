/**
 * Counts the processes that a shell makes: in a PID namespace of its own every fork takes the next number.
 */
import { spawnSync } from 'node:child_process'
import type { Shell } from '../connection.ts'
import { text } from './shells.ts'

const namespace = ['unshare', '-pf', '--mount-proc']

/** Why forks cannot be counted here; `false` where they can. */
export const cannotCount: string | false =
  spawnSync(namespace.join(' '), ['true'], { shell: true }).status === 0
    ? false
    : 'this user or kernel does not allow a PID namespace'

/** A command for `openShell` that starts `shell` where nothing else takes a number. */
export function countingCommand(shell: string): string {
  return `exec ${namespace.join(' ')} ${shell}`
}

/**
 * Forks of the shell and of everything below it while `work` runs. Nothing else may use the shell meanwhile.
 */
export async function forksOf(shell: Shell, work: () => Promise<unknown>): Promise<number> {
  const before = await next(shell)
  await work()
  // The second question takes a number itself.
  return (await next(shell)) - before - 1
}

/** The number of the one process that the question takes: its subshell, which becomes the program. */
async function next(shell: Shell): Promise<number> {
  return Number(await text(shell, "exec sh -c 'echo $$'", { light: true }))
}
