/** This machine with the shell that real runs use, for tests where a new `sh -c` per script is not enough. */
import type { Shell } from '../../connection/connection.ts'
import { localConnection } from '../../connection/local.ts'
import { openShell } from '../../connection/open-shell.ts'
import { testEffects } from '../../connection/testing/test-effects.ts'
import type { MachineAccess } from '../access.ts'
import { createTestMachine } from './test-machine.ts'
import type { Scratch } from './scratch.ts'

export interface FramedMachine {
  readonly machine: MachineAccess & { readonly reopen: () => Promise<void> }
  readonly shell: () => Shell
  close(): Promise<void>
}

/** `command` starts the shell. */
export async function openFramed(dir: Scratch, command = 'exec /bin/sh'): Promise<FramedMachine> {
  const { signal } = new AbortController()
  const connection = localConnection(testEffects())
  let shell = await openShell(connection, { signal, command })
  const machine = {
    ...createTestMachine({ stateDirectory: dir.path('state') }),
    shell: async () => shell,
    open: (line: string, end: AbortSignal) => connection.open(line, end),
    async reopen() {
      await shell.close()
      shell = await openShell(connection, { signal, command })
    },
  }
  return { machine, shell: () => shell, close: () => connection.close() }
}
