/**
 * Long work that survives the connection. A job is a directory on the host with a script, a log and an exit
 * status; the script runs in its own session. The job holds a lock while it lives, so that neither a reused
 * process id nor a reboot can make it look alive. The script of the last job of this name that exited with 0 is kept.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { defined } from '../../base/defined.ts'
import { raw, sh, type ShellText } from '../../base/shell.ts'
import type { Lock } from '../action.ts'
import { sha256Of } from '../content.ts'
import {
  defaultStateDirectory,
  type ActionReply,
  type ExecutionContext,
  type MachineAccess,
} from '../access.ts'
import { leaseVariable } from '../state.ts'
import { type GuardedResult, runGuarded } from './guarded.ts'

export interface Job {
  /** Only one job of a name runs at a time. */
  readonly name: string
  /**
   * Identifies the work. A running job with the same fingerprint is attached to; another one is waited for.
   */
  readonly fingerprint: string
  readonly script: ShellText
  /** A quoted `printf` format, kept in a file of mode 0600 until the job has opened it. */
  readonly stdin?: ShellText
  /**
   * Assignments that run before the script, in a file of mode 0600 that the job removes after reading, so
   * that no secret remains.
   */
  readonly beforehand?: ShellText
  readonly lock?: Lock
  /** Exit statuses that mean success; default [0]. */
  readonly success?: readonly number[]
  /** A file whose size shows the progress, and its expected size. */
  readonly watch?: { readonly path: string; readonly total?: number | undefined }
  /** Identifies a start: a job that has it is not started again, even if it has ended. */
  readonly start?: string
  /** False: returns when the job runs, with its directory as standard output. Default: waits for its end. */
  readonly waits?: boolean
  /** Keeps standard error apart from standard output. */
  readonly apart?: boolean
  /** The progress message while the log is empty. */
  readonly label: string
}

export type JobResult =
  { readonly kind: 'ended'; readonly reply: ActionReply } | Exclude<GuardedResult, { kind: 'exited' }>

type State =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'running' | 'finished' | 'collected' | 'died'
      readonly fingerprint: string
      readonly start: string
      readonly fresh: boolean
      readonly watched: number
      readonly line: string
    }

const pause = { first: 100, growth: 1.5, longest: 1000 } as const
/** Bytes of the log that the result and the progress contain, in whole lines. */
const logTail = 1024 * 1024
const progressTail = 2048

/**
 * Starts the job, or attaches to a running one with the same fingerprint, and waits for its end. After
 * `lost`, call it again to attach.
 */
