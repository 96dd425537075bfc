import { randomBytes } from 'node:crypto'
import { UnreachableError } from '../base/errors.ts'
import type { Connection, Shell, ShellGreeting } from './connection.ts'
import { busyboxWord, greetingScript } from './frame.ts'
import { FramedShell } from './framed-shell.ts'

export interface OpenShellOptions {
  readonly signal: AbortSignal
  /** The command that starts the shell; default `exec /bin/sh`. */
  readonly command?: string
  /** Milliseconds for the shell to start; default 30 000. */
  readonly timeout?: number
}

/**
 * Starts a shell on `connection` and waits for its first answer.
 * @throws UnreachableError if no channel can be opened or no shell answers
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
          : 'the program that answered is not a shell'
    throw new UnreachableError({
      code: 'no-shell',
      message: `no shell answered on the host: ${why}${noise === '' ? '' : ` (${noise})`}`,
      hint: 'check that the user can log in and run /bin/sh, and that no other program starts instead',
    })
  }
  if (read.busybox) {
    await shell.close()
    throw new UnreachableError({
      code: 'no-coreutils',
      message: `${read.greeting.hostname} uses busybox, which lacks options that gpuplay needs`,
      hint: 'install GNU coreutils on the host (`apk add coreutils` on Alpine)',
    })
  }
  shell.greet(read.greeting, read.pid)
  return shell
}

interface ReadGreeting {
  readonly greeting: ShellGreeting
  readonly pid: number
  readonly busybox: boolean
}

function readGreeting(text: string): ReadGreeting | undefined {
  const [hostname = '', pid = '', uid = '', ...more] = text.split('\n')
  if (!/^\S+$/.test(hostname)) return undefined
  if (!/^\d{1,15}$/.test(uid) || !/^\d{1,15}$/.test(pid)) return undefined
  const [bootId = ''] = more.filter((line) => line !== busyboxWord)
  return {
    greeting: { bootId, uid: Number(uid), hostname },
    pid: Number(pid),
    busybox: more.includes(busyboxWord),
  }
}
