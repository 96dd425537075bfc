/** Output of commands: views of runs, and problems. */
import { defined } from '../base/defined.ts'
import { exitCodes, type Problem } from '../base/errors.ts'
import type { World } from '../base/world.ts'
import { createEmitter } from '../events/emitter.ts'
import { runName } from '../events/run-name.ts'
import { createColors } from '../view/colors.ts'
import { createJsonlView } from '../view/jsonl.ts'
import { createPlainView } from '../view/plain.ts'
import { printableData, problemText } from '../view/text.ts'
import type { TerminalSize } from '../view/screen.ts'
import type { View } from '../view/view.ts'
import type { Configuration } from './configuration-keys.ts'
import { type Context, hasConnected, type OutputStream } from './context.ts'

const usualSize = (): TerminalSize => ({ columns: 80, rows: 24 })

export interface ViewChoice extends Pick<Configuration, 'color'> {
  readonly output: Configuration['output'] | 'junit'
  readonly verbosity: number
  readonly diff: boolean
  /** Milliseconds of the events, if they are not of now. */
  readonly clock?: () => number
}

/** The part of the context that a view needs. */
interface Surroundings {
  readonly output: OutputStream
  readonly world: Pick<World, 'environment'>
}

export async function createView(
  context: Surroundings,
  { output, color, verbosity, diff, clock }: ViewChoice,
): Promise<View> {
  const stream = context.output
  const write = (text: string): void => stream.write(text)
  if (output === 'jsonl') return createJsonlView(write)
  if (output === 'junit') return plainEvents((await import('../view/junit.ts')).createJunitView(write))
  const options = {
    write,
    colors: colorsFor(context, stream, color),
    verbosity,
    diff,
    ...defined({ width: terminalWidth(stream) }),
  }
  // A dumb terminal cannot move its cursor.
  const redraws = stream.isTerminal && context.world.environment['TERM'] !== 'dumb'
  if (output !== 'auto' || verbosity < 0 || !redraws) return plainEvents(createPlainView(options))
  const { createTerminalView } = await import('../view/terminal.ts')
  return plainEvents(
    createTerminalView({ ...options, size: stream.size ?? usualSize, ...defined({ clock }) }),
  )
}

/** Undefined if the stream is not a terminal, or does not know its size. */
export function terminalWidth({ isTerminal, size }: OutputStream): (() => number) | undefined {
  return isTerminal && size !== undefined ? () => size().columns || Infinity : undefined
}

/** Removes control characters from events, so that a terminal does not interpret them. */
export function plainEvents(view: View): View {
  return { take: (event) => view.take(printableData(event)), close: () => view.close() }
}

/**
 * Reports problems to programs: emits an event for each problem, then the end of a run that did not start.
 */
export function emitProblems(
  { world, secrets }: Context,
  problems: readonly Problem[],
  { views, check }: { readonly views: readonly View[]; readonly check: boolean },
): void {
  const emitter = createEmitter({
    run: runName(world),
    now: world.now,
    sinks: views.map((view) => (event) => view.take(event)),
    secrets,
  })
  for (const problem of problems) emitter.emit({ type: 'problem', problem })
  emitter.emit({
    type: 'run.finished',
    hosts: {},
    exitCode: exitCodes.invalidInput,
    check,
    milliseconds: 0,
    rows: [],
    failures: [],
    pendingHandlers: 0,
  })
}

/**
 * Prints every problem with its place, then their number. Uses the error stream, which carries nothing else.
 */
export function reportProblems(
  context: Context,
  problems: readonly Problem[],
  { color }: Pick<Configuration, 'color'>,
): void {
  const colors = colorsFor(context, context.errors, color)
  const { workingDirectory } = context.world
  for (const problem of context.secrets.redact(problems))
    context.errors.write(`${problemText(problem, colors, workingDirectory)}\n\n`)
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const contacted = hasConnected(context) ? '' : 'no host was contacted, '
  context.errors.write(`${count}; ${contacted}nothing was changed\n`)
}

/** Prints warnings about valid but unusual content, for commands without a run. Uses the error stream. */
export function reportWarnings(context: Context, warnings: readonly Problem[]): void {
  const colors = colorsFor(context, context.errors, 'auto')
  const { workingDirectory } = context.world
  for (const problem of context.secrets.redact(warnings))
    context.errors.write(`${problemText(problem, colors, workingDirectory, colors.yellow('warning'))}\n\n`)
}

/**
 * Prints the problem of a host, for commands other than `run`. Uses the error stream, because answers go to
 * the other.
 */
export function reportHost(context: Context, host: string, problem: Problem): void {
  const text = problemText(problem, colorsFor(context, context.errors, 'auto'))
  context.errors.write(`${text.replaceAll(/^/gm, `${host} | `)}\n`)
}

export function colorsFor(
  context: Pick<Surroundings, 'world'>,
  stream: OutputStream,
  wanted: Configuration['color'],
): ReturnType<typeof createColors> {
  return createColors({ wanted, environment: context.world.environment, isTerminal: stream.isTerminal })
}
