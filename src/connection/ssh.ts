import type { ClientChannel } from 'ssh2'
import { UnreachableError } from '../base/errors.ts'
import { confirmTime, ignore, whenAborted } from './channel.ts'
import type { Channel, ChannelEnd, Connection } from './connection.ts'
import { Deadline } from './deadline.ts'
import { type Line, type SshTarget, dial } from './ssh-dial.ts'
import type { SshShared } from './ssh-shared.ts'

/**
 * A server allows ten by default (`MaxSessions`) and frees one later than it reports; four leave room for
 * others.
 */
const mostChannels = 4

/** A connection for channels, and the number of channels in use or promised. */
interface Slot {
  readonly line: Promise<Line>
  used: number
  most: number
}

/**
 * A connection over ssh. It opens more ssh connections as channels need them, and new ones after a loss:
 * programs on a lost connection are lost, and a new `open` starts afresh.
 *
 * Resolves when the first connection is open.
 * @throws UnreachableError with the cause and a hint
 */
export async function sshConnection(
  target: SshTarget,
  shared: SshShared,
  signal: AbortSignal,
): Promise<Connection> {
  const connection = new SshConnection(target, shared)
  await connection.prepare(signal)
  return connection
}

class SshConnection implements Connection {
  readonly kind = 'ssh'
  readonly #target: SshTarget
  readonly #shared: SshShared
  readonly #slots = new Set<Slot>()
  readonly #closing = new AbortController()

  constructor(target: SshTarget, shared: SshShared) {
    this.#target = target
    this.#shared = shared
  }

  async prepare(signal: AbortSignal): Promise<void> {
    const slot = this.#addSlot(signal)
    slot.used -= 1
    await slot.line
  }

  async open(command: string, signal: AbortSignal): Promise<Channel> {
    signal.throwIfAborted()
    for (let attempt = 0; ; attempt += 1) {
      const slot = this.#reserve(signal)
      const free = (): void => {
        slot.used -= 1
      }
      try {
        const line = await slot.line
        const channel = await execute(line, command, { address: this.#target.address, signal })
        void channel.ended.then(free)
        return channel
      } catch (error) {
        free()
        if (error instanceof UnreachableError && error.problem.code === 'no-answer') await retire(slot)
        signal.throwIfAborted()
        if (error instanceof UnreachableError) throw error
        if (attempt >= 6 || this.#closing.signal.aborted) throw channelRefused(this.#target, error)
        // If the server refuses a channel, it counts more of them than we do: use fewer on this connection,
        // and wait a moment.
        if (isOpenFailure(error)) slot.most = Math.max(1, Math.min(slot.most, slot.used))
        else this.#slots.delete(slot)
        await this.#shared.effects.sleep(50 * 2 ** attempt * (0.5 + this.#fraction()), signal)
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the connection was closed'))
    const slots = [...this.#slots]
    this.#slots.clear()
    await Promise.all(
      slots.map(async (slot) => {
        const line = await slot.line.catch(() => undefined)
        if (line === undefined) return
        line.client.end()
        const timer = setTimeout(() => line.client.destroy(), 500)
        await line.lost
        clearTimeout(timer)
      }),
    )
  }

  /**
   * Reserves a channel on a connection with room, or on a new one. Synchronous, so that no two callers take
   * the same place.
   */
  #reserve(signal: AbortSignal): Slot {
    for (const slot of this.#slots) {
      if (slot.used < slot.most) {
        slot.used += 1
        return slot
      }
    }
    return this.#addSlot(signal)
  }

  #addSlot(signal: AbortSignal): Slot {
    const deadline = new Deadline([signal, this.#closing.signal])
    const line = dial(this.#target, this.#shared, deadline.signal).finally(() => deadline.end())
    const slot: Slot = { line, used: 1, most: mostChannels }
    this.#slots.add(slot)
    line.then(
      ({ lost }) => void lost.then(() => this.#slots.delete(slot)),
      () => this.#slots.delete(slot),
    )
    return slot
  }

  #fraction(): number {
    return this.#shared.effects.random(1).readUInt8(0) / 256
  }
}

function isOpenFailure(error: unknown): boolean {
  return error instanceof Error && /channel open failure/i.test(error.message)
}

function channelRefused(target: SshTarget, error: unknown): UnreachableError {
  return new UnreachableError(
    {
      code: 'channel-refused',
      message: `${target.address} refused another channel: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'the server may limit sessions (MaxSessions in its sshd_config) or may have dropped the connection',
    },
    error,
  )
}

/** An unresponsive connection gets no more channels, but keeps those of others. */
async function retire(slot: Slot): Promise<void> {
  slot.most = 0
  const { client } = await slot.line
  if (slot.used === 0) client.destroy()
}

/**
 * Starts a program. ssh2's events become one end, known or lost; a lost one never counts as success.
 * @throws UnreachableError with the code `no-answer` if the server does not start the program in time
 */
function execute(
  { client, lost, patience }: Line,
  command: string,
  { address, signal }: { address: string; signal: AbortSignal },
): Promise<Channel> {
  const deadline = new Deadline([signal], patience * 1000)
  const started = new Promise<Channel>((resolve, reject) => {
    void lost.then((why) => reject(new Error(why)))
    whenAborted(deadline.signal, () => {
      reject(deadline.passed ? noAnswer(address, patience) : new Error('cancelled'))
    })
    client.exec(command, (error, stream) => {
      if (error !== undefined) reject(error)
      else if (!deadline.signal.aborted) resolve(channelOf(stream, lost))
      else {
        stream.on('error', ignore)
        stream.close()
      }
    })
  })
  return started.finally(() => deadline.end())
}

function noAnswer(address: string, seconds: number): UnreachableError {
  return new UnreachableError({
    code: 'no-answer',
    message: `${address} accepted the login, but then did not answer within ${seconds} seconds`,
    hint: 'the host may be overloaded or blocked, for example by a hanging file system; try to log in with `ssh`',
  })
}

/**
 * Milliseconds to wait for output after the exit status: a child that was left running keeps the channel
 * open.
 */
const drainTime = 250

function channelOf(stream: ClientChannel, lost: Promise<string>): Channel {
  stream.on('error', ignore)
  stream.stderr.on('error', ignore)
  let giveUp = (): void => {}
  const ended = new Promise<ChannelEnd>((resolve) => {
    let end: ChannelEnd | undefined
    giveUp = () => resolve(end ?? { kind: 'lost', why: 'it was killed, but its end was not confirmed' })
    stream.on('exit', (code: number | null, signal?: string) => {
      const known: ChannelEnd =
        code === null ? { kind: 'signalled', signal: signal ?? 'unknown' } : { kind: 'exited', code }
      end = known
      setTimeout(() => {
        resolve(known)
        stream.close()
      }, drainTime).unref()
    })
    stream.on('close', () => resolve(end ?? { kind: 'lost', why: 'the channel was closed without a status' }))
    void lost.then((why) => resolve(end ?? { kind: 'lost', why }))
  })
  const kill = (): void => {
    // Closing a channel leaves the program running. The signal ends it (OpenSSH from 7.9 on, but not for
    // root). While the program runs, the server does not confirm the close.
    try {
      stream.signal('KILL')
      stream.close()
    } catch {
      // The connection is lost, and the channel with it.
    }
    stream.destroy()
    const timer = setTimeout(giveUp, confirmTime)
    void ended.then(() => clearTimeout(timer))
  }
  return { stdin: stream, stdout: stream, stderr: stream.stderr, ended, kill }
}