export async function runJob(
  job: Job,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<JobResult> {
  const directory = await jobDirectory(machine, job.name)
  const launched: JobResult = { kind: 'ended', reply: { code: 0, stdout: directory, stderr: '' } }
  let started = false
  let waitedForOther = false
  let delay: number = pause.first
  for (;;) {
    const state = await readState(job, directory, machine)
    if (state.kind === 'lost') return state
    const mine = state.kind !== 'none' && state.fingerprint === fingerprintOf(job)
    const begun = started || (state.kind !== 'none' && job.start !== undefined && state.start === job.start)
    if (job.waits === false && (begun || (mine && state.kind === 'running'))) return launched
    if (state.kind === 'running') {
      if (mine) report(job, state, context)
      else {
        waitedForOther = true
        context.progress?.(`waiting for another ${job.name} on ${machine.name} to end`)
      }
      await sleep(delay, undefined, { signal: context.signal })
      delay = Math.min(delay * pause.growth, pause.longest)
      continue
    }
    if (waitedForOther && !begun)
      return { kind: 'stale', why: `another ${job.name} ran on ${machine.name} meanwhile` }
    // An old result does not answer a new request, even if nobody has collected it.
    const collectable = state.kind === 'finished' ? begun || state.fresh : state.kind === 'collected' && begun
    if (job.waits !== false && mine && collectable) return collect(job, directory, { machine, context })
    if (begun) return ended(machine, job)
    const start = await runGuarded(machine, context, startScript(job, directory))
    if (start.kind !== 'exited') return start
    if (start.reply.code === busy) continue
    if (start.reply.code !== 0) return { kind: 'ended', reply: start.reply }
    started = true
  }
}

/** Bytes of a program's own log that are read, in whole lines. */
const ownLogTail = 256 * 1024

/**
 * The end of a file that the last job of this name has written; undefined if it did not write it, or if the
 * file cannot be read. Whole lines, because a part of a secret would not be recognized.
 */
export async function readOwnLog(
  machine: MachineAccess,
  name: string,
  path: string,
): Promise<string | undefined> {
  const shell = await machine.shell()
  const script = sh`j=${await jobDirectory(machine, name)} f=${path}
[ -f "$f" ] && [ -n "$(find "$f" -newer "$j/run")" ] || exit 3
if [ "$(stat -c %s -- "$f")" -gt ${ownLogTail} ]; then tail -c ${ownLogTail} -- "$f" | tail -n +2; else cat -- "$f"; fi`
  const reply = await shell.run(script, { timeout: 60_000, signal: machine.signal })
  return reply.kind === 'exited' && reply.code === 0 ? reply.stdout.toString('utf8') : undefined
}

/** The fingerprint of a job, hashed so that it is always a single word. */
function fingerprintOf(job: Job): string {
  return sha256Of(job.fingerprint).slice(0, 32)
}

async function jobDirectory(machine: MachineAccess, name: string): Promise<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new Error(`not a name for a job: ${name}`)
  const state = machine.stateDirectory ?? (await machine.ownDirectory?.()) ?? defaultStateDirectory
  return `${state}/jobs/${name}`
}

function ended(machine: MachineAccess, job: Job): JobResult {
  return {
    kind: 'failed',
    problem: {
      code: 'job-died',
      message: `${job.name} on ${machine.name} ended without an exit status: it was killed, or the host went down`,
      hint: "check the host's journal for out-of-memory kills, then run again",
    },
  }
}

function report(job: Job, state: Exclude<State, { kind: 'none' }>, context: ExecutionContext): void {
  const message = state.line === '' ? job.label : `${job.label}: ${state.line}`
  if (job.watch === undefined) context.progress?.(message)
  else context.progress?.(job.label, state.watched, job.watch.total)
}

async function readState(
  job: Job,
  directory: string,
  machine: MachineAccess,
): Promise<State | Extract<GuardedResult, { kind: 'lost' }>> {
  const shell = await machine.shell()
  const script = sh`j=${directory}
[ -d "$j" ] || { echo none; exit 0; }
if [ -e "$j/alive" ] && ! flock -n "$j/alive" true; then state=running
elif [ -f "$j/status" ]; then state=finished
elif [ -f "$j/collected" ]; then state=collected
elif [ -f "$j/fingerprint" ]; then state=died
else state=none; fi
fingerprint= start=; { read -r fingerprint; read -r start; } < "$j/fingerprint" 2>/dev/null
fresh=$(find "$j/status" -mmin -60 2>/dev/null)
size=$(stat -c %s -- ${job.watch?.path ?? '/dev/null'} 2>/dev/null)
printf '%s\\n%s\\n%s\\n%s\\n%s\\n' "$state" "$fingerprint" "$start" "$fresh" "$size"
[ -f "$j/log" ] && tail -c ${progressTail + 1} "$j/log"
exit 0`
  const reply = await shell.run(script, { timeout: 60_000, signal: machine.signal })
  if (reply.kind === 'lost') return { kind: 'lost', why: reply.why }
  if (reply.kind === 'timedOut') return { kind: 'lost', why: 'the host stopped answering' }
  const [kind = '', fingerprint = '', start = '', fresh = '', size = '', ...log] = reply.stdout
    .toString('utf8')
    .split('\n')
  if (kind === 'running' || kind === 'finished' || kind === 'collected' || kind === 'died') {
    return {
      kind,
      fingerprint,
      start,
      fresh: fresh !== '',
      watched: Number(size === '' ? 0 : size),
      line: progressLine(log.join('\n')),
    }
  }
  if (kind === 'none') return { kind }
  // An empty answer is not the state "none": a host without memory for the script prints nothing.
  const said = reply.stderr.toString('utf8').trim()
  return { kind: 'lost', why: `cannot read the state of ${job.name}${said === '' ? '' : `: ${said}`}` }
}

