/**
 * Creates a container so that nothing of it is lost or left over if the run, the program or the node dies.
 *
 * A record on the node exists from before the first change until the container is complete. Until then the
 * container has `lock: create`, with which Proxmox VE neither starts nor changes it: a clone has this lock
 * until its end (`clone_vm` of pve-container), and a new container keeps it because it is created with
 * `--lock create`. So a container with both is half-made, has never run, and is ours to remove.
 *
 * If the record stays after that, without the lock, its settings and its first start are still to come. It then
 * lists no storages: the volumes belong to the container, wherever that is, and only its destruction removes them.
 */
import { commandLine, raw, sh, type ShellText } from '../base/shell.ts'
import { configFile } from './config-change.ts'

const records = '/var/lib/gpuplay/v1/containers-being-made'

/** The record of a container on its node. */
export function makingRecord(ctid: string): string {
  return `${records}/${ctid}`
}

export const recordDirectory = records

export interface MakingRecord {
  /** The container of which a clone is made. */
  readonly source: string | undefined
  readonly hostname: string
}

export interface Making {
  readonly ctid: string
  readonly hostname: string
  /** The container that is cloned; undefined for one that is created from an archive. */
  readonly source: string | undefined
  /** The storages that get its volumes. */
  readonly storages: readonly string[]
  /** `pct create ...` or `pct clone ...`. */
  readonly command: readonly string[]
  /** Whether the record stays, for a later action to delete it. */
  readonly keepsRecord: boolean
}

/** Undefined for a text that is not a record. */
export function parseMakingRecord(text: string): MakingRecord | undefined {
  const hostname = /^hostname (\S+)$/m.exec(text)?.[1]
  const source = /^source (\d+)$/m.exec(text)?.[1]
  return hostname === undefined ? undefined : { source, hostname }
}

/**
 * The script that creates the container and completes it.
 *
 * The record lists the volumes that the storages had under this number before, such as those of another
 * cluster on a shared storage. They are never removed.
 */
export function makingScript(making: Making): ShellText {
  const { ctid, hostname, source, storages, command, keepsRecord } = making
  return sh`${raw(preamble(ctid))}
(umask 077 && mkdir -p -- ${records}) || exit 1
before=$(gp_volumes ${raw(commandLine(storages))}) || { echo "cannot list the volumes of the storages" >&2; exit 1; }
(
  umask 077
  exec > "$record.new"
  echo ${`hostname ${hostname}`}
  ${raw(source === undefined ? sh`:` : sh`echo ${`source ${source}`}`)}
  echo ${`storages ${storages.join(' ')}`}
  printf '%s\\n' "$before" | sed 's/^/volume /'
) && sync -- "$record.new" && mv -f -- "$record.new" "$record" || exit 1
${raw(commandLine(command))} || { code=$?; [ -e "$conf" ] || rm -f -- "$record"; exit "$code"; }
sed -i '/^storages /d;/^volume /d' "$record" || exit
case $(gp_lock "$id") in create) pct unlock "$id" || exit;; esac
${raw(keepsRecord ? sh`:` : sh`rm -f -- "$record"`)}`
}

/**
 * The script that removes a half-made container: its configuration, the volumes that were created for it, and the
 * lock of a clone's source. Fails if it is not half-made, or if another guest of the cluster has its number: then
 * the volumes may be those of that guest.
 */
export function removalScript(ctid: string): ShellText {
  return sh`${raw(preamble(ctid))}
[ -e "$record" ] || { echo "there is no record of it" >&2; exit 1; }
source=$(sed -n 's/^source //p' "$record")
storages=$(sed -n 's/^storages //p' "$record")
if [ -e "$conf" ]; then
  [ "$(gp_lock "$id")" = create ] || { echo "it is complete" >&2; exit 1; }
  pct unlock "$id" || exit
  ! grep -q '^protection: 1' "$conf" || pct set "$id" --delete protection || exit
  pct destroy "$id" || exit
fi
for other in /etc/pve/nodes/*/lxc/"$id.conf" /etc/pve/nodes/*/qemu-server/"$id.conf"; do
  [ ! -e "$other" ] || { echo "its number belongs to another guest: $other" >&2; exit 1; }
done
now=$(gp_volumes $storages) || { echo "cannot list the volumes of the storages" >&2; exit 1; }
for volume in $now; do
  grep -qxF "volume $volume" "$record" || pvesm free "$volume" || exit
done
[ -z "$source" ] || [ "$(gp_lock "$source")" != disk ] || pct unlock "$source" || exit
rm -f -- "$record"`
}

function preamble(ctid: string): ShellText {
  return sh`id=${ctid} conf=${configFile(ctid)} record=${makingRecord(ctid)}
gp_lock() { sed -n '/^\\[/q;s/^lock: *//p' "/etc/pve/lxc/$1.conf" 2>/dev/null | head -n 1; }
gp_volumes() {
  for storage in "$@"; do
    listed=$(pvesm list "$storage" --vmid "$id") || return
    printf '%s\\n' "$listed" | awk -v id="$id" 'NR > 1 && $NF == id { print $1 }'
  done
}`
}
