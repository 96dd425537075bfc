import { setTimeout as sleep } from 'node:timers/promises'
import { defined } from '../../base/defined.ts'
import { commandLine, raw, sh, type ShellText } from '../../base/shell.ts'
import type { Push } from '../action.ts'
import { diagnose } from '../diagnose.ts'
import {
  type ActionResult,
  defaultStateDirectory,
  type ExecutionContext,
  type MachineAccess,
} from '../access.ts'
import { remotePath } from '../paths.ts'
import { runGuarded } from './guarded.ts'
import { failed, outcome } from './outcome.ts'

/** Milliseconds, for several hundred MB under the lock on the container's configuration. */
const copyTimeout = 15 * 60_000
const absent = 3

/**
 * Copies a file from the node into its container with `pct push`, under a temporary name. `pct push` exits
 * with 0 even if it failed, and a full disk truncates the file. Only the checksum inside the container
 * decides whether the file is renamed.
 *
 * The file arrives in a directory that only the container's root can enter. Elsewhere a user of the container
 * could create the file first, and write into it after the check.
 */
export async function push(
  action: Push,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const { node, ctid } = machine
  if (!node || ctid === undefined) throw new Error(`a push needs a container: ${machine.name} is none`)
  const to = remotePath(action.to)
  const from = remotePath(action.from)
  const directory = `${machine.stateDirectory ?? defaultStateDirectory}/work`
  const temporary = `${directory}/${to.slice(to.lastIndexOf('/') + 1)}.gpuplay-push`
  const telling = { failure: `cannot copy ${from} into container ${ctid}`, code: 'push-failed', path: to }

  const before = await runGuarded(machine, context, {
    body: presentScript(to, directory, action.sha256),
    timeout: 120_000,
    partial: true,
  })
  if (before.kind !== 'exited') return outcome(machine, before, telling)
  if (before.reply.code === 0) {
    const body = sh`exit 0`
    return outcome(
      machine,
      await runGuarded(machine, context, { body, timeout: 30_000, begun: true }),
      telling,
    )
  }
  if (before.reply.code !== absent) return failed(machine, before.reply, telling)

  const size = await sizeOf(from, node)
  const report = async (): Promise<void> =>
    context.progress?.(`copying ${from} into container ${ctid}`, await sizeOf(temporary, machine), size)
  context.progress?.(`copying ${from} into container ${ctid}`, 0, size)
  const copying = runGuarded(node, context, {
    body: copyScript({ from, temporary, ctid, mode: action.mode ?? '0644' }),
    timeout: copyTimeout,
    partial: true,
    begun: true,
    ...defined({ lock: action.lock }),
  })
  const copied = await reporting(copying, report)
  if (copied.kind !== 'exited') return outcome(node, copied, telling)
  if (copied.reply.code !== 0) return failed(node, copied.reply, { ...telling, path: from })

  const settled = await runGuarded(machine, context, {
    body: settleScript({ to, temporary, sha256: action.sha256 }),
    timeout: 300_000,
    begun: true,
    whole: true,
  })
  if (settled.kind === 'exited' && settled.reply.code !== 0) {
    return mismatch(action, {
      machine,
      ctid,
      size,
      said: copied.reply.stderr,
      found: settled.reply.stdout,
    })
  }
  return outcome(machine, settled, telling)
}

/** Waits for the copy, and reports once a second how much has arrived. */
async function reporting<T>(copy: Promise<T>, report: () => Promise<void>): Promise<T> {
  const over = new AbortController()
  const ended = copy.then(
    () => true,
    () => true,
  )
  const waited = (): Promise<boolean> => sleep(1000, false, { signal: over.signal }).catch(() => true)
  while (!(await Promise.race([ended, waited()]))) {
    // The copy itself fails if the container cannot be reached.
    await Promise.race([ended, report().catch(() => undefined)])
  }
  over.abort()
  return copy
}

