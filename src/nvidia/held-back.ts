/**
 * Containers that a node prevents from starting, because the numbers of its cards have changed and their
 * configuration names a card that is not assigned to them. `roles/nvidia_host/files/nvidia-driver` decides
 * this at each start and writes these marks.
 */
import { isUnknown, knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import type { Finding } from '../host/plan.ts'
import { assignmentNotes } from './assignment-note.ts'

/** Deleted by the next boot and by the next allowed start. */
const directory = '/run/gpuplay/held'

export interface HeldBack {
  readonly ctid: string
  /** `/dev/nvidia0 is now card 0000:41:00.0, which is not assigned to it` */
  readonly why: string
}

/** Why the container's last start was refused; undefined if it was not, or if a dry run cannot know. */
export async function readHeldBack(node: Host, ctid: string): Promise<HeldBack | undefined> {
  const mark = await node.maybe(node.text(`${directory}/${ctid}`))
  if (isUnknown(mark) || mark === undefined) return undefined
  return { ctid, why: mark.trim().split('\n').join('; ') }
}

/** All of a node. */
export async function readAllHeldBack(node: Host): Promise<readonly HeldBack[]> {
  const names = await node.maybe(node.list(directory))
  const ctids = (knownOr(names, undefined) ?? []).filter((name) => /^\d+$/.test(name))
  const marks = await Promise.all(ctids.map((ctid) => readHeldBack(node, ctid)))
  return marks.flatMap((mark) => mark ?? [])
}

/** `containers`: the node's containers that are part of the run; others are named only by CTID. */
export function heldBackFinding(
  { ctid, why }: HeldBack,
  containers: readonly { readonly name?: string; readonly ctid: string | number }[],
): Finding {
  const name = containers.find((container) => String(container.ctid) === ctid)?.name
  return {
    message: `container ${ctid} was held back at its start: ${why}`,
    cause:
      'the numbers of the device nodes have changed since it was configured, as they do when cards are added or removed',
    fix:
      name === undefined
        ? `add container ${ctid} to the inventory and run containers.yml for it, or remove ${assignmentNotes}/${ctid} on the node`
        : `gpuplay run containers.yml -i INVENTORY -l ${name}, which starts it`,
  }
}
