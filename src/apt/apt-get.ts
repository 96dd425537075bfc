/** The one place that builds the command lines of apt-get and dpkg that change a host. */
import { defined } from '../base/defined.ts'
import { raw, sh, type ShellText } from '../base/shell.ts'
import type { Effect, Run } from '../host/action.ts'
import { sha256Of } from '../host/content.ts'

/** How a module wants every program of its task to run. */
export interface AptSettings {
  /** Seconds to wait for another package manager. */
  readonly lockTimeout: number
  /** URL for all downloads; empty: none. */
  readonly proxy: string
}

/** One program: what its user sees and what a dry run predicts. */
export interface AptCommand {
  readonly label: string
  readonly hint?: string
  /** Seconds; default 600. */
  readonly timeout?: number
  readonly effects: readonly Effect[]
  /** Survives a lost connection. The parts identify the work: see `Run.detached`. */
  readonly detached?: readonly string[]
  /** A program and its words that runs the command line which follows them. */
  readonly through?: readonly string[]
}

const environment: Readonly<Record<string, string>> = {
  DEBIAN_FRONTEND: 'noninteractive',
  // Its messages are parsed.
  LC_ALL: 'C',
  // needrestart would restart services without a request.
  NEEDRESTART_SUSPEND: '1',
}

/** Keeps configuration files that the administrator has changed. */
const keptFiles = ['--force-confdef', '--force-confold'] as const

/** apt-get with words such as `install jq`: waits for the lock and never asks. */
export function aptGet(words: readonly string[], settings: AptSettings, command: AptCommand): Run {
  return managed(
    [
      'apt-get',
      '-y',
      ...acquiring(settings),
      ...keptFiles.flatMap((option) => ['-o', `Dpkg::Options::=${option}`]),
      ...words,
    ],
    settings,
    command,
  )
}

/**
 * The shell function `gp_patiently COMMAND...`: repeats a command while another package manager has one of the locks. For
 * dpkg's own lock, apt-get has `DPkg::Lock::Timeout`; dpkg has no such option, nor has apt-get for the lock of its lists
 * (apt-pkg/acquire.cc).
 */
function patience(seconds: number): ShellText {
  return sh`gp_patiently() {
  gp_until=$(($(date +%s) + ${String(seconds)}))
  while :; do
    gp_said=$("$@" 2>&1) && { printf '%s\\n' "$gp_said"; return 0; }
    gp_status=$?
    case $gp_said in *'locked by another process'*|*'Could not get lock'*) ;; *) break;; esac
    [ "$(date +%s)" -lt "$gp_until" ] || break
    sleep 2
  done
  printf '%s\\n' "$gp_said" >&2
  return "$gp_status"
}`
}

/**
 * A script around `apt-get update`, which waits for its locks.
 * @param script Shell text; "$@" are the words after `apt-get`. It calls `gp_patiently apt-get "$@"`.
 */
export function aptGetUpdate(script: ShellText, settings: AptSettings, command: AptCommand): Run {
  const update = [...acquiring(settings), '-o', 'APT::Update::Error-Mode=any', 'update']
  const whole = sh`${raw(patience(settings.lockTimeout))}\n${raw(script)}`
  return managed(['sh', '-c', whole, 'sh', ...update], settings, command)
}

/** dpkg itself, which waits for its lock. `files`: whether an edited configuration file is kept, or replaced and restored if removed. */
export function dpkg(
  words: readonly string[],
  settings: AptSettings,
  { files, ...command }: AptCommand & { readonly files: 'kept' | 'replaced' },
): Run {
  const options = files === 'kept' ? keptFiles : (['--force-confnew', '--force-confmiss'] as const)
  const script = sh`${raw(patience(settings.lockTimeout))}\ngp_patiently "$@"`
  return managed(['sh', '-c', script, 'sh', 'dpkg', ...options, ...words], settings, command)
}

function managed(argv: readonly string[], { lockTimeout }: AptSettings, command: AptCommand): Run {
  const { label, hint, timeout = 600, effects, detached, through = [] } = command
  return {
    kind: 'run',
    argv: [...through, ...argv],
    environment,
    timeout,
    lock: { kind: 'dpkg', timeout: lockTimeout },
    label,
    effects,
    ...defined({
      hint,
      detached: detached && {
        name: 'apt',
        fingerprint: sha256Of([...argv, ...detached].join('\0')).slice(0, 32),
      },
    }),
  }
}

function acquiring({ lockTimeout, proxy }: AptSettings): readonly string[] {
  return [
    '-o',
    `DPkg::Lock::Timeout=${lockTimeout}`,
    // A server that is overloaded, or a proxy that is still starting.
    '-o',
    'Acquire::Retries=3',
    ...(proxy === '' ? [] : ['-o', `Acquire::http::Proxy=${proxy}`, '-o', `Acquire::https::Proxy=${proxy}`]),
  ]
}
