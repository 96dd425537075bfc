import { Capture } from './capture.ts'
import type { RunOptions, ShellReply } from './connection.ts'
import type { OutputMark } from './marks.ts'

const defaultLimit = 4 * 1024 * 1024
/** Bytes kept of one `gp_say` text. Only a hostile host exceeds this. */
const longestText = 64 * 1024

/** A script that was sent, until both its streams have ended and nothing holds them. */
export class SentScript {
  readonly sequence: number
  readonly options: RunOptions
  readonly light: boolean
  readonly stdout: Capture
  readonly stderr: Capture
  readonly replied: Promise<ShellReply>
  state: 'sent' | 'running' | 'killing' | 'replied' = 'sent'
  /** The process that runs the script, and its parent; 0 if the host has no /proc. */
  wrapper = 0
  relayed = 0
  code: number | undefined
  /** Streams whose E, and then C, is still missing; a light script has no C. */
  readonly unended = new Set<StreamName>(['stdout', 'stderr'])
  readonly unclosed = new Set<StreamName>(['stdout', 'stderr'])
  timer: NodeJS.Timeout | undefined
  releasing = false
  /** Called when nothing holds the script's streams any more. */
  closed: () => void = () => {}
  /** Whether all processes of a killed script are dead. */
  killed = false
  stopListening: () => void = () => {}
  /** The first error that the `onSay` listener threw. */
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
   * Receives one piece of a `gp_say` text. The listener gets each complete text at once; its errors are kept
   * for `run`.
   */
  say({ piece, follows }: Extract<OutputMark, { kind: 'said' }>): void {
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
