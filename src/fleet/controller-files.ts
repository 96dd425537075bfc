/**
 * Files of the machine that gpuplay runs on, as modules may read them.
 *
 * A fleet asks for the same few files again and again: each is read once for as long as it stays the same file with the same times and size.
 */
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HostError } from '../base/errors.ts'
import { openRegularFile, readRegularFileLater, type Unreadable } from '../base/regular-file.ts'
import type { ControllerFiles } from '../host/host.ts'
import { isVaulted, vaulted } from '../language/files.ts'

/** Bytes of a text that is kept. */
const mostKept = 1024 * 1024
/** Bytes of a text that is read at all. Modules read texts to show and compare them; larger files are sent without that. */
const largest = 16 * 1024 * 1024
/** Milliseconds: two changes within the same tick of the file system's clock look alike, so what was changed just now is not kept. */
const settled = 2000

/** What was read of one file, while its status says that it is the same. */
interface Kept {
  readonly status: string
  sha256?: Promise<string>
  text?: Promise<string | undefined>
}

/** `now` gives milliseconds since the epoch. */
export function createControllerFiles(workingDirectory: string, now: () => number): ControllerFiles {
  const files = new Map<string, Kept>()

  const keptOf = (path: string, status: BigIntStats): Kept => {
    const fresh: Kept = { status: identity(status) }
    const known = files.get(path)
    if (known?.status === fresh.status) return known
    // What has no size may be made anew whenever it is read, as in /proc.
    if (status.size > 0n && now() - Number(status.ctimeMs) > settled) files.set(path, fresh)
    else files.delete(path)
    return fresh
  }

  return {
    async file(path) {
      const absolute = resolve(workingDirectory, path)
      const opened = await openRegularFile(absolute)
      if (opened.kind === 'missing') return undefined
      if (opened.kind === 'unreadable') throw unreadable(absolute, opened)
      const { file } = opened
      try {
        const status = await file.stat({ bigint: true })
        const kept = keptOf(absolute, status)
        kept.sha256 ??= digest(file, absolute)
        return {
          sha256: await forgetting(kept.sha256, () => files.delete(absolute)),
          size: Number(status.size),
          mode: (Number(status.mode) & 0o7777).toString(8).padStart(4, '0'),
        }
      } finally {
        await file.close()
      }
    },
    async text(path) {
      const absolute = resolve(workingDirectory, path)
      const status = await stat(absolute, { bigint: true }).catch(() => undefined)
      if (status === undefined || !status.isFile() || status.size > mostKept) return textOf(absolute)
      const kept = keptOf(absolute, status)
      kept.text ??= textOf(absolute)
      return forgetting(kept.text, () => files.delete(absolute))
    },
  }
}

function identity({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

async function digest(file: FileHandle, path: string): Promise<string> {
  const hash = createHash('sha256')
  let begun = false
  const chunks: AsyncIterable<Buffer> = file.createReadStream({ autoClose: false, start: 0 })
  for await (const chunk of chunks) {
    // Ansible would decrypt it on the way to the host.
    if (!begun && isVaulted(chunk)) throw unreadable(path, vaulted)
    begun = true
    hash.update(chunk)
  }
  return hash.digest('hex')
}

async function textOf(path: string): Promise<string | undefined> {
  const read = await readRegularFileLater(path, largest)
  if (read.kind === 'unreadable') throw unreadable(path, read)
  return read.kind === 'missing' ? undefined : read.bytes.toString('utf8')
}

function unreadable(path: string, { why, hint }: Pick<Unreadable, 'why' | 'hint'>): HostError {
  return new HostError({
    code: 'unreadable-file',
    message: `cannot read ${path} on the machine that gpuplay runs on: ${why}`,
    hint,
  })
}

/** A failure is nothing to keep. */
function forgetting<T>(result: Promise<T>, forget: () => void): Promise<T> {
  result.catch(forget)
  return result
}
