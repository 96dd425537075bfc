/**
 * Which rollbacks a node has carried out, so that none is carried out twice: that would lose everything that
 * was written since the first.
 *
 * One file for each container, with one line for each event: `begun KEY` before the rollback, `done KEY` or
 * `failed KEY` (nothing was changed) after it. KEY names the snapshot, its time and the request.
 */
import { raw, sh, type ShellText } from '../base/shell.ts'
import { configFile } from './config-change.ts'

export const rollbackDirectory = '/var/lib/gpuplay/v1/rollbacks'

/** The file of a container on its node. */
export function rollbackRecord(ctid: string): string {
  return `${rollbackDirectory}/${ctid}`
}

export interface RollbackRequest {
  readonly snapshot: string
  /** Seconds since 1970: a later snapshot of the same name is another one. */
  readonly time: number
  readonly request: string
}

function keyOf({ snapshot, time, request }: RollbackRequest): string {
  return `${snapshot} ${time} ${request}`.trimEnd()
}

/** What a record says about a request; undefined: nothing was changed yet. */
export function rollbackState(record: string, request: RollbackRequest): 'begun' | 'done' | undefined {
  const key = keyOf(request)
  const last = record.split('\n').findLast((line) => line.slice(line.indexOf(' ') + 1) === key)
  const word = last?.slice(0, last.indexOf(' '))
  return word === 'begun' || word === 'done' ? word : undefined
}

/** The script of a rollback. `interrupted`: Proxmox has begun it already, so its lock is removed first. */
export function rollbackScript(
  ctid: string,
  request: RollbackRequest,
  { interrupted }: { readonly interrupted: boolean },
): ShellText {
  return sh`id=${ctid} key=${keyOf(request)} record=${rollbackRecord(ctid)}
(umask 077 && mkdir -p -- ${rollbackDirectory}) || exit 1
gp_note() { (umask 077; printf '%s %s\\n' "$1" "$key" >>"$record") && sync -- "$record"; }
gp_note begun || exit 1
${raw(interrupted ? sh`pct unlock "$id" || exit` : sh`:`)}
pct rollback "$id" ${request.snapshot} || {
  code=$?
  sed '/^\\[/q' ${configFile(ctid)} | grep -qx 'lock: rollback' || gp_note failed
  exit "$code"
}
gp_note done`
}
