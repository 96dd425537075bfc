import { question } from '../question.ts'

/** Version of Proxmox VE, such as `8.2.4`; undefined if `pveversion` does not report one. */
export const pveVersion = question({
  words: ['pveversion'],
  reads: ['package:*', 'kernel:'],
  parse: ({ stdout }) => /^pve-manager\/([0-9.]+)/m.exec(stdout)?.[1],
})
