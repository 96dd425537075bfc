/**
 * Runs one command line and returns its exit code. The caller passes in everything that belongs to the
 * process.
 */
import { ExitCode as StricliExitCode, proposeCompletions, run } from '@stricli/core'
import { type ExitCode, exitCodes } from '../base/errors.ts'
import { createSecrets } from '../base/secrets.ts'
import type { World } from '../base/world.ts'
import { createApplication } from './application.ts'
import type { Context, OutputStream, Surroundings } from './context.ts'

export async function execute(words: readonly string[], surroundings: Surroundings): Promise<number> {
  let wanted: number | undefined
  const { output, errors, world } = surroundings
  // stricli sets `exitCode` of the object that it takes for the process. An exit code that the command set
  // takes precedence.
  const stricli: { exitCode?: number | string | null } & Context['process'] = {
    stdout: stricliStream(output, world.environment),
    stderr: stricliStream(errors, world.environment),
  }
  const context: Context = {
    ...surroundings,
    words,
    process: stricli,
    secrets: createSecrets(),
    setExitCode: (code) => {
      wanted = code
    },
  }
  if (words[0] === '__complete') {
    await complete({ ...context, words: words.slice(1) })
    return exitCodes.success
  }
  const understood = withoutHelpCommand(words)
  await run(createApplication(understood, surroundings), understood, context)
  return wanted ?? toExitCode(stricli.exitCode)
}

/** Prints a completion of the last word and its description per line. Options only after a dash. */
async function complete(context: Context): Promise<void> {
  const { words, output } = context
  const found = await proposeCompletions(createApplication(words, context), words, context)
  const options = words.at(-1)?.startsWith('-') === true
  for (const { kind, completion, brief } of found)
    if (options || kind !== 'argument:flag') output.write(`${completion}\t${brief}\n`)
}

/** Accepts `gpuplay help` and `gpuplay help COMMAND`, as other tools do. */
function withoutHelpCommand(words: readonly string[]): readonly string[] {
  const [first, command] = words
  if (first !== 'help') return words
  return command === undefined ? ['--help'] : [command, '--help']
}

/**
 * stricli's own codes are negative. A mistake on the command line is invalid input; every other code is a
 * bug.
 */
function toExitCode(code: number | string | null | undefined): ExitCode {
  if (code === StricliExitCode.UnknownCommand || code === StricliExitCode.InvalidArgument)
    return exitCodes.invalidInput
  return code === 0 || code === undefined || code === null ? exitCodes.success : exitCodes.internal
}

type StricliStream = Context['process']['stdout']

/**
 * stricli asks for the color depth in bits, as Node defines it: 1 means no colors, and 4 is enough for
 * colors.
 */
function stricliStream(stream: OutputStream, environment: World['environment']): StricliStream {
  const colors = stream.isTerminal && (environment['NO_COLOR'] ?? '') === ''
  return { write: (text) => stream.write(text), getColorDepth: () => (colors ? 4 : 1) }
}
