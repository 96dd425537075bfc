import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { quote } from '../base/shell.ts'
import { ignore, whenAborted } from './channel.ts'
import type { Channel, ChannelEnd, Connection } from './connection.ts'

export interface LaunchOptions {
  readonly signal: AbortSignal
  /** Milliseconds within which the program must start. */
  readonly timeout: number
  /** Receives the whole stderr so far, until the program has started, and may answer on standard input. */
  readonly onStderr?: (text: string, channel: Channel) => void
}

export type Launched =
  /** `stderr` is the output before the start was detected; it may be the program's own. */
  | { readonly kind: 'started'; readonly channel: Channel; readonly stderr: string }
  /** The near shell ran, but its program did not start the far one. */
  | { readonly kind: 'failed'; readonly end: ChannelEnd; readonly stderr: string }
  | { readonly kind: 'timedOut'; readonly stderr: string }
  /** Not even the near shell ran: the login starts something else. `said` is its output on both streams. */
  | { readonly kind: 'noShell'; readonly end: ChannelEnd | undefined; readonly said: string }

/**
 * Starts a program that leads elsewhere (`sudo`, `pct exec`) from a plain shell on `connection`, and waits
 * until the far side runs.
 *
 * The plain shell prints its own mark first, which distinguishes a login that starts something else from a
 * failing program.
 *
 * `line` wraps the words that run on the far side: they first print our mark, then run `command`. Nothing
 * follows the line before that mark has arrived, so a password prompt, or a shell that reads ahead, cannot
 * swallow our input. Because the line goes to a POSIX shell, the login shell (fish, csh) never parses our
 * quoting.
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
 * Removes everything up to and including `mark` from a channel's stdout, and leaves the stream as if it had
 * never been read.
 */
class Beginning {
  readonly ended: Promise<'started'>
  /** Whether the near shell has run. */
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

  /** The end of the output before the mark. */
  text(): string {
    return this.#held.toString()
  }
}

/**
 * Reads until `take` returns true or the returned function is called. It adds no `data` listeners, whose
 * removal would leave the stream flowing: the next reader gets every byte that was not taken.
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
