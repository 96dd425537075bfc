/** Logins to the sshd of a test. */
import assert from 'node:assert/strict'
import { UnreachableError } from '../../base/errors.ts'
import { connect } from '../connect.ts'
import type { Connection, ShellReply, Target } from '../connection.ts'
import type { ConnectionWorld } from '../connection-world.ts'
import { openShell } from '../open-shell.ts'
import type { SshTarget } from '../ssh-dial.ts'
import { calm, patience } from './shells.ts'
import { testEffects } from './test-effects.ts'
import type { Sshd } from './sshd.ts'

/** The target of a test server, with its own key. */
export function sshTargetOf(server: Sshd, changes: Partial<SshTarget> = {}): SshTarget {
  const { port, user, key, knownHosts } = server
  return {
    kind: 'ssh',
    address: '127.0.0.1',
    port,
    user,
    privateKey: key,
    knownHosts,
    hostKeyChecking: 'strict',
    ...changes,
  }
}

/** Returns the error of a refused login. */
export async function refusal(
  wanted: Target,
  effects: Partial<ConnectionWorld> = {},
): Promise<UnreachableError> {
  try {
    const connection = await connect(wanted, testEffects(effects), calm)
    try {
      await openShell(connection, { signal: calm })
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (error instanceof UnreachableError) return error
    throw error
  }
  assert.fail('the host let us in')
}

/** Logs in and runs one script. */
export async function hello(wanted: Target, effects: Partial<ConnectionWorld> = {}): Promise<void> {
  const connection = await connect(wanted, testEffects(effects), calm)
  await helloOn(connection)
  await connection.close()
}

/** Runs one script on a connection. */
export async function helloOn(connection: Connection): Promise<void> {
  const shell = await openShell(connection, { signal: calm })
  const reply = await shell.run('echo hello; exit 4', { timeout: patience, signal: calm })
  assert.deepEqual(summary(reply), 'hello 4')
  await shell.close()
}

/** The output of a script, and its exit code. */
export function summary(reply: ShellReply): string {
  if (reply.kind !== 'exited') assert.fail(`expected a script that exited, got ${JSON.stringify(reply)}`)
  return `${reply.stdout.toString().trim()} ${reply.code}`
}
