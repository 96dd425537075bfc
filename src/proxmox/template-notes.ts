/**
 * What is in a template, noted on its node when a container is converted. Snapshots have a description for that, but a
 * template has no snapshots, and Proxmox copies the notes of a container to its clones.
 */
import type { Action } from '../host/action.ts'

const directory = '/var/lib/gpuplay/v1/templates'

/** The file of a template on its node: one line. */
export function templateNote(ctid: string): string {
  return `${directory}/${ctid}`
}

/** Written before the conversion: a run that is killed in between converts the container later. */
export function noteTemplate(ctid: string, description: string): readonly Action[] {
  return [
    { kind: 'makeDirectory', on: 'node', path: directory, mode: '0700' },
    {
      kind: 'writeFile',
      on: 'node',
      path: templateNote(ctid),
      mode: '0600',
      content: { kind: 'text', text: `${description}\n` },
      label: `note on the node what is in template ${ctid}`,
    },
  ]
}
