/** Readers of this machine, as a node and as a container on it, that count their frames. */
import { hostName } from '../../base/brand.ts'
import { given } from '../../base/given.ts'
import { createReader, type HostReader } from '../reader.ts'
import { createReadings, type ReadingsBook } from '../readings.ts'
import { createLocalShell, type LocalShell } from './local-shell.ts'

export const pve1 = hostName('pve1')
export const node = { name: pve1 }
export const ct = { name: hostName('ct'), nodeName: pve1, ctid: '101' }

/** Creates a reader of the node, or of the container if `of` is the reader of its node. */
export function reading(
  readings: ReadingsBook = createReadings(),
  of?: HostReader,
  user?: string,
): { readonly reader: HostReader; readonly shell: LocalShell } {
  const shell = createLocalShell()
  const reader = createReader({
    name: of ? ct.name : pve1,
    shell: async () => shell,
    signal: new AbortController().signal,
    readings,
    ...given({ user }),
    ...(of ? { node: of } : {}),
    placement: { ctid: of ? ct.ctid : undefined, nodeName: of ? pve1 : undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  return { reader, shell }
}

/** The number of frames that a question takes. */
export async function frames(shell: LocalShell, ask: () => Promise<unknown>): Promise<number> {
  const before = shell.scripts.length
  await ask()
  return shell.scripts.length - before
}
