import { defined } from '../base/defined.ts'
import { Capture } from './capture.ts'
import { describeEnd, whenAborted } from './channel.ts'
import type { Channel, Connection, RunOptions, Shell, ShellGreeting, ShellReply } from './connection.ts'
import { frameText, openingText } from './frame.ts'
import { type OutputMark, MarkScanner } from './marks.ts'
import { endScript, endShell, releaseShell, runOnce } from './rescue.ts'
import { lastSaid } from './said.ts'
import { SentScript, type StreamName } from './sent-script.ts'

/**
 * Milliseconds that processes may hold the output of an ended script before the next script releases the
 * shell.
 */
const holdTime = 500
/**
 * Milliseconds until a killed script must be dead: TERM, two seconds, KILL, two seconds, and the round trips.
 */
const killTime = 15_000

/** The progress of one stream. */
interface StreamState {
  /** Number of the script whose B comes next. */
  next: number
  /** The script between its B and its C. */
  script: SentScript | undefined
  /** Whether the stream is between a B and its E. */
  within: boolean
}

/** The framed protocol on one channel. `Shell` states its guarantees. */
export class FramedShell implements Shell {
  readonly #connection: Connection
  readonly #channel: Channel
  readonly #gone = new AbortController()
  /** Scripts in the order in which they were sent; the shell works on the first. */
  readonly #sent: SentScript[] = []
  /** The two streams are not synchronized, but on each of them marks come in a fixed order. */
  readonly #streams: Readonly<Record<StreamName, StreamState>> = {
    stdout: { next: 1, script: undefined, within: false },
    stderr: { next: 1, script: undefined, within: false },
  }
  readonly #noise = new Capture(4096)
  /** Names of the helpers that the shell knows. */
  readonly #learnt = new Set<string>()
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

  /** Output outside any script, such as messages of a program that started the shell. */
  noise(): string {
    return lastSaid(this.#noise.bytes().toString())
  }

  async run(script: string, options: RunOptions): Promise<ShellReply> {
    options.signal.throwIfAborted()
    const helpers = (options.helpers ?? []).filter(({ name }) => !this.#learnt.has(name))
    const text = frameText(this.#sequence + 1, script, {
      light: options.light === true,
      says: options.onSay !== undefined,
      helpers,
      ...defined({ stdin: options.stdin }),
    })
    if (this.#gone.signal.aborted) return { kind: 'lost', why: 'the shell is gone' }
    for (const { name } of helpers) this.#learnt.add(name)
    this.#sequence += 1
    const sent = new SentScript(this.#sequence, options)
    this.#sent.push(sent)
    sent.stopListening = whenAborted(options.signal, () => {
      // A waiting script is killed when it begins; a shell that has not greeted may never begin one.
      if (sent.state === 'running' || this.#pid === 0) void this.#kill(sent)
    })
    this.#channel.stdin.write(text)
    const holder = this.#sent[0]
    if (holder === sent) this.#startClock(sent)
    else if (holder?.state === 'replied') this.#releaseSoon(holder)
    const reply = await sent.replied
    // A cancelled call ends only when nothing of the script runs any more, even if the script has answered.
    options.signal.throwIfAborted()
    if (sent.fault !== undefined) throw sent.fault.error
    return reply
  }

  async close(): Promise<void> {
    const holder = this.#sent[0]
    if (holder?.state === 'replied' && this.#sent.length === 1) {
      await new Promise<void>((resolve) => {
        holder.closed = resolve
        setTimeout(resolve, holdTime)
      })
      await this.#release(holder)
    }
    const busy = this.#sent.some((sent) => sent.state !== 'replied')
    const gone = this.#gone.signal.aborted
    this.#lose('the shell was closed')
    if (busy && !gone && this.#pid !== 0)
      await runOnce(this.#connection, endShell(this.#pid), AbortSignal.timeout(killTime))
    this.#channel.stdin.end()
    const killer = setTimeout(() => this.#channel.kill(), 500)
    await this.#channel.ended
    clearTimeout(killer)
  }

  #onData(name: StreamName, bytes: Buffer): void {
    // Output outside B and E does not belong to the script: it comes from a login's greeting, or a child of
    // an earlier script.
    const { script, within } = this.#streams[name]
    const capture = within && script !== undefined ? script[name] : this.#noise
    capture.push(bytes)
  }

  #onMark(name: StreamName, mark: OutputMark): void {
    if (this.#gone.signal.aborted || this.#accept(name, mark)) return
    this.#lose(`the shell answered out of order (script ${mark.sequence})`)
    this.#channel.kill()
  }

  /**
   * Whether the mark is valid now: on each stream B, E and (for a script with relays) C of one script after
   * the other, and V only in between.
   */
  #accept(name: StreamName, mark: OutputMark): boolean {
    const stream = this.#streams[name]
    if (mark.kind === 'begin') {
      const script = this.#sent.find(({ sequence }) => sequence === mark.sequence)
      if (stream.script !== undefined || script === undefined || mark.sequence !== stream.next) return false
      stream.next += 1
      stream.script = script
      stream.within = true
      if (name === 'stdout') this.#onBegin(script, mark.wrapper, mark.relayed)
      return true
    }
    const { script, within } = stream
    if (mark.kind === 'said') {
      if (name === 'stdout' && within && script?.sequence === mark.sequence) script.say(mark)
      // Processes left by an earlier script may still send marks, which are ignored.
      return name === 'stdout' && mark.sequence < stream.next
    }
    if (script?.sequence !== mark.sequence || within !== (mark.kind === 'end')) return false
    stream.within = false
    if (mark.kind === 'end') {
      script.code = mark.code
      script.unended.delete(name)
    }
    if (mark.kind === 'closed' || script.light) {
      script.unclosed.delete(name)
      stream.script = undefined
    }
    if (mark.kind === 'end' && script.unended.size === 0) this.#onEnd(script)
    this.#advance()
    return true
  }

  #onBegin(sent: SentScript, wrapper: number, relayed: number): void {
    sent.wrapper = wrapper
    sent.relayed = relayed
    if (sent.state === 'sent') sent.state = 'running'
    if (sent.options.signal.aborted) void this.#kill(sent)
  }

  #onEnd(sent: SentScript): void {
    const stdout = sent.stdout.bytes()
    const stderr = sent.stderr.bytes()
    if (sent.state === 'killing') {
      // The script's shell may die before its children.
      if (!sent.killed) return
      sent.reply({ kind: 'timedOut', stdout, stderr })
    } else {
      sent.reply({ kind: 'exited', code: sent.code ?? 255, stdout, stderr })
    }
    if (this.#sent.length > 1) this.#releaseSoon(sent)
  }

  /** Moves to the next script when the first has been answered and nothing holds its streams. */
  #advance(): void {
    const head = this.#sent[0]
    if (head?.state !== 'replied' || head.unclosed.size > 0) return
    this.#sent.shift()
    clearTimeout(head.timer)
    head.closed()
    const next = this.#sent[0]
    if (next === undefined) return
    this.#startClock(next)
    this.#advance()
  }

  /** Starts the time limit of a script when it is the first: earlier scripts have their own limits. */
  #startClock(sent: SentScript): void {
    if (sent.state !== 'sent' && sent.state !== 'running') return
    clearTimeout(sent.timer)
    sent.timer = setTimeout(() => void this.#kill(sent), sent.options.timeout)
  }

  /**
   * The shell waits for children of `holder` that keep its output open. After a moment, it is released from
   * them.
   */
  #releaseSoon(holder: SentScript): void {
    if (holder.releasing || holder.unclosed.size === 0) return
    holder.releasing = true
    holder.timer = setTimeout(() => void this.#release(holder), holdTime)
  }

  async #release(holder: SentScript): Promise<void> {
    if (this.#gone.signal.aborted) return
    if (holder.unclosed.size === 0 || this.#pid === 0) return
    await runOnce(this.#connection, releaseShell(this.#pid, holder.relayed), AbortSignal.timeout(killTime))
    if (holder.unclosed.size === 0 || this.#gone.signal.aborted) return
    holder.timer = setTimeout(() => {
      this.#lose('a process left by an earlier script blocks the shell')
      this.#channel.kill()
    }, 5000)
  }

  async #kill(sent: SentScript): Promise<void> {
    if (sent.state !== 'running' && sent.state !== 'sent') return
    const began = sent.state === 'running'
    sent.state = 'killing'
    clearTimeout(sent.timer)
    if (!began || sent.wrapper === 0 || this.#pid === 0) {
      this.#lose(
        began ? 'a script timed out and cannot be killed on this host' : 'the shell did not answer in time',
      )
      this.#channel.kill()
      return
    }
    const deadline = AbortSignal.timeout(killTime)
    const told = await runOnce(this.#connection, endScript(this.#pid, sent), deadline)
    sent.killed = told?.startsWith('gone') === true
    if (sent.killed && sent.unended.size === 0) {
      this.#onEnd(sent)
      this.#advance()
      return
    }
    const left = told?.startsWith('left') === true ? ` (processes${told.slice(4).trimEnd()})` : ''
    sent.timer = setTimeout(
      () => {
        this.#lose(`a script timed out and could not be killed${left}`)
        this.#channel.kill()
      },
      sent.killed ? 5000 : 0,
    )
  }

  #lose(why: string): void {
    if (this.#gone.signal.aborted) return
    this.#gone.abort(new Error(why))
    for (const sent of this.#sent.splice(0)) {
      clearTimeout(sent.timer)
      sent.closed()
      sent.reply({ kind: 'lost', why })
    }
  }
}
