import { exitCodes, InputError } from '../../base/errors.ts'
import { readFlow } from '../../engine/read-flow.ts'
import { facts } from '../../host/facts.ts'
import { diskFiles } from '../../language/read-files.ts'
import { modules } from '../../modules/catalogue.ts'
import { graphText } from '../../view/graph-text.ts'
import type { Context } from '../context.ts'
import { rolesPaths } from '../run-inputs.ts'
import { playbooksOf, shippedNames } from '../shipped.ts'
import { reportProblems } from '../show.ts'

/** `gpuplay graph PLAYBOOK...`: the flow as text in Mermaid's language. */
export function graphCommand(this: Context, _flags: object, ...names: string[]): void {
  try {
    const plays = readFlow(
      {
        playbooks: playbooksOf(this, names),
        rolesPaths: rolesPaths(this),
        otherPlaybooks: shippedNames(this.shipped),
      },
      { files: diskFiles, modules, facts },
    )
    this.output.write(`${graphText(plays)}\n`)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}
