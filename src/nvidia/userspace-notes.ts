/**
 * The version of the user-space driver in each container, noted on its node when it is installed: a stopped
 * container cannot be asked. `roles/nvidia_host/files/nvidia-driver` compares it with the loaded modules at boot
 * and when the container starts.
 */
import { isUnknown } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'

const directory = '/var/lib/gpuplay/v1/userspace'

/** The file of a container on its node; its content is the version and a line break. */
export function userspaceNote(ctid: string): string {
  return `${directory}/${ctid}`
}

/** CTID -> noted version, of those containers that have a note which a dry run can know. */
export async function readNotedUserspace(
  node: Host,
  ctids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const notes = await Promise.all(ctids.map((ctid) => node.maybe(node.text(userspaceNote(ctid)))))
  return new Map(
    ctids.flatMap((ctid, index) => {
      const note = notes[index]
      return note === undefined || isUnknown(note) || note.trim() === '' ? [] : [[ctid, note.trim()] as const]
    }),
  )
}
