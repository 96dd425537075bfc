/**
 * The frame of every action: one script takes the lock, checks the lease, compares what the plan rests on, acts, and writes down what belongs to it.
 * How it ended is said on stderr behind a nonce, so that any exit status can be the program's own.
 */
import { randomUUID } from 'node:crypto'
import type { Problem } from '../../base/errors.ts'
import { raw, sh, type ShellText } from '../../base/shell.ts'
import type { Lock } from '../action.ts'
import {
  defaultStateDirectory,
  type ActionReply,
  type ActionResult,
  type ExecutionContext,
  type MachineAccess,
} from '../machine.ts'

export interface GuardedScript {
  readonly body: ShellText
  readonly stdin?: Buffer
  readonly lock?: Lock
  /** Milliseconds, without the wait for the lock. */
  readonly timeout: number
  /** Exit statuses of the body after which `alsoScript` runs. Default [0]. */
  readonly success?: readonly number[]
  /** The body gets the lock as file descriptor 9, to hand it on to what it leaves running. */
  readonly keepLock?: boolean
  /** Do not run `alsoScript`: a later script of the same action will. */
  readonly partial?: boolean
  /** Do not compare what the plan rests on: an earlier script of the same action did. */
  readonly begun?: boolean
}

export type GuardedResult =
  | { readonly kind: 'exited'; readonly reply: ActionReply }
  | { readonly kind: 'timedOut'; readonly reply: ActionReply }
  | Extract<ActionResult, { kind: 'stale' | 'lost' | 'locked' | 'failed' }>

const dpkgLock = '/run/lock/gpuplay-packages'
const outputLimit = 1024 * 1024

export async function runGuarded(
  machine: MachineAccess,
  context: ExecutionContext,
  guarded: GuardedScript,
): Promise<GuardedResult> {
  context.signal.throwIfAborted()
  const nonce = context.nonce?.() ?? randomUUID().replaceAll('-', '')
  const shell = await machine.shell()
  const reply = await shell.run(guardedScript(machine, context, guarded, nonce), {
    timeout: guarded.timeout + (guarded.lock?.timeout ?? 0) * 1000 + 10_000,
    signal: machine.signal,
    limit: outputLimit + 64 * 1024,
    ...(guarded.stdin === undefined ? {} : { stdin: guarded.stdin }),
  })
  if (reply.kind === 'lost') return { kind: 'lost', why: reply.why }
  const { stderr, words } = splitVerdict(reply.stderr, nonce)
  const output = { stdout: reply.stdout.toString('utf8'), stderr }
  if (reply.kind === 'timedOut') return { kind: 'timedOut', reply: { code: 124, ...output } }
  return verdict(words, { ...output, code: reply.code }, { machine, guarded })
}

function verdict(
  [word, ...rest]: readonly string[],
  reply: ActionReply,
  { machine, guarded }: { machine: MachineAccess; guarded: GuardedScript },
): GuardedResult {
  const detail = rest.join(' ')
  switch (word) {
    case 'exit':
      return { kind: 'exited', reply: { ...reply, code: Number(detail) } }
    case 'locked':
      return { kind: 'locked', problem: lockHeld(guarded.lock, detail) }
    case 'stale':
      return { kind: 'stale', what: `${detail} on ${machine.name} was changed by something else meanwhile` }
    case 'lease':
      return {
        kind: 'failed',
        reply,
        problem: {
          code: 'lease-taken',
          message: `another run of gpuplay has taken ${machine.name} over`,
          hint: 'let the other run finish, then run again',
        },
      }
    case 'also':
      return {
        kind: 'failed',
        reply,
        problem: {
          code: 'state-not-written',
          message: `it was done, but what has to follow could not be written down on ${machine.name}: ${reply.stderr.trim()}`,
          hint: 'check the space on /var there and run again',
        },
      }
    default:
      // The script itself was cut off: by a signal, or because the output was longer than is kept.
      return { kind: 'exited', reply }
  }
}

function lockHeld(lock: Lock | undefined, holder: string): Problem {
  const file = lock?.kind === 'flock' ? lock.path : dpkgLock
  return {
    code: 'lock-held',
    message: `${file} was held for ${lock?.timeout ?? 0} s${holder === '' ? '' : `, by process ${holder}`}`,
    hint: 'wait for the one who holds it, then run again',
  }
}