/** Bytes; 0 if the file cannot be read. */
async function sizeOf(path: string, machine: MachineAccess): Promise<number> {
  const shell = await machine.shell()
  const reply = await shell.run(sh`stat -c %s -- ${path}`, { timeout: 20_000, signal: machine.signal })
  return reply.kind === 'exited' && reply.code === 0 ? Number(reply.stdout.toString('utf8').trim()) : 0
}

/** Checks whether the file is already there. If not, creates the directory in which it will arrive. */
function presentScript(to: string, directory: string, sha256: string): ShellText {
  return sh`p=${to} d=${directory}
absent() {
umask 077
[ -d "$d" ] || mkdir -p -- "$d" || exit 1
if [ -L "$d" ] || [ ! -O "$d" ]; then echo "$d is a link, or belongs to another user" >&2; exit 1; fi
chmod 0700 -- "$d" || exit 1
exit ${absent}
}
[ -d "\${p%/*}/" ] || { echo "the directory \${p%/*} does not exist in the container" >&2; exit 1; }
[ -f "$p" ] || absent
sum=$(sha256sum < "$p") || exit 1
[ "\${sum%% *}" = ${sha256} ] || absent`
}

function copyScript({
  from,
  temporary,
  ctid,
  mode,
}: {
  from: string
  temporary: string
  ctid: string
  mode: string
}): ShellText {
  return sh`f=${from}
[ -f "$f" ] || { echo "$f does not exist on the node" >&2; exit 1; }
${raw(commandLine(['pct', 'push', ctid, from, temporary, '--perms', mode]))} >&2`
}

/** Prints the checksum, the size, and the free bytes. */
function settleScript({
  to,
  temporary,
  sha256,
}: {
  to: string
  temporary: string
  sha256: string
}): ShellText {
  return sh`p=${to} t=${temporary}
sum=none size=0
if [ -f "$t" ]; then sum=$(sha256sum < "$t"); sum=\${sum%% *}; size=$(stat -c %s -- "$t"); fi
if [ "$sum" = ${sha256} ]; then sync -- "$t" && mv -fT -- "$t" "$p"; exit; fi
free=$(df -B1 --output=avail -- "\${t%/*}/" | tail -n 1)
printf '%s %s %s\\n' "$sum" "$size" "$free"
rm -f -- "$t"
exit 1`
}

interface Mismatch {
  readonly machine: MachineAccess
  readonly ctid: string
  readonly size: number
  /** The stderr of `pct push`. */
  readonly said: string
  readonly found: string
}

function mismatch(action: Push, { ctid, size, said, found }: Mismatch): ActionResult {
  const [sum = 'none', arrived = '0', free = '0'] = found.trim().split(/\s+/)
  const failure = `cannot copy ${action.from} into container ${ctid}`
  const missing = size - Number(arrived)
  if (sum !== 'none' && missing > 0 && Number(free) < missing + 1024 * 1024) {
    return {
      kind: 'failed',
      problem: {
        code: 'no-space',
        message: `${failure}: its disk is full (${arrived} of ${size} bytes written)`,
        hint: `enlarge the container's disk (pct resize ${ctid} rootfs +1G) or free space in it, then run again`,
      },
    }
  }
  if (sum === 'none') {
    const why = said.trim().split('\n').at(-1) ?? ''
    return {
      kind: 'failed',
      problem: {
        code: 'push-failed',
        message: `${failure}: ${why === '' ? 'pct push created no file' : why}`,
        hint:
          diagnose(said)?.hint ??
          `check in container ${ctid} why ${action.to} cannot be written, then run again`,
      },
    }
  }
  return {
    kind: 'failed',
    problem: {
      code: 'checksum-mismatch',
      message: `${failure}: the copy has the sha256 ${sum}, expected ${action.sha256}`,
      hint: `compare it with \`sha256sum ${action.from}\` on the node; the copy was removed`,
    },
  }
}
