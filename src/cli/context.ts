import type { CommandContext } from '@stricli/core'
import type { Secrets } from '../base/secrets.ts'
import type { World } from '../base/world.ts'
import type { StepAnswer } from '../task/confirmations.ts'
import type { TerminalSize } from '../view/screen.ts'

/** What `main` passes to a command: the streams, the world and the signals of an interruption. */
export interface Surroundings {
  readonly world: World
  readonly version: string
  /** Version of Node.js, and the system. */
  readonly runtime: string
  /** The folder of the roles and playbooks that ship with gpuplay. */
  readonly shipped: string
  readonly output: OutputStream
  readonly errors: OutputStream
  /** Aborted at the first SIGINT or SIGTERM: start no new actions. */
  readonly signal: AbortSignal
  /** Aborted at the second one: exit at once. */
  readonly quit: AbortSignal
  /**
   * Asks the user for a secret on the terminal, without echoing it. Returns undefined if there is no
   * terminal.
   */
  readonly askSecret: (question: string) => Promise<string | undefined>
  /** Asks for a line of text; absent if there is no terminal. Returns undefined after an interruption. */
  readonly askText?: (question: string) => Promise<string | undefined>
  /** Asks a yes-or-no question; absent if there is no terminal. */
  readonly confirm?: (question: string) => Promise<boolean>
  /** Asks whether to run a task (`--step`); absent if there is no terminal. */
  readonly step?: (question: string) => Promise<StepAnswer>
  /** Kills a process group of this machine. Never throws. */
  readonly killGroup: (pid: number) => void
}

/** The context in which a command runs. */
export interface Context extends CommandContext, Surroundings {
  setExitCode(code: number): void
  /** The command line, without the name of the program. */
  readonly words: readonly string[]
  /** Values that were read and must not be shown. */
  readonly secrets: Secrets
}

export interface OutputStream {
  write(text: string): void
  readonly isTerminal: boolean
  /** The current size, if the stream is a terminal. */
  readonly size?: () => TerminalSize
}

const connected = new WeakSet<Context>()

/** Notes that the command has connected to a host or an API. */
export function noteConnection(context: Context): void {
  connected.add(context)
}

export function hasConnected(context: Context): boolean {
  return connected.has(context)
}
