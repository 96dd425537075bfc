/** Runs a program named in a task; shared by `command` and `shell`. */
import { defined } from '../../base/defined.ts'
import { Unknown } from '../../base/unknown.ts'
import type { Effect, Run } from '../../host/action.ts'
import { endOfOutput } from '../../host/diagnose.ts'
import type { Answer, ProgramHost } from '../../host/host.ts'
import { failedProgram } from '../../host/label.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Reply } from '../module.ts'

export interface ProgramArgs {
  readonly creates?: string | undefined
  readonly removes?: string | undefined
  readonly chdir?: string | undefined
  readonly stdin?: string | undefined
  readonly reads: boolean
  readonly timeout: number
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

export async function probeProgram(
  argv: readonly string[],
  given: ProgramArgs,
  host: ProgramHost,
): Promise<ProgramSeen> {
  const { creates, removes, reads, chdir, stdin, timeout } = given
  const [made, kept] = await Promise.all([
    creates === undefined ? undefined : host.stat(creates, { follow: true }),
    removes === undefined ? undefined : host.stat(removes),
  ])
  const created = made !== undefined
  const removed = removes !== undefined && kept === undefined
  if (!reads || created || removed || argv.length === 0) return { created, removed, answer: undefined }
  const answer = await host.promised(argv, {
    timeout: timeout * 1000,
    ...defined({ directory: chdir, stdin }),
  })
  return { created, removed, answer }
}

export function planProgram(argv: readonly string[], given: ProgramArgs, seen: ProgramSeen): Plan {
  const { creates, removes, reads, chdir, stdin, timeout } = given
  if (seen.created || seen.removed) return done()
  if (reads) return seen.answer === undefined ? done() : read(argv, seen.answer)
  const run: Run = {
    kind: 'run',
    argv,
    timeout,
    ...defined({ directory: chdir, stdin }),
    effects: effectsOf(argv, { creates, removes }),
  }
  return actions([run])
}

/** A dry run does not know its changes, only that `creates` or `removes` is then fulfilled. */
function effectsOf(
  argv: readonly string[],
  { creates, removes }: Pick<ProgramArgs, 'creates' | 'removes'>,
): readonly Effect[] {
  const name = argv[0] ?? ''
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

export function chomp(text: string): string {
  return text.replace(/[\r\n]+$/, '')
}

export function lines(text: string): readonly string[] {
  return text === '' ? [] : text.split(/\r?\n/)
}
