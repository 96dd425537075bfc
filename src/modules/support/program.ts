/** Runs a program named in a task; shared by `command`, `shell` and `script`. */
import { chomp } from '../../base/chomp.ts'
import { defined } from '../../base/defined.ts'
import { Unknown } from '../../base/unknown.ts'
import type { Effect, Run } from '../../host/action.ts'
import { endOfOutput } from '../../host/diagnose.ts'
import type { Answer, Host, ProgramHost } from '../../host/host.ts'
import { failedProgram } from '../../host/label.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Reply } from '../module.ts'

interface OnceArgs {
  readonly creates?: string | undefined
  readonly removes?: string | undefined
}

interface ChangingArgs extends OnceArgs {
  readonly chdir?: string | undefined
  readonly stdin?: string | undefined
  readonly timeout: number
}

export interface ProgramArgs extends ChangingArgs {
  readonly reads: boolean
}

export interface ProgramSeen {
  readonly created: boolean
  readonly removed: boolean
  /** The answer of a program that only reads. */
  readonly answer: Answer | undefined
}

/** The effects are known only to the author; only `creates` and `removes` show whether it has run. */
export function isImperative({ reads, creates, removes }: ProgramArgs): boolean {
  return !reads && creates === undefined && removes === undefined
}

/** Whether a program that changes the host has run, as far as `creates` and `removes` show. */
export async function probeProgram({ creates, removes }: OnceArgs, host: Host): Promise<ProgramSeen> {
  const [made, kept] = await Promise.all([
    creates === undefined ? undefined : host.stat(creates, { follow: true }),
    removes === undefined ? undefined : host.stat(removes),
  ])
  return {
    created: made !== undefined,
    removed: removes !== undefined && kept === undefined,
    answer: undefined,
  }
}

/** The same; also runs a program whose author promises that it only reads. */
export async function probePromised(
  argv: readonly string[],
  given: ProgramArgs,
  host: ProgramHost,
): Promise<ProgramSeen> {
  const { reads, chdir, stdin, timeout } = given
  const seen = await probeProgram(given, host)
  if (!reads || seen.created || seen.removed || argv.length === 0) return seen
  const answer = await host.promised(argv, {
    timeout: timeout * 1000,
    ...defined({ directory: chdir, stdin }),
  })
  return { ...seen, answer }
}

/** Plans a program of `command` or `shell`. */
export function planPromised(argv: readonly string[], given: ProgramArgs, seen: ProgramSeen): Plan {
  if (!given.reads || seen.created || seen.removed) return planProgram(argv, given, seen)
  return seen.answer === undefined ? done() : read(argv, seen.answer)
}

/** How people know the program, if not by its command line. */
export interface ProgramNames {
  readonly name: string
  readonly label: string
}

/** Plans a program that may change everything. */
export function planProgram(
  argv: readonly string[],
  given: ChangingArgs,
  seen: ProgramSeen,
  names?: ProgramNames,
): Plan {
  const { creates, removes, chdir, stdin, timeout } = given
  if (seen.created || seen.removed) return done()
  const run: Run = {
    kind: 'run',
    argv,
    timeout,
    ...defined({ directory: chdir, stdin, label: names?.label }),
    effects: effectsOf(names?.name ?? argv[0] ?? '', { creates, removes }),
  }
  return actions([run])
}

/** A dry run does not know its changes, only that `creates` or `removes` is then fulfilled. */
function effectsOf(name: string, { creates, removes }: OnceArgs): readonly Effect[] {
  const why = `an earlier task runs ${name}, and its changes are known only in the run`
  return [
    { kind: 'unknown', resources: ['*'], why },
    ...(creates === undefined
      ? []
      : [
          {
            kind: 'file',
            name: creates,
            becomes: new Unknown(`${name} creates it`),
          } as const,
        ]),
    ...(removes === undefined ? [] : [{ kind: 'file', name: removes, becomes: { kind: 'absent' } } as const]),
  ]
}

function read(argv: readonly string[], answer: Answer): Plan {
  if (answer.code === 0) return done()
  const said = endOfOutput(answer, argv[0])
  return refuse({
    code: 'program-failed',
    message: `${failedProgram(argv, answer.code)}${said === '' ? '' : `: ${said}`}`,
    hint: 'run it by hand on the host to see all of its output',
  })
}

export function reportProgram(
  argv: readonly string[],
  seen: ProgramSeen,
  replies: readonly Reply[],
): Readonly<Record<string, unknown>> {
  const { code, stdout, stderr } = seen.answer ?? replies[0] ?? { code: 0, stdout: '', stderr: '' }
  const [out, err] = [chomp(stdout), chomp(stderr)]
  return {
    cmd: argv,
    rc: code,
    stdout: out,
    stderr: err,
    stdout_lines: lines(out),
    stderr_lines: lines(err),
  }
}

export function lines(text: string): readonly string[] {
  return text === '' ? [] : text.split(/\r?\n/)
}
