import { whenAborted } from './channel.ts'
import type { Connection } from './connection.ts'
import { sayDescriptor } from './frame.ts'

/**
 * What is done to a script from outside its shell, over a second channel: POSIX sh, `cat`, `awk` and `/proc`.
 *
 * Process ids are never trusted alone: the wrapper that a frame named must still be a grandchild of the shell
 * it belongs to, so a number that the kernel has given away since is not hit.
 */
const walk = `
parent() { { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1; set -- \${line##*) }; state=$1 ppid=$2; }
# The living processes below $1 without itself, as " a b c ". One reading of /proc: a node has thousands of processes.
below() {
tree=" $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$1" '
{ pid = $1; sub(/^.*[)] /, ""); if ($1 != "Z") parent[pid] = $2 }
END { inside[root]; do { more = 0
for (pid in parent) if (!(pid in inside) && (parent[pid] in inside)) { inside[pid]; more = 1; printf "%s ", pid }
} while (more) }')"
}
`

/** Where a script runs. */
export interface ScriptPlace {
  /** The process that B named; of a light script its own subshell, else the one that waits for it. */
  readonly wrapper: number
  readonly light: boolean
}

/**
 * Ends a script with everything below it, and what it left behind that still holds its output (a light script
 * has none of its own), TERM first and KILL two seconds later. Prints `gone`, or `left` and the processes
 * that would not die.
 */
export function endScript(shell: number, { wrapper, light }: ScriptPlace): string {
  // What left the tree of a script with relays is found by the output that it holds, which needs the wrapper
  // alive.
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
# Kept once it is found. The wrapper may end in between and its number be given away: it is asked for its parent each time.
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
 * Ends a shell under its scripts, TERM first and KILL two seconds later; those that were sent ahead never
 * begin, since the shell is stopped meanwhile. What a script has left behind lives on, as a detached job
 * must. Needed because closing a channel ends nothing on the far side, and OpenSSH refuses to signal the
 * processes of root (session_signal_req in its session.c wants privilege separation).
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
 * Frees a shell whose last script has ended but has left children that hold its output: ends the two relays,
 * so that those children live on with nobody listening. The shell is stopped meanwhile, so that it cannot
 * begin the next script under our hands; if it has already begun one (a child that is neither `relayed`, the
 * parent of the last script's wrapper, nor a relay), nothing is touched.
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

/**
 * Runs one script in a shell of its own and gives what it printed, or `undefined` when that cannot be had in
 * time.
 */
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
