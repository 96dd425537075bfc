import type { Secret } from '../../base/secret.ts'
import { commandLine, invalidValue, quote, raw, sh, type ShellText } from '../../base/shell.ts'
import { revealed } from '../content.ts'
import type { Carried } from '../question.ts'
import type { Answer } from '../status.ts'
import { found, type QueryKind, readFailed } from './query.ts'

export interface AskRequest {
  readonly argv: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: string
  readonly stdin?: string
  readonly directory?: string
  /** Milliseconds. */
  readonly timeout: number
  /**
   * Whether the program only reads by its author's promise. Such a program may leave processes running, so
   * its output is relayed. Default true.
   */
  readonly promised?: boolean
  /** Prevents the program from changing the host (`question.ts`). */
  readonly guard?: 'nvidia'
  /** The program itself (`question.ts`). */
  readonly carried?: Carried
}

/**
 * Runs one program that only reads. Any exit status of its own is an answer; 127 with nothing on stdout means
 * "not found".
 */
export const ask: QueryKind<AskRequest, Answer> = {
  kind: 'ask',
  mergeLimit: 1,
  answerBytes: 1024 * 1024,
  mayLeave: ({ promised }) => promised !== false,
  timeout: ([request]) => (request?.timeout ?? 0) + 3_000,
  script: ([request]) => (request === undefined ? sh`exit 127` : askScript(request)),
  parse: ({ stdout, stderr, code }, [request]) => {
    const seconds = Math.ceil((request?.timeout ?? 0) / 1000)
    if (code === 124) return [readFailed(`${request?.argv[0] ?? ''} did not answer within ${seconds} s`)]
    return [found({ code, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') })]
  },
}

function askScript(request: AskRequest): ShellText {
  const { argv, user, stdin, directory, timeout, guard, carried } = request
  const exports = environmentScript(request.environment ?? {})
  const enter = directory === undefined ? '' : sh`cd ${directory} || exit 126`
  const become = user === undefined ? '' : asUser(user)
  const limit = `timeout -k 2 ${(timeout / 1000).toFixed(1)}`
  const feed = stdin === undefined ? 'exec' : `printf %s ${quote(stdin)} |`
  const program = carried === undefined ? commandLine(argv) : commandLine([carriedProgram, ...argv.slice(1)])
  const guarded = guard === undefined ? '' : withoutDriverPowers
  return [
    enter,
    exports,
    carried === undefined && guarded && presenceCheck(argv[0] ?? ''),
    guarded && driverCheck,
    carried !== undefined && unpack(carried),
    `${feed} ${limit} ${become} ${guarded} ${program}`,
  ]
    .filter((line) => line !== '' && line !== false)
    .join('\n') as ShellText
}

/**
 * Assignments and exports in the shell itself: a value is never an argument of a program, where other users
 * could see it.
 * @throws HostError
 */
export function environmentScript(environment: Readonly<Record<string, string | Secret>>): ShellText {
  checkEnvironment(environment)
  return Object.entries(environment)
    .map(([name, value]) => sh`${raw(quote(name))}=${revealed(value)}; export ${raw(quote(name))}`)
    .join('\n') as ShellText
}

/** @throws HostError for an invalid name or value */
export function checkEnvironment(environment: Readonly<Record<string, string | Secret>>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw invalidValue(`${JSON.stringify(name)} is not a valid name for an environment variable`)
    if (revealed(value).includes('\0'))
      throw invalidValue(
        `the environment variable ${name} contains a NUL character, which cannot be passed to a program`,
      )
  }
}

function asUser(user: string): ShellText {
  return sh`setpriv --reuid ${user} --regid "$(id -g -- ${user})" --init-groups --`
}

/**
 * `nvidia-smi` loads the kernel module and creates missing device nodes, as root or through the setuid
 * `nvidia-modprobe`. So it runs only if the module is loaded and the control node exists, and even then
 * without the capabilities for either and without setuid.
 */
export const withoutDriverPowers = 'setpriv --no-new-privs --bounding-set=-mknod,-sys_module --'

function presenceCheck(program: string): ShellText {
  return sh`command -v ${program} >/dev/null || { echo ${`${program}: not found`} >&2; exit 127; }`
}

const driverCheck = sh`[ -e /proc/driver/nvidia/version ] || [ -d /sys/module/nvidia ] || { echo "not run: the NVIDIA kernel module is not loaded, and this program would load it" >&2; exit 9; }
[ -c /dev/nvidiactl ] || { echo "not run: /dev/nvidiactl does not exist, and this program would create it" >&2; exit 9; }`

const carriedProgram = '/proc/self/fd/9'

/**
 * Opens the program as descriptor 9 and removes its file before it runs: nothing stays, and another user can
 * run it without access to the directory. No other user can write to these directories; if one forbids
 * programs (`noexec`), the next is tried. The exit status 126 means that none was left.
 */
function unpack(program: Carried): ShellText {
  const print =
    'script' in program
      ? sh`printf %s ${program.script}`
      : sh`printf %s ${program.gzip} | base64 -d 2>/dev/null | gzip -dc`
  return sh`for place in /run /var/lib "\${HOME:-/root}"; do
  place=$(umask 077 && mktemp -d "$place/.gpuplay.XXXXXX" 2>/dev/null) || continue
  ${raw(print)} > "$place/program" && chmod 0755 "$place/program" && [ -x "$place/program" ] && exec 9< "$place/program"
  ready=$?
  rm -rf "$place"
  [ "$ready" != 0 ] || break
done
[ "\${ready-1}" = 0 ] || { echo "no directory of root allows programs" >&2; exit 126; }`
}