function guardedScript(
  machine: MachineAccess,
  context: ExecutionContext,
  guarded: GuardedScript,
  nonce: string,
): ShellText {
  const { lock, body, success = [0], keepLock = false, partial = false, begun = false } = guarded
  const token = context.lease?.(machine.name)
  const state = machine.stateDirectory ?? defaultStateDirectory
  const parts: (ShellText | '')[] = [
    sh`LC_ALL=C.UTF-8; export LC_ALL; umask 022
_gp_say() { printf '\\n%s %s\\n' ${nonce} "$*" >&2; }`,
    lock === undefined ? '' : lockScript(lock),
    token === undefined ? '' : leaseScript(state, token),
    begun ? '' : expectationScript(context.expectations ?? new Map()),
    sh`(
${raw(body)}
) ${raw((lock === undefined || keepLock ? '' : '9>&-') as ShellText)}
_gp_code=$?`,
    context.alsoScript === undefined || partial
      ? ''
      : sh`case $_gp_code in ${raw(success.join('|') as ShellText)}) (
${raw(context.alsoScript)}
) </dev/null || { _gp_say also; exit 0; };; esac`,
    sh`_gp_say exit "$_gp_code"`,
  ]
  return parts.filter((part) => part !== '').join('\n') as ShellText
}

/** A user who may not look into the state directory acts under the lease without seeing it; whoever may and finds none has lost it. */
function leaseScript(state: string, token: number): ShellText {
  return sh`if [ ! -d ${state} ] || [ -x ${state} ]; then
  _gp_token=; [ -f ${`${state}/lease`} ] && read -r _gp_token < ${`${state}/lease`}
  [ "$_gp_token" = ${token} ] || { _gp_say lease; exit 0; }
fi`
}

/** Takes the lock on descriptor 9; says who holds it when it is not to be had (`/proc/locks` knows by inode). */
function lockScript(lock: Lock): ShellText {
  const path = lock.kind === 'flock' ? lock.path : dpkgLock
  const directory = path.slice(0, path.lastIndexOf('/'))
  return sh`mkdir -p ${directory} && exec 9>>${path} || exit 1
if ! flock -w ${lock.timeout} 9; then
  _gp_inode=$(stat -c %i ${path}) _gp_holder=
  while read -r _gp_n _gp_kind _gp_a _gp_m _gp_pid _gp_where _gp_rest; do
    case $_gp_kind:$_gp_where in FLOCK:*":$_gp_inode") _gp_holder=$_gp_pid; [ -r "/proc/$_gp_pid/comm" ] && read -r _gp_comm < "/proc/$_gp_pid/comm" && _gp_holder="$_gp_pid ($_gp_comm)"; break;; esac
  done < /proc/locks
  _gp_say locked "$_gp_holder"; exit 0
fi`
}

function expectationScript(expectations: ReadonlyMap<string, string>): ShellText | '' {
  const checks = [...expectations].map(([path, fingerprint]) => {
    const stale = sh`{ _gp_say stale ${path}; exit 0; }`
    if (fingerprint === 'absent') return sh`if [ -e ${path} ] || [ -L ${path} ]; then ${raw(stale)}; fi`
    if (fingerprint === 'nothing') return sh`if [ -e ${path} ]; then ${raw(stale)}; fi`
    if (fingerprint === 'present') return sh`if [ ! -e ${path} ] && [ ! -L ${path} ]; then ${raw(stale)}; fi`
    const sum = /^sha256:([0-9a-f]{64})$/.exec(fingerprint)?.[1]
    if (sum === undefined) return ''
    return sh`_gp_sum=$(sha256sum -- ${path} 2>/dev/null </dev/null); case $_gp_sum in *${sum}' '*) ;; *) ${raw(stale)};; esac`
  })
  return checks.filter((check) => check !== '').join('\n') as ShellText | ''
}

function splitVerdict(stderr: Buffer, nonce: string): { stderr: string; words: readonly string[] } {
  const marker = Buffer.from(`\n${nonce} `)
  const at = stderr.lastIndexOf(marker)
  if (at === -1) return { stderr: stderr.toString('utf8'), words: [] }
  const words = stderr
    .toString('utf8', at + marker.length)
    .trim()
    .split(' ')
  return { stderr: stderr.toString('utf8', 0, at), words }
}
