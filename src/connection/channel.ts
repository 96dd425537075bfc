import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import type { Channel, ChannelEnd } from './connection.ts'

/** Milliseconds to wait for pending output after a program has exited. */
const drainTime = 250

/** Milliseconds to wait for the exit of a killed program. */
export const confirmTime = 2000

/** Wraps a local program as a channel. `kill` must end it as forcefully as the caller can. */
export function channelOfChild(child: ChildProcessWithoutNullStreams, kill: () => void): Channel {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', ignore)
  let giveUp = (): void => {}
  const ended = new Promise<ChannelEnd>((resolve) => {
    let end: ChannelEnd | undefined
    giveUp = () => resolve(end ?? { kind: 'lost', why: 'it was killed, but its end was not seen' })
    child.on('error', (error) => resolve({ kind: 'lost', why: error.message }))
    child.on('exit', (code, signal) => {
      const ended: ChannelEnd =
        code === null ? { kind: 'signalled', signal: signal ?? 'unknown' } : { kind: 'exited', code }
      end = ended
      // A child that keeps the pipes open must not delay this process.
      setTimeout(() => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
        resolve(ended)
      }, drainTime)
    })
    child.on('close', () => resolve(end ?? { kind: 'lost', why: 'it ended without a status' }))
  })
  const killFor = (): void => {
    kill()
    const timer = setTimeout(giveUp, confirmTime)
    void ended.then(() => clearTimeout(timer))
  }
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, kill: killFor }
}

/**
 * For streams whose errors are reported another way: an `error` event without a listener would end the
 * process.
 */
export function ignore(): void {}

/**
 * Calls `listener` when `signal` aborts, or soon if it has aborted already, until the returned function is
 * called. A signal can have any number of listeners.
 */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    let wanted = true
    queueMicrotask(() => wanted && listener())
    return () => {
      wanted = false
    }
  }
  setMaxListeners(0, signal)
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** Describes the end of a program in a message. */
export function describeEnd(end: ChannelEnd): string {
  if (end.kind === 'exited') return `it exited with status ${end.code}`
  return end.kind === 'signalled' ? `it was killed by signal ${end.signal}` : end.why
}
