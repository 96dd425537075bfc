/** A common mistake and gpuplay's whole report. */
import type { FileTexts } from '../command-line.ts'

export interface Mistake {
  /** Completes the sentence "reports ...". */
  readonly name: string
  /** Replaces or adds to the files of `soundFiles`. */
  readonly files?: FileTexts
  /** Arguments after `run site.yml -i inventory.yml`. */
  readonly words?: readonly string[]
  /** The whole text, up to the line with the number of problems. */
  readonly says: string
}

/** A test listens on `PORT`; files without a mistake connect to it. */
export const soundFiles: FileTexts = {
  'inventory.yml': `all:
  vars: { address: 127.0.0.1, port: PORT, user: root, password: open }
  children:
    nodes:
      hosts:
        pve1: { nvidia_driver_version: "580.95.05" }
    containers:
      hosts:
        ollama: { node: pve1, ctid: 101, gpu_assignment: "0" }
`,
  'site.yml': `- hosts: all
  tasks:
    - name: Greet
      copy: { dest: /etc/motd, content: "hello\\n" }
`,
}

/** A playbook of one play for the nodes with these tasks, which start in column 5 of line 3. */
export function tasks(text: string): FileTexts {
  const lines = text.trimEnd().split('\n')
  return {
    'site.yml': `- hosts: nodes\n  tasks:\n${lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}\n`,
  }
}
