/**
 * The state of gpuplay on a host, in `/var/lib/gpuplay/v1` (0700): the lease, pending notifications of
 * handlers (`notes.ts`), and jobs (`executors/job.ts`). Only real runs create it. The directory can be
 * removed while nothing runs.
 */
import { HostError, UnreachableError } from '../base/errors.ts'
import { raw, sh } from '../base/shell.ts'
import type { Channel } from '../connection/connection.ts'
import { defaultStateDirectory, type MachineAccess } from './access.ts'

/** Shown to a run that finds the lease taken. */
export interface LeaseHolder {
  readonly run: string
  readonly controller: string
  readonly pid: number
  readonly user: string
}

/** The right to change a machine. It lasts as long as its channel. */
export interface Lease {
  /** Larger than every earlier token; the host refuses actions with an earlier one. */
  readonly token: number
  /** Aborted when the lease is lost or released. */
  readonly ended: AbortSignal
  /** Returns a program that an earlier run has left running on the machine. */
  left?(): Promise<LeftProgram | undefined>
  release(): Promise<void>
}

export interface LeftProgram {
  readonly pid: number
  /** Its age in seconds. */
  readonly seconds: number
  readonly command: string
}

export type LeaseResult =
  | {
      readonly kind: 'taken'
      readonly lease: Lease
      /**
       * Whether there are guests that an interrupted run has not started again (`owed-starts.ts`); undefined
       * if that was not checked.
       */
      readonly guests?: boolean | undefined
      /** The present result of `Lease.left`. */
      readonly left?: LeftProgram | undefined
    }
  | { readonly kind: 'held'; readonly by: string }

/** The version of the state format; part of the directory's name. */
const stateVersion = 1
/** Set in the environment of every program that a run starts: the state directory of its lease. */
export const leaseVariable = sh`GPUPLAY_LEASE`
const leaseTimeout = 30_000
/** Milliseconds to wait for the last output of a shell that has exited. */
const lastWords = 2000
/** Milliseconds before the channel of a released lease is closed by force. */
const releaseTime = 1000

/**
 * Takes the lease of a machine on its own channel: a flock that ends with the connection, so that a killed
 * run blocks nobody.
 * @throws HostError `state-newer` if a newer gpuplay has written there, `state-not-writable`;
 * UnreachableError
 */
export async function takeLease(machine: MachineAccess, holder: LeaseHolder): Promise<LeaseResult> {
  const directory = machine.stateDirectory ?? defaultStateDirectory
  const channel = await machine.open('exec /bin/sh', machine.signal)
  const ended = new AbortController()
  void channel.ended.then((end) => ended.abort(new Error(`the lease ended: ${end.kind}`)))
  channel.stdin.on('error', () => undefined)
  channel.stderr.on('error', () => undefined)
  channel.stderr.resume()
  channel.stdin.write(leaseScript(directory, describe(holder)))
  const [word, detail] = await answer(channel, machine)
  if (word === 'token') {
    const [, token, guests, left] = /^(\d+)( guests)?(.*)$/.exec(detail) ?? []
    const release = async (): Promise<void> => {
      channel.stdin.end()
      const killer = setTimeout(() => channel.kill(), releaseTime)
      await channel.ended
      clearTimeout(killer)
    }
    const askForLeft = async (): Promise<LeftProgram | undefined> => {
      channel.stdin.write('\n')
      const [, program] = await answer(channel, machine)
      return leftProgram(program)
    }
    const lease = { token: Number(token), ended: ended.signal, left: askForLeft, release }
    return { kind: 'taken', lease, guests: guests !== undefined, left: leftProgram(left ?? '') }
  }
  channel.kill()
  if (word === 'held') return { kind: 'held', by: detail === '' ? 'an unknown run' : detail }
  if (word === 'newer') {
    throw new HostError({
      code: 'state-newer',
      message: `a newer gpuplay has worked on ${machine.name} (its state has version ${detail}; this gpuplay supports ${stateVersion})`,
      hint: 'use that version of gpuplay',
    })
  }
  throw new HostError({
    code: 'state-not-writable',
    message: `cannot write ${directory} on ${machine.name}${detail === '' ? '' : `: ${detail}`}`,
    hint: 'connect as root or set `become: true`, and check that /var has space and is writable',
  })
}

function describe({ run, controller, pid, user }: LeaseHolder): string {
  return `run ${run} of ${user} on ${controller} (process ${pid})`.replaceAll(/[^\x20-\x7e]/g, '?')
}

/** Parses ` running PID SECONDS COMMAND`, and removes the words that gpuplay adds before the command. */
function leftProgram(text: string): LeftProgram | undefined {
  const [, pid, seconds, command] = /^ ?running (\d+) (-?\d+) (.*)$/.exec(text) ?? []
  if (pid === undefined) return undefined
  const own = (command ?? '').replace(/^timeout -k \d+ \d+ /, '').trim()
  return { pid: Number(pid), seconds: Math.max(0, Number(seconds)), command: own.slice(0, 200) }
}

