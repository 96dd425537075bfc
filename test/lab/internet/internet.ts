/** The practice internet: what it serves, and starting it. */
import { join } from 'node:path'
import { cached } from '../cache.ts'
import { run } from '../process.ts'

const here = import.meta.dirname

/** Folder with the practice certificate authority and signing keys (see trust.sh). */
export function trust(say: (line: string) => void): Promise<string> {
  return cached(
    {
      kind: 'trust',
      inputs: [join(here, 'trust.sh'), join(here, 'hosts.txt')],
      build: async (directory) => {
        await run([join(here, 'trust.sh'), directory])
      },
    },
    say,
  )
}
