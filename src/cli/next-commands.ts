/** Commands that the end of a run may recommend. */
import { commandLine } from '../base/shell.ts'
import { defined } from '../base/defined.ts'
import type { NextCommands } from '../events/events.ts'
import { shownCommand } from './shown-command.ts'

interface RecordedOptions {
  readonly inventory?: readonly string[] | undefined
  /** Number of logs to keep; without one, no command finds this run again. */
  readonly keepRuns: number
}

/** @param words The command line, without the name of the program. Values of variables are left out. */
export function nextCommands(
  words: readonly string[],
  { inventory = [], keepRuns }: RecordedOptions,
): NextCommands {
  const recorded = keepRuns > 0
  const repeats = words[0] === 'run' && recorded
  const rerun = words.includes('--rerun-failed') ? words : [...words, '--rerun-failed']
  const real = words.flatMap((word) => withoutCheck(word))
  const isDry = words[0] === 'run' && real.join(' ') !== words.join(' ')
  const named = inventory.flatMap((path) => ['-i', path])
  return defined({
    rerun: repeats ? shownCommand(rerun) : undefined,
    real: isDry ? shownCommand(real) : undefined,
    runs: recorded ? `gpuplay ${commandLine(['runs', ...named])}` : undefined,
  })
}

/** `-CD` is `-C` and `-D`. */
function withoutCheck(word: string): readonly string[] {
  if (word === '--check' || word === '-C') return []
  return [/^-[CDbvq]+$/.test(word) ? word.replaceAll('C', '') : word]
}
