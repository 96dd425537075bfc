import { randomBytes } from 'node:crypto'
import { UnreachableError } from '../base/errors.ts'
import type { Connection, Shell, ShellGreeting } from './connection.ts'
import { greetingScript } from './frame.ts'
import { FramedShell } from './framed-shell.ts'

export interface OpenShellOptions {
  readonly signal: AbortSignal
  /** What starts the shell; `exec /bin/sh` when not given. */
  readonly command?: string
  /** Milliseconds for the shell to come up; 30 000 when not given. */
  readonly timeout?: number
}

/**
 * Starts a shell on `connection` and waits until it has answered for the first time.
 * @throws UnreachableError when no channel can be had or no shell answers on it.
 */
export async function openShell(connection: Connection, options: OpenShellOptions): Promise<Shell> {
  const timeout = options.timeout ?? 30_000
  const channel = await connection.open(options.command ?? 'exec /bin/sh', options.signal)
  const shell = new FramedShell(connection, channel, randomBytes(16).toString('hex'))
  const reply = await shell
    .run(greetingScript, { timeout, signal: options.signal, light: true })
    .catch(async (error: unknown) => {
      await shell.close()
      throw error
    })
  const read = reply.kind === 'exited' && reply.code === 0 ? readGreeting(reply.stdout.toString()) : undefined
  if (read === undefined) {
    const noise = shell.noise()
    await shell.close()
    const why =
      reply.kind === 'lost'
        ? reply.why
        : reply.kind === 'timedOut'
          ? 'it did not answer in time'
          : 'it does not answer as a shell does'
    throw new UnreachableError({
      code: 'no-shell',
      message: `no shell answers on the host: ${why}${noise === '' ? '' : ` (${noise})`}`,
      hint: 'check that the user may log in and run /bin/sh there, and that nothing else is started instead of it',
    })
  }
  shell.greet(read.greeting, read.pid)
  return shell
}

function readGreeting(text: string): { greeting: ShellGreeting; pid: number } | undefined {
  const [names = '', pid = '', uid = '', bootId = ''] = text.split('\n')
  // In the order of uname, whatever the order of its options.
  const [hostname, kernel, architecture, ...more] = names.split(' ')
  if (hostname === undefined || kernel === undefined || architecture === undefined || more.length > 0)
    return undefined
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(pid)) return undefined
  return {
    greeting: { bootId, uid: Number(uid), kernel, architecture, hostname },
    pid: Number(pid),
  }
}
