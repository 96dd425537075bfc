/** The node on which the stand-ins are tested. */
import type { Lab } from '../../../lab/lab.ts'

/** The installed driver version, and another one. */
export const driver = '580.95.05'
export const older = '570.124.06'
export const quietly = '--silent --no-x-check'

export interface Subject {
  readonly lab: () => Lab
  /** Standard output of a command on the node. @throws Error if it fails */
  readonly output: (command: string) => Promise<string>
  readonly status: (command: string) => Promise<number>
  /** Both streams of a command, and `= STATUS`. */
  readonly both: (command: string) => Promise<string>
  readonly reboot: (kernel?: string) => Promise<void>
}

/** The lab must be up when the first command runs. */
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
    reboot: (kernel) => node().reboot(kernel),
  }
}
