/** The node that the stand-ins are tried on, and what is asked of it. */
import type { Lab } from '../lab.ts'

/** Version of the driver that is installed, and one that takes its place. */
export const driver = '580.95.05'
export const older = '570.124.06'
export const quietly = '--silent --no-x-check'

export interface Subject {
  readonly lab: () => Lab
  /** What a command prints on the node. @throws Error when it fails */
  readonly output: (command: string) => Promise<string>
  readonly status: (command: string) => Promise<number>
  /** Both of its streams, and `= STATUS`. */
  readonly both: (command: string) => Promise<string>
  readonly reboot: () => Promise<void>
}

/** The lab has to be up when the first command is given. */
export function subjectOf(lab: () => Lab): Subject {
  const node = () => lab().node('pve1')
  return {
    lab,
    output: (command) => node().output(command),
    status: async (command) => (await node().exec(command)).code,
    async both(command) {
      const { code, stdout, stderr } = await node().exec(command)
      return `${stdout}${stderr}= ${code}`
    },
    reboot: () => node().reboot(),
  }
}
