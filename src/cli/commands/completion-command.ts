import { exitCodes } from '../../base/errors.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { completionScripts } from '../completion-scripts.ts'
import type { Context } from '../context.ts'
import { reportProblems } from '../show.ts'

/** `gpuplay completion SHELL`: prints the script that completes command lines in this shell. */
export function completionCommand(this: Context, _flags: object, shell: string): void {
  const script = Object.entries(completionScripts).find(([name]) => name === shell)?.[1]
  if (script !== undefined) {
    this.output.write(script)
    return
  }
  const names = Object.keys(completionScripts)
  const hint = didYouMean(shell, names, `the shells are ${names.join(', ')}`)
  const unknown = problem('unknown-shell', `there is no completion for ${JSON.stringify(shell)}`, { hint })
  reportProblems(this, [unknown], { color: 'auto' })
  this.setExitCode(exitCodes.invalidInput)
}
