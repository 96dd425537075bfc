/** A file of a host for the controller, which is this machine. */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetch } from '../../src/modules/fetch/module.ts'
import type { ConformanceCase } from './conformance.ts'

/** @param folder A folder of the host for the file. */
export function fetchCase(folder: string): ConformanceCase {
  const dest = join(tmpdir(), `gpuplay-conformance-fetched-${process.pid}`)
  const remove = async (): Promise<void> => rmSync(dest, { recursive: true, force: true })
  return {
    module: fetch,
    says: 'a file for the controller',
    setup: `seq 20000 >${folder}/fetched && chmod 0600 ${folder}/fetched`,
    arrange: async () => remove,
    args: { src: `${folder}/fetched`, dest },
  }
}
