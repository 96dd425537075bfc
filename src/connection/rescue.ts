import { whenAborted } from './channel.ts'
import type { Connection } from './connection.ts'
import { sayDescriptor } from './frame.ts'

/**
 * Acts on a script from outside its shell, over a second channel: POSIX sh, `cat`, `awk` and `/proc`.
 *
 * Process ids are never trusted alone: the wrapper of a frame must still be a grandchild of its shell, so
 * that a reused process id is never hit.
 */
const walk = `
parent() { { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1; set -- \${line##*) }; state=$1 ppid=$2; }
# The living descendants of $1, as " a b c ". Reads /proc once, because a node has thousands of processes.
below() {
tree=" $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$1" '
{ pid = $1; sub(/^.*[)] /, ""); if ($1 != "Z") parent[pid] = $2 }
END { inside[root]; do { more = 0
for (pid in parent) if (!(pid in inside) && (parent[pid] in inside)) { inside[pid]; more = 1; printf "%s ", pid }
} while (more) }')"
}
`

/** The process of a script. */
export interface ScriptPlace {
  /**
   * The process in the mark B: the subshell of a light script, otherwise the process that waits for the
   * script.
   */
  readonly wrapper: number
  readonly light: boolean
}

/**
 * Ends a script with everything below it, and processes it left that still hold its output (a light script
 * has no output of its own): TERM first, and KILL two seconds later. Prints `gone`, or `left` and the
 * surviving processes.
 */
export function endScript(shell: number, { wrapper, light }: ScriptPlace): string {
  // Processes that left the tree of a script with relays are found by its output, which needs a living
  // wrapper.
  const found = light
    ? `keep ${wrapper} $tree`
    : `for dir in /proc/[0-9]*; do
if [ "$dir/fd/1" -ef /proc/${wrapper}/fd/1 ] || [ "$dir/fd/2" -ef /proc/${wrapper}/fd/2 ] || [ "$dir/fd/${sayDescriptor}" -ef /proc/${wrapper}/fd/1 ]; then
keep "\${dir#/proc/}"
fi
done
keep $tree`
  const spared = light ? `${shell} $$` : `${wrapper} $relayed ${shell} $$`
  return `${walk}
parent ${wrapper} && relayed=$ppid || { echo gone; exit 0; }
[ "$relayed" = ${shell} ] || { parent "$relayed" && [ "$ppid" = ${shell} ]; } || { echo gone; exit 0; }
# Remembers found processes. The wrapper may end and its PID be reused, so its parent is checked each time.
held=' '
keep() {
for pid in "$@"; do
case " ${spared}$held" in *" $pid "*) ;; *) held="$held$pid " ;; esac
done
}
victims() {
if parent ${wrapper} && [ "$ppid" = "$relayed" ]; then
below ${wrapper}
${found}
fi
tree=' '
for pid in $held; do
parent "$pid" && [ "$state" != Z ] && tree="$tree$pid "
done
[ "$tree" != ' ' ]
}
victims && kill -s TERM $tree 2>/dev/null
round=0
while victims && [ $round -lt 40 ]; do
[ $round -ge 20 ] && kill -s KILL $tree 2>/dev/null
sleep 0.1 2>/dev/null || sleep 1
round=$((round + 1))
done
if victims; then echo left $tree; else echo gone; fi`
}

/**
 * Ends a shell and its scripts: TERM first, and KILL two seconds later. Scripts that were sent ahead never
 * begin, because the shell is stopped meanwhile. Processes that a script left behind survive, as a detached
 * job must. Closing a channel ends nothing on the far side, and OpenSSH refuses to signal the processes of
 * root (session_signal_req in its session.c requires privilege separation).
 */
export function endShell(shell: number): string {
  return `${walk}
kill -s STOP ${shell} || exit 0
below ${shell}
[ "$tree" != ' ' ] && kill -s TERM $tree 2>/dev/null
round=0
while below ${shell}; [ "$tree" != ' ' ] && [ $round -lt 40 ]; do
[ $round -ge 20 ] && kill -s KILL $tree 2>/dev/null
sleep 0.1 2>/dev/null || sleep 1
round=$((round + 1))
done
kill -s KILL ${shell}`
}

/**
 * Releases a shell whose last script has ended but has left children that hold its output: ends the two
 * relays, so that the children survive without a reader. The shell is stopped meanwhile, so that it cannot
 * begin the next script. If it has already begun one (a child that is neither `relayed`, the parent of the
 * last script's wrapper, nor a relay), nothing is touched.
 */
export function releaseShell(shell: number, relayed: number): string {
  return `${walk}
relays() {
below ${shell}; cats=
for pid in $tree; do
[ "$pid" = ${relayed} ] && continue
{ read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
[ "$name" = cat ] || return 1
cats="$cats $pid"
done
[ -n "$cats" ]
}
kill -s STOP ${shell} || exit 1
if relays; then kill -s TERM $cats; fi
kill -s CONT ${shell}`
}

/** Runs one script in its own shell. Returns its output, or `undefined` if it fails or takes too long. */
export async function runOnce(
  connection: Connection,
  script: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const channel = await connection.open('exec /bin/sh', signal)
    const chunks: Buffer[] = []
    channel.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    channel.stderr.resume()
    channel.stdin.end(`{ ${script}\n}\nexit\n`)
    const stop = (): void => channel.kill()
    const stopListening = whenAborted(signal, stop)
    const end = await channel.ended
    stopListening()
    return end.kind === 'exited' && end.code === 0 ? Buffer.concat(chunks).toString('latin1') : undefined
  } catch {
    return undefined
  }
}
