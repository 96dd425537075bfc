/** Runs a program without a shell. */
import { type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import {
  isImperative,
  planPromised,
  probePromised,
  type ProgramSeen,
  reportProgram,
} from '../support/program.ts'
import { words } from '../support/words.ts'
import { args, type Args, programResult } from './args.ts'

export const command = {
  name: 'command',
  summary: 'Runs a program, without a shell.',
  mayChange: ({ reads }) => (reads === true ? [] : ['*']),
  args,
  result: programResult,
  freeForm: 'cmd',
  mayBeSecret: ['stdin'],
  imperative: isImperative,
  runs: 'what the author of a playbook promised',
  probe: (given, host) => probePromised(argvOf(given) ?? [], given, host),
  plan,
  report: (given, seen, replies) => reportProgram(argvOf(given) ?? [], seen, replies),
} satisfies Module<Args, ProgramSeen>

function plan(given: Args, seen: ProgramSeen): Plan {
  const argv = argvOf(given)
  if (argv === undefined)
    return refuse({ code: 'invalid-argument', message: `unclosed quote in: ${given.cmd ?? ''}` })
  if (argv.length === 0) return refuse({ code: 'invalid-argument', message: 'no program is given' })
  return planPromised(argv, given, seen)
}

/** Undefined if a quote is not closed. */
function argvOf({ cmd, argv }: Args): readonly string[] | undefined {
  return argv ?? words(cmd ?? '')
}
