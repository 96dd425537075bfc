/** Reads this machine with predicted changes. */
import assert from 'node:assert/strict'
import type { HostName } from '../../base/brand.ts'
import { defined } from '../../base/defined.ts'
import { UnknownError } from '../../base/unknown.ts'
import type { ProgramHost } from '../host.ts'
import type { Overlay } from '../overlay.ts'
import { createReader, type HostReader } from '../reader.ts'
import { createLocalShell } from './local-shell.ts'
import { pve1 } from './places.ts'

export function reader(
  overlay: Overlay,
  {
    name = pve1,
    of,
    path,
  }: { readonly name?: HostName; readonly of?: HostReader; readonly path?: string } = {},
): { readonly host: ProgramHost; readonly all: HostReader } {
  const shell = createLocalShell(path === undefined ? {} : { PATH: `${path}:${process.env['PATH'] ?? ''}` })
  const all = createReader({
    name,
    shell: async () => shell,
    signal: new AbortController().signal,
    ...defined({ node: of }),
    placement: { ctid: of ? '101' : undefined, nodeName: of ? pve1 : undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  return { host: all.forTask({ overlay }).programHost, all }
}

export async function rejectsUnknown(read: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(read, (error: unknown) => error instanceof UnknownError && why.test(error.message))
}
