/** One command line from words to exit code, with everything of the process handed in. */
import { ExitCode as StricliExitCode, run } from '@stricli/core'
import { type ExitCode, exitCodes } from '../base/errors.ts'
import type { Effects } from '../engine/effects.ts'
import { createApplication } from './application.ts'
import type { Context, OutputStream, World } from './context.ts'

export async function execute(words: readonly string[], world: World): Promise<number> {
  let wanted: number | undefined
  const { output, errors, effects } = world
  // stricli sets `exitCode` of what it is given as its process; the command's own word counts more.
  const stricli: { exitCode?: number | string | null } & Context['process'] = {
    stdout: stricliStream(output, effects.environment),
    stderr: stricliStream(errors, effects.environment),
  }
  const context: Context = {
    ...world,
    process: stricli,
    setExitCode: (code) => {
      wanted = code
    },
  }
  await run(createApplication(world.version), words, context)
  return wanted ?? toExitCode(stricli.exitCode)
}

/** stricli's own codes are negative: what the person typed wrong is invalid input, the rest is our fault. */
function toExitCode(code: number | string | null | undefined): ExitCode {
  if (code === StricliExitCode.UnknownCommand || code === StricliExitCode.InvalidArgument)
    return exitCodes.invalidInput
  return code === 0 || code === undefined || code === null ? exitCodes.success : exitCodes.internal
}

type StricliStream = Context['process']['stdout']

/** stricli asks for bits of colour, as Node tells them: 1 is none, 4 is enough. */
function stricliStream(stream: OutputStream, environment: Effects['environment']): StricliStream {
  const colors = stream.isTerminal && (environment['NO_COLOR'] ?? '') === ''
  return { write: (text) => stream.write(text), getColorDepth: () => (colors ? 4 : 1) }
}
