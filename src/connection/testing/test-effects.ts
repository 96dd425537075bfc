import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { homedir, userInfo } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionWorld } from '../connection-world.ts'

/**
 * The real effects of this machine, without the agent and the ssh configuration of the user who runs the
 * tests.
 */
export function testEffects(changes: Partial<ConnectionWorld> = {}): ConnectionWorld {
  return {
    spawn: (file, argv, { group }) => spawn(file, argv, { detached: group, stdio: 'pipe' }),
    killGroup: (pid) => {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // It has already exited.
      }
    },
    random: randomBytes,
    sleep: async (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
    user: userInfo().username,
    home: homedir(),
    sshConfig: '/dev/null',
    ...changes,
  }
}
