import { Capture } from './capture.ts'
import type { RunOptions, ShellReply } from './connection.ts'
import type { Mark } from './marks.ts'

const defaultLimit = 4 * 1024 * 1024
/** Bytes kept of one text that a script says: more than it may say, so that only a hostile host meets it. */
const longestText = 64 * 1024

/** One script that was sent, until both its streams have ended and nothing holds them any more. */
export class SentScript {
  readonly sequence: number
  readonly options: RunOptions
  readonly light: boolean
  readonly stdout: Capture
  readonly stderr: Capture
  readonly replied: Promise<ShellReply>
  state: 'sent' | 'running' | 'killing' | 'replied' = 'sent'
  /** The process under which the script runs and that process's parent; 0 when the host has no /proc. */
  wrapper = 0
  relayed = 0
  code: number | undefined
  began = 0
  /** Streams on which E, and then C, is still to come; a light script has no C. */
  readonly unended = new Set<StreamName>(['stdout', 'stderr'])
  readonly unclosed = new Set<StreamName>(['stdout', 'stderr'])
  timer: NodeJS.Timeout | undefined
  releasing = false
  /** Called once nothing holds the script's streams any more. */
  closed: () => void = () => {}
  /** Everything of a script that was to be killed is dead. */
  killed = false
  stopListening: () => void = () => {}
  /** What the listener of `onSay` threw first. */
  fault: { readonly error: unknown } | undefined
  readonly #settle: (reply: ShellReply) => void
  #said = new Capture(longestText)

  constructor(sequence: number, options: RunOptions) {
    this.sequence = sequence
    this.options = options
    this.light = options.light === true
    this.stdout = new Capture(options.limit ?? defaultLimit)
    this.stderr = new Capture(options.limit ?? defaultLimit)
    let settle: (reply: ShellReply) => void = () => {}
    this.replied = new Promise((resolve) => {
      settle = resolve
    })
    this.#settle = settle
  }

  /**
   * One piece of what the script says; whole texts go to who listens, at once. What the listener throws is
   * kept for `run`.
   */
  say({ piece, follows }: Extract<Mark, { kind: 'said' }>): void {
    this.#said.push(piece)
    if (follows === 'line') this.#said.push(newline)
    if (follows !== 'nothing') return
    const text = this.#said.bytes().toString('utf8')
    this.#said = new Capture(longestText)
    try {
      this.options.onSay?.(text)
    } catch (error) {
      this.fault ??= { error }
    }
  }

  reply(reply: ShellReply): void {
    if (this.state === 'replied') return
    this.state = 'replied'
    clearTimeout(this.timer)
    this.stopListening()
    this.#settle(reply)
  }
}

export type StreamName = 'stdout' | 'stderr'

const newline = Buffer.from('\n')
