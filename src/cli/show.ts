/** How commands speak to the person: views of runs, problems. */
import type { Problem } from '../base/errors.ts'
import { createColors } from '../view/colors.ts'
import { createJsonlView } from '../view/jsonl.ts'
import { createPlainView } from '../view/plain.ts'
import { problemText } from '../view/text.ts'
import type { View } from '../view/view.ts'
import type { Context, OutputStream } from './context.ts'
import type { OutputFlags } from './flags.ts'

export interface ViewChoice extends Pick<OutputFlags, 'output' | 'color'> {
  readonly verbosity: number
  readonly diff: boolean
}

export async function createView(
  context: Context,
  { output, color, verbosity, diff }: ViewChoice,
): Promise<View> {
  const stream = context.output
  const write = (text: string): void => stream.write(text)
  if (output === 'jsonl') return createJsonlView(write)
  const options = {
    write,
    colors: colorsFor(context, stream, color),
    verbosity,
    diff,
  }
  if (output !== 'auto' || !stream.isTerminal) return createPlainView(options)
  const { createTerminalView } = await import('../view/terminal.ts')
  return createTerminalView(options)
}

/** Every problem with its place, then how many there are. On the error stream: nothing else is there. */
export function reportProblems(
  context: Context,
  problems: readonly Problem[],
  { color }: Pick<OutputFlags, 'color'>,
): void {
  const colors = colorsFor(context, context.errors, color)
  const { workingDirectory } = context.world
  for (const problem of problems)
    context.errors.write(`${problemText(problem, colors, workingDirectory)}\n\n`)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  context.errors.write(`${count}; nothing was connected to, nothing was changed\n`)
}

function colorsFor(
  context: Context,
  stream: OutputStream,
  wanted: OutputFlags['color'],
): ReturnType<typeof createColors> {
  return createColors({ wanted, environment: context.world.environment, isTerminal: stream.isTerminal })
}
