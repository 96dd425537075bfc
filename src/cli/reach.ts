/** Connects `src/connection` to this process: its programs, clock and environment. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import { HostError, UnreachableError } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { ConnectionPool } from '../connection/connect.ts'
import { openShell } from '../connection/open-shell.ts'
import { upload } from '../connection/upload.ts'
import type { Reach } from '../fleet/machine.ts'
import type { Context } from './context.ts'

export function createReach({ world, killGroup }: Pick<Context, 'world' | 'killGroup'>): Reach {
  const agentSocket = world.environment['SSH_AUTH_SOCK']
  const pool = new ConnectionPool({
    spawn: (file, argv, { group }) =>
      spawn(file, [...argv], { detached: group, stdio: 'pipe', env: { ...world.environment } }),
    killGroup,
    random: randomBytes,
    sleep: world.sleep,
    user: world.userName,
    home: world.home,
    accountHome: userInfo().homedir,
    ...defined({ agentSocket }),
  })
  return {
    connect: (target, signal) => pool.connect(target, signal),
    openShell: (connection, signal) => openShell(connection, { signal }),
    async upload(connection, { from, to, sha256, signal, progress }) {
      const result = await upload(connection, {
        source: from,
        path: to,
        mode: '0600',
        sha256,
        signal,
        ...defined({ onProgress: progress }),
      })
      if (result.kind === 'failed') throw new HostError(result.problem)
      if (result.kind === 'lost') {
        throw new UnreachableError({
          code: 'connection-lost',
          message: `the connection dropped while gpuplay sent ${from}: ${result.why}`,
          hint: 'run again; gpuplay sends the whole file again',
        })
      }
    },
    close: () => pool.close(),
  }
}
