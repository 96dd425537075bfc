import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { quote } from '../base/shell.ts'
import { ignore, whenAborted } from './channel.ts'
import type { Channel, ChannelEnd, Connection } from './connection.ts'

export interface LaunchOptions {
  readonly signal: AbortSignal
  /** Milliseconds until the program must have started. */
  readonly timeout: number
  /**
   * Sees what comes on stderr before the program has started, whole so far each time, and may answer on
   * standard input.
   */
  readonly onStderr?: (text: string, channel: Channel) => void
}

export type Launched =
  /** `stderr` is what came before anybody knew that it had started: it may be the program's own. */
  | { readonly kind: 'started'; readonly channel: Channel; readonly stderr: string }
  /** The near shell ran, and what it started did not get there. */
  | { readonly kind: 'failed'; readonly end: ChannelEnd; readonly stderr: string }
  | { readonly kind: 'timedOut'; readonly stderr: string }
  /**
   * Not even the near shell ran: something else is started at the login. `said` is what that said, on either
   * stream.
   */
  | { readonly kind: 'noShell'; readonly end: ChannelEnd | undefined; readonly said: string }

/**
 * Starts a program that leads elsewhere (`sudo`, `pct exec`) from a plain shell on `connection`, and waits
 * until it is really there.
 *
 * The plain shell prints a mark of its own first, which tells a login that starts something else from a
 * program that fails.
 *
 * `line` is built around the words that are to run on the far side: they first print a mark of ours, then run
 * `command`. Nothing is sent after the line before that mark has come, so whatever asks for a password, or a
 * shell that reads ahead, swallows nothing of ours. And since the line goes to a POSIX shell's input, the
 * login shell (fish, csh) never reads our quoting.
 */
export async function launch(
  connection: Connection,
  { command, line }: { command: string; line: (farSide: string) => string },
  options: LaunchOptions,
): Promise<Launched> {
  const { signal } = options
  const nonce = randomBytes(16).toString('hex')
  const ready = Buffer.from(`\0${nonce}\n`)
  const printMark = `printf '\\000%s%s\\n' ${nonce.slice(0, 16)} ${nonce.slice(16)}`
  const near = `${nonce}-near`
  const printNear = `printf '\\000%s%s\\n' ${near.slice(0, 16)} ${near.slice(16)}`
  const channel = await connection.open('exec /bin/sh', signal)
  channel.stdin.on('error', ignore)
  let stderr = ''
  const letGo = listen(channel.stderr, (chunk) => {
    stderr = (stderr + chunk.toString()).slice(-8192)
    options.onStderr?.(stderr, channel)
    return false
  })
  const timer = new AbortController()
  const timeout = setTimeout(() => timer.abort(), options.timeout)
  const stopListening = whenAborted(signal, () => timer.abort())
  const given = new Promise<'timedOut'>((resolve) => {
    timer.signal.addEventListener('abort', () => resolve('timedOut'), { once: true })
  })
  channel.stdin.write(`${printNear}; exec ${line(quote(`${printMark}; ${command}`))}\n`)
  const stdout = new Beginning(channel, near, ready)
  const outcome = await Promise.race([stdout.ended, channel.ended, given])
  clearTimeout(timeout)
  stopListening()
  letGo()
  if (outcome === 'started') return { kind: 'started', channel, stderr }
  channel.stdout.on('data', ignore)
  channel.stderr.on('data', ignore)
  channel.kill()
  signal.throwIfAborted()
  if (!stdout.near) {
    const end = outcome === 'timedOut' ? undefined : outcome
    return { kind: 'noShell', end, said: `${stdout.text()}\n${stderr}`.trim() }
  }
  return outcome === 'timedOut' ? { kind: 'timedOut', stderr } : { kind: 'failed', end: outcome, stderr }
}

/**
 * Takes everything up to and with `mark` off a channel's stdout, and leaves the stream as if it had never
 * been read.
 */
class Beginning {
  readonly ended: Promise<'started'>
  /** The near shell has run. */
  near = false
  #held = Buffer.alloc(0)

  constructor({ stdout }: Channel, near: string, mark: Buffer) {
    this.ended = new Promise((resolve) => {
      listen(stdout, (chunk) => {
        this.#held = Buffer.concat([this.#held, chunk])
        this.near ||= this.#held.includes(near)
        const at = this.#held.indexOf(mark)
        if (at < 0) {
          this.#held = this.#held.subarray(-8192)
          return false
        }
        const rest = this.#held.subarray(at + mark.length)
        if (rest.length > 0) stdout.unshift(rest)
        resolve('started')
        return true
      })
    })
  }

  /** The end of what came before the mark. */
  text(): string {
    return this.#held.toString()
  }
}

/**
 * Reads until `take` says that it has enough, or until the function that this gives is called. Without `data`
 * listeners, whose removal would leave the stream flowing into nothing: the next reader gets every byte that
 * was not taken.
 */
function listen(stream: Readable, take: (chunk: Buffer) => boolean): () => void {
  const stop = (): void => {
    stream.off('readable', onReadable)
  }
  const onReadable = (): void => {
    for (;;) {
      const chunk: unknown = stream.read()
      if (!Buffer.isBuffer(chunk)) return
      if (take(chunk)) return stop()
    }
  }
  stream.on('readable', onReadable)
  return stop
}
