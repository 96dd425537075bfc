/**
 * Reads files of the machine that gpuplay runs on, for modules.
 *
 * A fleet reads the same few files again and again. Each is read once, as long as its identity, times and
 * size stay the same.
 */
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HostError } from '../base/errors.ts'
import { openRegularFile, readRegularFileLater, type Unreadable } from '../base/regular-file.ts'
import type { ControllerFiles } from '../host/host.ts'
import { sealedFormat } from '../language/encrypted/sealed.ts'

/** Size limit of cached texts, in bytes. */
const mostKept = 1024 * 1024
/**
 * Size limit of texts, in bytes. Modules read texts to show and compare them; larger files are sent without
 * that.
 */
const largest = 16 * 1024 * 1024
/**
 * Milliseconds. Two changes within one tick of the file system clock look alike, so recently changed files
 * are not cached.
 */
const settled = 2000

/** The cached contents of one file, valid while its status stays the same. */
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
    // Files without a size may change with every read, as in /proc.
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

/** Receives the path of a file, as a module names it. */
export type ReadsFile = (path: string) => void

/** The same files; each read is passed on. */
export function heard(files: ControllerFiles, hear: ReadsFile | undefined): ControllerFiles {
  if (hear === undefined) return files
  return {
    file(path) {
      hear(path)
      return files.file(path)
    },
    text(path) {
      hear(path)
      return files.text(path)
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
    // Ansible would decrypt this file while sending it.
    if (!begun && sealedFormat(chunk) === 'vault') throw unreadable(path, vaulted)
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

const vaulted = {
  why: 'it is encrypted with Ansible Vault, and gpuplay sends files as they are',
  hint: 'write the decrypted text with `copy`: content: "{{file \'NAME\'}}"',
}

function unreadable(path: string, { why, hint }: Pick<Unreadable, 'why' | 'hint'>): HostError {
  return new HostError({
    code: 'unreadable-file',
    message: `cannot read ${path} on the machine that gpuplay runs on: ${why}`,
    hint,
  })
}

/** Drops the cache entry if the result is a failure. */
function forgetting<T>(result: Promise<T>, forget: () => void): Promise<T> {
  result.catch(forget)
  return result
}
