/** This machine as a host, with fake `pct` and `sudo` programs. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Connection, ShellReply } from '../connection.ts'
import { localConnection } from '../local.ts'
import { openShell } from '../open-shell.ts'
import { calm, patience } from './shells.ts'
import { testEffects } from './test-effects.ts'

export const isRoot = userInfo().uid === 0

/** This machine with the fake programs first in PATH. */
export function machineWith(folder: string): Connection {
  const PATH = `${folder}:${spawnSync('/bin/sh', ['-c', 'echo "$PATH"']).stdout.toString().trim()}`
  return localConnection(
    testEffects({
      spawn: (file, argv, { group }) =>
        spawn(file, argv, { detached: group, stdio: 'pipe', env: { PATH, HOME: folder } }),
    }),
  )
}

export function program(folder: string, name: string, script: string): void {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}`)
  chmodSync(file, 0o755)
}

export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-through-'))
  chmodSync(folder, 0o755)
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function scriptOutput(connection: Connection, script: string): Promise<string> {
  const shell = await openShell(connection, { signal: calm })
  const reply: ShellReply = await shell.run(script, { timeout: patience, signal: calm })
  await shell.close()
  if (reply.kind !== 'exited') assert.fail(JSON.stringify(reply))
  return reply.stdout.toString().trim()
}

/** Behaves like the real one: statuses, messages, argument order. */
export const fakePct = `echo "$*" >>"$HOME/calls"
[ "$1" = exec ] && [ "$3 $4 $5" = '--keep-env 0 --' ] || { echo '400 wrong usage' >&2; exit 2; }
case $2 in
101) shift 5; exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin CTID=101 "$@" ;;
102) echo 'container 102 not running!' >&2; exit 255 ;;
103) exec sleep 60 ;;
*) echo "Configuration file 'nodes/pve1/lxc/$2.conf' does not exist" >&2; exit 2 ;;
esac
`

/** Before pve-container 5.0.9. */
export const oldPct = `echo "$*" >>"$HOME/calls"
[ "$1" = exec ] || exit 2
[ "$3" != --keep-env ] || { printf 'Unknown option: keep-env\\n400 unable to parse option\\npct exec <vmid> [<extra-args>]\\n' >&2; exit 2; }
[ "$2" = 101 ] || { echo "Configuration file 'nodes/pve1/lxc/$2.conf' does not exist" >&2; exit 2; }
shift 3; SECRET_OF_NODE=1 exec "$@"
`

export const fakeSudo = `while [ $# -gt 0 ]; do case $1 in
-k|-S) shift ;; -p) prompt=$2; shift 2 ;; -u) user=$2; shift 2 ;; --) shift; break ;; *) exit 1 ;; esac; done
for try in 1 2 3; do
printf %s "$prompt" >&2
read -r answer || { echo 'sudo: no password was provided' >&2; exit 1; }
echo "asked" >>"$HOME/asked"
[ "$answer" = 'correct horse' ] && SUDO_USER=$user exec "$@"
echo 'Sorry, try again.' >&2
done
exit 1
`
