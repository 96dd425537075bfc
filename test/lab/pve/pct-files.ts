/**
 * pct push and pull. In a running container they exit with 0 even if they fail: their task does not report
 * its status. On a full disk, they leave a truncated file.
 */
import { chmodSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { isRunning, readConfig, refuseLocked } from './guests.ts'
import { Exit, exists } from '../nvidia/system.ts'
import type { Options } from './pct-set.ts'

export function push(ctid: number, source: string, target: string, options: Options): void {
  refuseLocked(readConfig(ctid))
  const given = new Map(options)
  if (!isRunning(ctid)) throw new Exit(255, 'can only push files to a running CT')
  if (!exists(source)) return complain(`failed to open ${source} for reading: No such file or directory`)
  const mode = given.get('perms') ?? '0644'
  const owner = `${given.get('user') ?? '0'}:${given.get('group') ?? '0'}`
  // as root of the container: a link in it cannot lead to a file outside
  const script =
    'case $1 in */) exit 21 ;; esac; : >"$1" || exit 2; chmod "$2" "$1"; chown "$3" "$1"; cat >"$1" 2>/dev/null; exit 0'
  const input = openSync(source, 'r')
  const done = spawnSync(
    'lxc-attach',
    ['-n', String(ctid), '--clear-env', '--', '/bin/sh', '-c', script, 'sh', target, mode, owner],
    {
      stdio: [input, 'ignore', 'pipe'],
      encoding: 'utf8',
      cwd: '/',
    },
  )
  closeSync(input)
  if (done.status === 0) return
  const why = /: ([^:\n]+)\n?$/
    .exec(done.stderr)?.[1]
    ?.replace(/^Directory nonexistent$/, 'No such file or directory')
  complain(
    `failed to create file: ${done.status === 21 ? 'Is a directory' : (why?.replace(/^cannot create .*: /, '') ?? 'No such file or directory')}`,
  )
}

export function pull(ctid: number, source: string, target: string, options: Options): void {
  refuseLocked(readConfig(ctid))
  if (!isRunning(ctid)) throw new Exit(255, 'can only pull files from a running CT')
  const read = spawnSync('lxc-attach', ['-n', String(ctid), '--clear-env', '--', 'cat', source], {
    cwd: '/',
    maxBuffer: 1 << 30,
  })
  if (read.status !== 0) return complain(`failed to open ${source}: No such file or directory`)
  try {
    writeFileSync(target, read.stdout)
    const mode = new Map(options).get('perms')
    if (mode !== undefined) chmodSync(target, Number.parseInt(mode, 8))
  } catch (error) {
    complain(`failed to create file: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function complain(message: string): void {
  process.stderr.write(`${message}\n`)
}
