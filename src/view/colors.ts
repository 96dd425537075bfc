/** Decides about color. Only this file imports chalk, which ignores NO_COLOR. */
import { Chalk, type ChalkInstance } from 'chalk'

export interface ColorChoice {
  /** `--color`, when given. */
  readonly wanted: 'always' | 'never' | 'auto'
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly isTerminal: boolean
}

export type Colors = ChalkInstance

/** `--color`, then NO_COLOR (not empty), then FORCE_COLOR, then whether the stream is a terminal. */
export function createColors({ wanted, environment, isTerminal }: ColorChoice): Colors {
  return new Chalk({ level: hasColor({ wanted, environment, isTerminal }) ? 1 : 0 })
}

function hasColor({ wanted, environment, isTerminal }: ColorChoice): boolean {
  if (wanted !== 'auto') return wanted === 'always'
  if ((environment['NO_COLOR'] ?? '') !== '') return false
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTerminal && environment['TERM'] !== 'dumb'
}
