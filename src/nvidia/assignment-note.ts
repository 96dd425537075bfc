/**
 * What a node has recorded about the GPUs of a container when it was configured: one line `gpu ADDRESS MINOR
 * UUID` for each GPU, one line `index N ADDRESS` for each that was assigned by its index, one line `drm
 * ADDRESS NAME` for each node in /dev/dri, and lines of pve_container_config.
 * `roles/nvidia_host/files/nvidia-driver` compares the minors and names with those of the current boot.
 */
import { knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import type { DrmNode } from './drm.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'
import { networkAddresses } from '../proxmox/network-addresses.ts'
import type { Gpu } from './gpus.ts'

/** One file for each container, by CTID. */
export const assignmentNotes = '/var/lib/gpuplay/v1/assignments'

export interface AssignmentNote {
  readonly gpus: readonly { readonly pci: string; readonly uuid: string | undefined }[]
  /** Index -> the PCI address that it meant. */
  readonly indexes: ReadonlyMap<number, string>
  /** The lines of the configuration that gpuplay has written. */
  readonly lines: readonly string[]
}

/**
 * The note of a container; empty if there is none, if it is that of a destroyed container with the same number, or
 * if a dry run cannot know it.
 */
export async function readAssignmentNote(node: Host, ctid: string): Promise<AssignmentNote> {
  const [text, container] = await Promise.all([
    node.maybe(node.text(`${assignmentNotes}/${ctid}`)),
    node.container(ctid),
  ])
  return parseAssignmentNote(noteOf(knownOr(text, undefined), container?.config ?? '') ?? '')
}

/**
 * The text of a note if it is about the container with this configuration. Undefined for the note of a destroyed
 * container whose number this one has now: they share no hardware address.
 */
export function noteOf(note: string | undefined, config: string): string | undefined {
  const recorded = [...(note ?? '').matchAll(/^mac (\S+)$/gm)].map(([, address = '']) => address)
  const addresses = networkAddresses(parseContainerConfig(config))
  const comparable = recorded.length > 0 && addresses.length > 0
  return comparable && !recorded.some((address) => addresses.includes(address)) ? undefined : note
}

export function parseAssignmentNote(text: string): AssignmentNote {
  return {
    gpus: [...text.matchAll(/^gpu (\S+) \d+ (\S+)$/gm)].map(([, pci = '', uuid = '-']) => ({
      pci,
      uuid: uuid === '-' ? undefined : uuid,
    })),
    indexes: new Map(
      [...text.matchAll(/^index (\d{1,3}) (\S+)$/gm)].map(([, index, pci = '']) => [Number(index), pci]),
    ),
    lines: [...text.matchAll(/^line (.+)$/gm)].map(([, line = '']) => line),
  }
}

/** The lines about assigned GPUs; `byIndex`: the indexes that the assignment names. */
export function assignmentNote(
  gpus: readonly (Gpu & { readonly minor: number })[],
  byIndex: readonly number[],
  drmNodes: readonly DrmNode[],
): string {
  return [
    ...gpus.map(({ pci, minor, uuid }) => `gpu ${pci} ${minor} ${uuid ?? '-'}\n`),
    ...gpus.filter(({ index }) => byIndex.includes(index)).map(({ index, pci }) => `index ${index} ${pci}\n`),
    ...drmNodes.map(({ pci, path }) => `drm ${pci} ${path.slice(path.lastIndexOf('/') + 1)}\n`),
  ].join('')
}
