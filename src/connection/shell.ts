import { randomBytes } from 'node:crypto'
import { UnreachableError } from '../base/errors.ts'
import { describeEnd, whenAborted } from './channel.ts'
import type { Channel, Connection, RunOptions, Shell, ShellGreeting, ShellReply } from './connection.ts'
import { type Mark, MarkScanner, frameText, greetingScript, openingText } from './frame.ts'
import { endScript, endShell, releaseShell, runOnce } from './rescue.ts'

export interface OpenShellOptions {
  readonly signal: AbortSignal
  /** What starts the shell; `exec /bin/sh` when not given. */
  readonly command?: string
  /** Milliseconds for the shell to come up; 30 000 when not given. */
  readonly timeout?: number
}

const defaultLimit = 4 * 1024 * 1024
/** How long a script that has ended may leave its output held before the next script frees the shell, in milliseconds. */
const holdTime = 500
/** How long a script that was killed may take to be seen dead: TERM, two seconds, KILL, two seconds, and the way there. */
const killTime = 15_000

/**
 * Starts a shell on `connection` and waits until it has answered for the first time.
 * @throws UnreachableError when no channel can be had or no shell answers on it.
 */
export async function openShell(connection: Connection, options: OpenShellOptions): Promise<Shell> {
  const timeout = options.timeout ?? 30_000
  const channel = await connection.open(options.command ?? 'exec /bin/sh', options.signal)
  const shell = new FramedShell(connection, channel, randomBytes(16).toString('hex'))
  const reply = await shell
    .run(greetingScript, { timeout, signal: options.signal })
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
  const [kernel, architecture, hostname, uid, pid, bootId] = text.split('\n')
  if (kernel === undefined || architecture === undefined || hostname === undefined) return undefined
  if (uid === undefined || pid === undefined || !/^\d+$/.test(uid) || !/^\d+$/.test(pid)) return undefined
  return {
    greeting: { bootId: bootId ?? '', uid: Number(uid), kernel, architecture, hostname },
    pid: Number(pid),
  }
}

/** One script that was sent, until both its streams have ended and nothing holds them any more. */
class Frame {
  readonly sequence: number
  readonly options: RunOptions
  readonly stdout: Capture
  readonly stderr: Capture
  readonly replied: Promise<ShellReply>
  state: 'sent' | 'running' | 'killing' | 'replied' = 'sent'
  /** The process under which the script runs and that process's parent; 0 when the host has no /proc. */
  wrapper = 0
  relayed = 0
  code: number | undefined
  began = 0
  /** Streams on which E, and then C, is still to come. */
  readonly unended = new Set(['stdout', 'stderr'])
  readonly unclosed = new Set(['stdout', 'stderr'])
  timer: NodeJS.Timeout | undefined
  releasing = false
  /** Called once nothing holds the script's streams any more. */
  closed: () => void = () => {}
  /** Everything of a script that was to be killed is dead. */
  killed = false
  settle: (reply: ShellReply) => void = () => {}
  stopListening: () => void = () => {}

  constructor(sequence: number, options: RunOptions) {
    this.sequence = sequence
    this.options = options
    this.stdout = new Capture(options.limit ?? defaultLimit)
    this.stderr = new Capture(options.limit ?? defaultLimit)
    this.replied = new Promise((resolve) => {
      this.settle = resolve
    })
  }

  reply(reply: ShellReply): void {
    if (this.state === 'replied') return
    this.state = 'replied'
    clearTimeout(this.timer)
    this.stopListening()
    this.settle(reply)
  }
}

