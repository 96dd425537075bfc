import { exitCodes, InputError } from '../../base/errors.ts'
import type { PlayFlow } from '../../events/play-flow.ts'
import { readFlow } from '../../engine/read-flow.ts'
import { facts } from '../../host/facts.ts'
import { diskFiles } from '../../language/read-files.ts'
import { modules } from '../../modules/catalogue.ts'
import { graphText } from '../../view/graph/graph-text.ts'
import type { Context } from '../context.ts'
import { rolesPaths } from '../run-inputs.ts'
import { playbooksOf, shippedNames } from '../shipped.ts'
import { reportProblems } from '../show.ts'

export interface GraphFlags {
  readonly format: 'mermaid' | 'svg'
}

/** `gpuplay graph PLAYBOOK...`: the flow as text in Mermaid's language, or drawn. */
export async function graphCommand(this: Context, { format }: GraphFlags, ...names: string[]): Promise<void> {
  try {
    const plays = readFlow(
      {
        playbooks: playbooksOf(this, names),
        rolesPaths: rolesPaths(this),
        otherPlaybooks: shippedNames(this.shipped),
      },
      { files: diskFiles, modules, facts },
    )
    this.output.write(await graphIn(format, plays))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

/** The layout is loaded only for drawings. */
async function graphIn(format: GraphFlags['format'], plays: readonly PlayFlow[]): Promise<string> {
  switch (format) {
    case 'mermaid':
      return `${graphText(plays)}\n`
    case 'svg':
      return (await import('../../view/graph/graph-svg.ts')).graphSvg(plays)
  }
}
