/** Files of the machine that gpuplay runs on, as modules may read them. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ControllerFiles } from '../host/host.ts'

export function createControllerFiles(workingDirectory: string): ControllerFiles {
  return {
    async file(path) {
      const absolute = resolve(workingDirectory, path)
      const status = await stat(absolute).catch(() => undefined)
      if (status === undefined || !status.isFile()) return undefined
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(absolute)) hash.update(chunk)
      return {
        sha256: hash.digest('hex'),
        size: status.size,
        mode: (status.mode & 0o7777).toString(8).padStart(4, '0'),
      }
    },
    text: (path) => readFile(resolve(workingDirectory, path), 'utf8').catch(() => undefined),
  }
}