/** Keeps the first bytes of a stream and counts on. */
class Capture {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #kept = 0
  truncated = false

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#kept
    if (chunk.length > room) this.truncated = true
    if (room <= 0) return
    // A copy: a slice would keep the whole of what was read alive.
    this.#chunks.push(Buffer.from(chunk.subarray(0, room)))
    this.#kept += Math.min(room, chunk.length)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

class FramedShell implements Shell {
  readonly #connection: Connection
  readonly #channel: Channel
  readonly #gone = new AbortController()
  /** In the order they were sent; the first one is what the shell is at. */
  readonly #frames: Frame[] = []
  /** The script whose bytes each stream carries now; the two streams are not in step. */
  readonly #current: { stdout?: Frame | undefined; stderr?: Frame | undefined } = {}
  readonly #noise = new Capture(4096)
  #sequence = 0
  #greeting: ShellGreeting | undefined
  #pid = 0

  constructor(connection: Connection, channel: Channel, nonce: string) {
    this.#connection = connection
    this.#channel = channel
    for (const name of ['stdout', 'stderr'] as const) {
      const scanner = new MarkScanner(nonce, {
        data: (bytes) => this.#onData(name, bytes),
        mark: (mark) => this.#onMark(name, mark),
      })
      channel[name].on('data', (chunk: Buffer) => scanner.push(chunk))
      channel[name].on('error', () => {})
    }
    channel.stdin.on('error', () => {})
    void channel.ended.then((end) => this.#lose(`the shell is gone: ${describeEnd(end)}`))
    channel.stdin.write(openingText(nonce))
  }

  get greeting(): ShellGreeting {
    if (this.#greeting === undefined) throw new Error('the shell has not greeted yet')
    return this.#greeting
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  greet(greeting: ShellGreeting, pid: number): void {
    this.#greeting = greeting
    this.#pid = pid
  }

  /** What came outside any script, such as the words of a program that started the shell. */
  noise(): string {
    return this.#noise.bytes().toString().trim().slice(-500)
  }

  async run(script: string, options: RunOptions): Promise<ShellReply> {
    options.signal.throwIfAborted()
    const text = frameText(this.#sequence + 1, script, options.stdin)
    if (this.#gone.signal.aborted) return { kind: 'lost', why: 'the shell is gone' }
    this.#sequence += 1
    const frame = new Frame(this.#sequence, options)
    this.#frames.push(frame)
    const onAbort = (): void => {
      if (frame.state === 'running') void this.#kill(frame)
    }
    frame.stopListening = whenAborted(options.signal, onAbort)
    this.#channel.stdin.write(text)
    const holder = this.#frames[0]
    if (holder === frame) this.#startClock(frame)
    else if (holder?.state === 'replied') this.#releaseSoon(holder)
    const reply = await frame.replied
    // Whoever cancelled learns it once nothing of the script runs any more, whatever it had answered.
    options.signal.throwIfAborted()
    return reply
  }

  async close(): Promise<void> {
    const holder = this.#frames[0]
    if (holder?.state === 'replied' && this.#frames.length === 1) {
      await new Promise<void>((resolve) => {
        holder.closed = resolve
        setTimeout(resolve, holdTime)
      })
      await this.#release(holder)
    }
    const busy = this.#frames.some((frame) => frame.state !== 'replied')
    const gone = this.#gone.signal.aborted
    this.#lose('the shell was closed')
    if (busy && !gone && this.#pid !== 0)
      await runOnce(this.#connection, endShell(this.#pid), AbortSignal.timeout(killTime))
    this.#channel.stdin.end()
    const killer = setTimeout(() => this.#channel.kill(), 500)
    await this.#channel.ended
    clearTimeout(killer)
  }

  #onData(name: 'stdout' | 'stderr', bytes: Buffer): void {
    // Outside B and E nothing is the script's: greetings of a login, or a child that an earlier script left behind.
    const capture = this.#current[name]?.[name] ?? this.#noise
    capture.push(bytes)
  }

  #onMark(name: 'stdout' | 'stderr', mark: Mark): void {
    const frame = this.#frames.find((sent) => sent.sequence === mark.sequence)
    if (frame === undefined) {
      this.#lose(`the shell answered out of turn (script ${mark.sequence})`)
      this.#channel.kill()
    } else if (mark.kind === 'begin') {
      this.#current[name] = frame
      if (name === 'stdout') this.#onBegin(frame, mark.wrapper, mark.relayed)
    } else if (mark.kind === 'end') {
      this.#current[name] = undefined
      frame.code = mark.code
      frame.unended.delete(name)
      if (frame.unended.size === 0) this.#onEnd(frame)
    } else {
      frame.unclosed.delete(name)
      if (frame.unclosed.size === 0) this.#onClosed()
    }
  }

  #onBegin(frame: Frame, wrapper: number, relayed: number): void {
    frame.wrapper = wrapper
    frame.relayed = relayed
    frame.began = performance.now()
    if (frame.state === 'sent') frame.state = 'running'
    if (frame.options.signal.aborted) void this.#kill(frame)
  }

  #onEnd(frame: Frame): void {
    const stdout = frame.stdout.bytes()
    const stderr = frame.stderr.bytes()
    if (frame.state === 'killing') {
      // The script's shell may die before the rest of it does.
      if (!frame.killed) return
      frame.reply({ kind: 'timedOut', stdout, stderr })
    } else {
      const milliseconds = performance.now() - frame.began
      const truncated = frame.stdout.truncated || frame.stderr.truncated
      frame.reply({ kind: 'exited', code: frame.code ?? 255, stdout, stderr, truncated, milliseconds })
    }
    if (this.#frames.length > 1) this.#releaseSoon(frame)
  }

  #onClosed(): void {
    const done = this.#frames.shift()
    clearTimeout(done?.timer)
    done?.closed()
    const next = this.#frames[0]
    if (next !== undefined) this.#startClock(next)
  }

  /** A script's time begins when it is at the head: those before it have their own. */
  #startClock(frame: Frame): void {
    clearTimeout(frame.timer)
    frame.timer = setTimeout(() => void this.#kill(frame), frame.options.timeout)
  }

  /** The shell waits for children of `holder` that keep its output open; if they still do in a moment, it is freed of them. */
  #releaseSoon(holder: Frame): void {
    if (holder.releasing) return
    holder.releasing = true
    holder.timer = setTimeout(() => void this.#release(holder), holdTime)
  }

  async #release(holder: Frame): Promise<void> {
    if (this.#gone.signal.aborted) return
    if (holder.unclosed.size === 0 || this.#pid === 0) return
    await runOnce(this.#connection, releaseShell(this.#pid, holder.relayed), AbortSignal.timeout(killTime))
    if (holder.unclosed.size === 0 || this.#gone.signal.aborted) return
    holder.timer = setTimeout(() => {
      this.#lose('a process that an earlier script left behind holds the shell')
      this.#channel.kill()
    }, 5000)
  }

  async #kill(frame: Frame): Promise<void> {
    if (frame.state !== 'running' && frame.state !== 'sent') return
    const began = frame.state === 'running'
    frame.state = 'killing'
    clearTimeout(frame.timer)
    if (!began || frame.wrapper === 0 || this.#pid === 0) {
      this.#lose(
        began ? 'a script ran out of time and cannot be killed here' : 'the shell did not answer in time',
      )
      this.#channel.kill()
      return
    }
    const deadline = AbortSignal.timeout(killTime)
    const told = await runOnce(this.#connection, endScript(this.#pid, frame.wrapper), deadline)
    frame.killed = told?.startsWith('gone') === true
    if (frame.killed && frame.unended.size === 0) {
      this.#onEnd(frame)
      return
    }
    const left = told?.startsWith('left') === true ? ` (processes${told.slice(4).trimEnd()})` : ''
    frame.timer = setTimeout(
      () => {
        this.#lose(`a script ran out of time and could not be killed${left}`)
        this.#channel.kill()
      },
      frame.killed ? 5000 : 0,
    )
  }

  #lose(why: string): void {
    if (this.#gone.signal.aborted) return
    this.#gone.abort(new Error(why))
    for (const frame of this.#frames.splice(0)) {
      clearTimeout(frame.timer)
      frame.closed()
      frame.reply({ kind: 'lost', why })
    }
  }
}
