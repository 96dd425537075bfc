/** Runs a command line with a shell. */
import type { Module } from '../module.ts'
import {
  isImperative,
  planPromised,
  probePromised,
  type ProgramSeen,
  reportProgram,
} from '../support/program.ts'
import { args, type Args, result } from './args.ts'

export const shell = {
  name: 'shell',
  summary: 'Runs a command line with a shell.',
  mayChange: ({ reads }) => (reads === true ? [] : ['*']),
  args,
  result,
  freeForm: 'cmd',
  mayBeSecret: ['stdin'],
  imperative: isImperative,
  runs: 'what the author of a playbook promised',
  probe: (given, host) => probePromised(argvOf(given), given, host),
  plan: (given, seen) => planPromised(argvOf(given), given, seen),
  report: (given, seen, replies) => reportProgram(argvOf(given), seen, replies),
} satisfies Module<Args, ProgramSeen>

function argvOf({ cmd, executable }: Args): readonly string[] {
  return [executable, '-c', cmd]
}
