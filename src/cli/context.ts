import type { CommandContext } from '@stricli/core'
import type { Secrets } from '../base/secrets.ts'
import type { World } from '../base/world.ts'

/** What `main` hands in: the streams, the world, and a signal that says stop. */
export interface Surroundings {
  readonly world: World
  readonly version: string
  /** The folder with the roles and playbooks that come with gpuplay. */
  readonly shipped: string
  readonly output: OutputStream
  readonly errors: OutputStream
  /** Aborted at the first SIGINT or SIGTERM: no new actions. */
  readonly signal: AbortSignal
  /** Aborted at the second one: end at once. */
  readonly quit: AbortSignal
  /** Asks the person for a secret on the terminal, without showing it; undefined when there is no terminal. */
  readonly askSecret: (question: string) => Promise<string | undefined>
  /** Asks a question with yes or no; absent when there is no terminal. */
  readonly confirm?: (question: string) => Promise<boolean>
  /** Ends a process group of this machine. Never throws. */
  readonly killGroup: (pid: number) => void
}

/** What a command gets. */
export interface Context extends CommandContext, Surroundings {
  setExitCode(code: number): void
  /** What has been read and must not be shown. */
  readonly secrets: Secrets
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface OutputStream {
  write(text: string): void
  readonly isTerminal: boolean
  /** Of a terminal, now. */
  readonly size?: () => TerminalSize
}
