import { type Reach } from '../engine/machine.ts'
import { localConnection } from '../connection/local.ts'
import { openShell } from '../connection/shell.ts'
import { type Context } from './context.ts'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
export function createReach(context: Context): Reach {
  const effects = { spawn: (f: string, a: readonly string[], o: {group: boolean}) => spawn(f, [...a], { detached: o.group, stdio: 'pipe' }), killGroup: (pid: number) => { try { process.kill(-pid, 'SIGKILL') } catch { /* gone */ } } , random: randomBytes, sleep: context.effects.sleep, now: context.effects.clock, user: 'root', home: '/root' }
  const c = localConnection(effects)
  return { connect: async () => c, openShell: (connection, signal) => openShell(connection, { signal }), close: () => c.close() }
}
