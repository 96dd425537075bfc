/** Runs a script of the controller on the host. */
import type { Host } from '../../host/host.ts'
import { quote } from '../../base/shell.ts'
import { nameOf } from '../../base/posix-paths.ts'
import { type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { planProgram, probeProgram, type ProgramSeen, reportProgram } from '../support/program.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly program: ProgramSeen
  /** Undefined if the controller has no such file. */
  readonly text: string | undefined
}

/** Bytes. The script travels with its task. */
const largest = 1024 * 1024

export const script = {
  name: 'script',
  summary: 'Runs a script of the machine that gpuplay runs on, on the host.',
  mayChange: () => ['*'],
  args,
  result,
  freeForm: 'src',
  files: { src: 'files' },
  imperative: ({ creates, removes }) => creates === undefined && removes === undefined,
  probe,
  plan,
  report: (given, { program }, replies) => reportProgram(argvOf(given), program, replies),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { controller } = host
  const [program, file] = await Promise.all([probeProgram(given, host), controller.file(given.src)])
  const text = file === undefined || file.size > largest ? undefined : await controller.text(given.src)
  return { program, text: file === undefined ? undefined : (text ?? '\0') }
}

function plan(given: Args, { program, text }: Seen): Plan {
  const { src, executable, args: words } = given
  if (text === undefined)
    return refuse({
      code: 'file-not-found',
      message: `there is no file ${src} on the machine that gpuplay runs on`,
      hint: "put it into the role's files/ or next to the playbook, and write its arguments as `args`",
    })
  if (/[\0\u{fffd}]/u.test(text))
    return refuse({
      code: 'wrong-kind-of-file',
      message: `${src} is not a text in UTF-8 of at most 1 MiB`,
      hint: 'bring a program to the host with `copy`, and run it with `command`',
    })
  const runs = executable === undefined ? interpreterOf(text) : [executable]
  return planProgram(
    ['/bin/sh', '-c', wrapper(runs), nameOf(src), ...words],
    { ...given, stdin: text },
    program,
    {
      name: nameOf(src),
      label: `run the script ${[nameOf(src), ...words].join(' ')}`,
    },
  )
}

/** The words of its first line (execve(2): everything behind the program is one argument). */
export function interpreterOf(text: string): readonly string[] {
  const [, program = '/bin/sh', argument] =
    /^#![ \t]*(\/\S+)(?:[ \t]+(.*?))?[ \t\r]*(?:\n|$)/.exec(text) ?? []
  return argument === undefined || argument === '' ? [program] : [program, argument]
}

/**
 * The interpreter opens a file, since not each of them reads a script from its standard input. It need not be
 * executable, so the directory for temporary files may be mounted with `noexec`.
 */
function wrapper(interpreter: readonly string[]): string {
  return `file=$(mktemp) || exit
trap 'rm -f -- "$file"' EXIT
trap 'exit 143' HUP INT TERM
cat >"$file" || exit
${interpreter.map(quote).join(' ')} "$file" "$@" </dev/null`
}

function argvOf({ src, args: words }: Args): readonly string[] {
  return [src, ...words]
}