/**
 * The shell holds the lock until its input ends, together with the connection. Each line of input asks for a
 * program that was left running.
 *
 * Every program of a frame runs under `timeout` and has the state directory in its environment (`send-frame.ts`),
 * so a run finds such programs without a record that could be wrong. The script reads only /proc; only root
 * can read the environment of other users' programs.
 *
 * The script is one function, so that half of it never runs.
 */
function leaseScript(directory: string, who: string): string {
  const parent = directory.slice(0, directory.lastIndexOf('/'))
  return sh`_left() {
l=
for q in /proc/[0-9]*; do
  c=; { read -r c < "$q/comm"; } 2>/dev/null; [ "$c" = timeout ] || continue
  grep -qzxF "${raw(leaseVariable)}=$d" "$q/environ" 2>/dev/null && [ "$q/ns/pid" -ef /proc/self/ns/pid ] || continue
  s=$(cat "$q/stat" 2>/dev/null); set -- \${s##*) }; [ $# -gt 20 ] || continue
  shift 19; read -r u x < /proc/uptime
  l=" running \${q#/proc/} $((\${u%.*} - $1 / 100)) $(tr '\\0\\n' '  ' < "$q/cmdline" 2>/dev/null)"
  return
done
}
_lease() {
umask 077
d=${directory} p=${parent}
for o in "$p"/v*; do
  n=\${o##*/v}
  case $n in ''|*[!0-9]*) ;; *) [ "$n" -gt ${stateVersion} ] && { echo "gpuplay-lease newer $n"; exit; };; esac
done
{ { [ -d "$d" ] || { (umask 022; mkdir -p "$p") && mkdir -p "$d"; }; } && { true >> "$d/lease.lock"; }; } 2>/dev/null || { echo "gpuplay-lease failed"; exit; }
exec 9>>"$d/lease.lock"
# A run that took the lease just now may not have written its name yet.
flock -n 9 || { sleep 0.1; echo "gpuplay-lease held $(cat "$d/lease.holder" 2>/dev/null)"; exit; }
t=0; [ -f "$d/lease" ] && read -r t < "$d/lease"
case $t in ''|*[!0-9]*) t=0;; esac
t=$((t+1))
printf '%s\\n' "$t" > "$d/lease.new" && printf '%s\\n' ${who} > "$d/lease.holder" && mv -f "$d/lease.new" "$d/lease" || { echo "gpuplay-lease failed no space"; exit; }
g=; set -- "$d"/guests-to-start/*; if [ -e "$1" ]; then g=' guests'; fi
_left
echo "gpuplay-lease token $t$g$l"
while read -r x; do _left; echo "gpuplay-lease left$l"; done
}; _lease
`
}

/** Returns the first line of the protocol; the output of login scripts before it is ignored. */
async function answer(channel: Channel, machine: MachineAccess): Promise<readonly [string, string]> {
  return new Promise((resolve, reject) => {
    let text = ''
    const finish = (): void => {
      clearTimeout(timer)
      machine.signal.removeEventListener('abort', aborted)
      channel.stdout.off('data', onData)
      channel.stdout.resume()
    }
    const fail = (why: string): void => {
      finish()
      channel.kill()
      const message = `cannot take the lease of ${machine.name}: ${why}`
      reject(new UnreachableError({ code: 'connection-lost', message, hint: 'run again' }))
    }
    const onData = (chunk: Buffer): void => {
      text = (text + chunk.toString('utf8')).slice(-64 * 1024)
      const match = /^gpuplay-lease (\S+) ?(.*)\n/m.exec(text)
      if (!match) return
      finish()
      resolve([match[1] ?? '', match[2] ?? ''])
    }
    const aborted = (): void => {
      finish()
      channel.kill()
      reject(machine.signal.reason instanceof Error ? machine.signal.reason : new Error('cancelled'))
    }
    const timer = setTimeout(() => fail('the host did not answer in time'), leaseTimeout)
    machine.signal.addEventListener('abort', aborted, { once: true })
    channel.stdout.on('error', () => undefined)
    channel.stdout.on('data', onData)
    // The last output may arrive after the end of the shell: wait until the stream ends, or a moment.
    void channel.ended.then(() => {
      const ended = (): void => fail('its shell ended')
      if (channel.stdout.readableEnded) {
        setImmediate(ended)
        return
      }
      const late = setTimeout(ended, lastWords)
      channel.stdout.once('end', () => {
        clearTimeout(late)
        setImmediate(ended)
      })
    })
  })
}
