import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { setMaxListeners } from 'node:events'
import type { Channel, ChannelEnd } from './connection.ts'

/**
 * How long what a program wrote may still be on its way once the program itself has ended, in milliseconds.
 */
const drainTime = 250

/** How long the end of a program that was to be killed may take to be told, in milliseconds. */
export const confirmTime = 2000

/** A program of this machine as a channel. `kill` ends it as hard as the caller can. */
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
      // A child that keeps the pipes open must keep neither this nor the whole of gpuplay waiting.
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
 * For streams whose errors are seen another way: an `error` event without a listener would end the whole
 * process.
 */
export function ignore(): void {}

/**
 * Calls back once `signal` aborts, soon where it has already, until the function that it gives is called. One
 * signal serves any number of listeners.
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

/** What a person reads of how a program ended. */
export function describeEnd(end: ChannelEnd): string {
  if (end.kind === 'exited') return `it exited with status ${end.code}`
  return end.kind === 'signalled' ? `it was killed by signal ${end.signal}` : end.why
}