/**
 * The last non-empty line; of a line that a program redraws, the last state. Only complete ones: a part of a
 * secret would not be recognized.
 */
function progressLine(end: string): string {
  const whole = Buffer.byteLength(end) > progressTail ? end.replace(/^[^\r\n]*/, '') : end
  return (
    whole
      .split(/[\r\n]/)
      .slice(0, -1)
      .findLast((text) => text.trim() !== '')
      ?.trim() ?? ''
  )
}

const busy = 75

function startScript(job: Job, directory: string): Parameters<typeof runGuarded>[2] {
  const wrapper = sh`umask 022
j=${directory}
(
exec 7>&- 9>&-
if [ -f "$j/beforehand" ]; then . "$j/beforehand" && rm -f -- "$j/beforehand"; fi
[ -f "$j/stdin" ] && exec < "$j/stdin" && rm -f -- "$j/stdin"
${raw(job.script)}
) > "$j/log" ${raw(job.apart === true ? sh`2> "$j/errors"` : sh`2>&1`)}
code=$?
[ "$code" != 0 ] || { cp -p "$j/run" "$j/succeeded.new" && mv -f "$j/succeeded.new" "$j/succeeded"; }
printf '%s\\n' "$code" > "$j/status.new" && mv -f "$j/status.new" "$j/status"`
  const body = sh`umask 077
j=${directory}
mkdir -p "$j" || exit 1
exec 7>>"$j/alive" || exit 1
flock -w 2 7 || exit ${busy}
rm -f "$j/status" "$j/collected" "$j/log" "$j/errors" "$j/stdin" "$j/beforehand"
${raw(job.beforehand === undefined ? sh`` : sh`printf '%s' ${job.beforehand} > "$j/beforehand" || exit 1`)}
${raw(job.stdin === undefined ? sh`` : sh`printf ${raw(job.stdin)} > "$j/stdin" || exit 1`)}
printf '%s' ${wrapper} > "$j/run" && printf '%s\\n%s\\n' ${fingerprintOf(job)} ${job.start ?? ''} > "$j/fingerprint" || exit 1
unset ${raw(leaseVariable)}
setsid sh "$j/run" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 8>&- &
exit 0`
  return {
    body,
    timeout: 30_000,
    keepLock: true,
    whole: true,
    ...defined({ lock: job.lock }),
  }
}

/** Collects the result once. After that, the same job starts afresh. */
async function collect(
  job: Job,
  directory: string,
  { machine, context }: { machine: MachineAccess; context: ExecutionContext },
): Promise<JobResult> {
  const body = sh`j=${directory}
ended=$j/status; [ -f "$ended" ] || ended=$j/collected
code=; read -r code < "$ended" || exit 1
show() { if [ "$(stat -c %s -- "$1")" -gt ${logTail} ]; then tail -c ${logTail} "$1" | tail -n +2; else cat -- "$1"; fi; }
show "$j/log"
[ ! -f "$j/errors" ] || show "$j/errors" >&2
[ "$ended" = "$j/collected" ] || mv -f "$ended" "$j/collected"
exit "$code"`
  const success = job.success ?? [0]
  const result = await runGuarded(machine, context, {
    body,
    timeout: 60_000,
    success,
    begun: true,
    partial: true,
  })
  return result.kind === 'exited' ? { kind: 'ended', reply: result.reply } : result
}
