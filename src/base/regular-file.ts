/**
 * Reads files on the machine that runs gpuplay; all such reads use this file. It reads only regular files,
 * never waits for a writer, and stops at the limit of the caller. So a FIFO cannot hang a run, and
 * `/dev/zero` cannot fill the memory.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { getSystemErrorMap } from 'node:util'

export type FileBytes =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The name does not exist, or is a dangling link. */
  | { readonly kind: 'missing' }
  /** The name exists, but cannot be read: `why` completes a sentence such as "cannot read X: ...". */
  | {
      readonly kind: 'unreadable'
      readonly why: string
      readonly hint: string
      /** The caller does not trust the file's owner or mode. */
      readonly untrusted?: true
    }

export type Unreadable = Extract<FileBytes, { kind: 'unreadable' }>

/** Who can have written a file. */
export interface FileOwner {
  readonly uid: number
  readonly mode: number
}

/** Returns why a file with this owner is not used. */
export type Distrust = (owner: FileOwner) => Unreadable | undefined

/**
 * Opening must neither wait for the writer of a FIFO nor acquire a controlling terminal. The file type is
 * checked before reading.
 */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * The content of a regular file of at most `limit` bytes. `/dev/null` is an empty file. `distrust` gets the owner of the
 * very file that is then read, also if the name gets another file meanwhile.
 */
export function readRegularFile(path: string, limit: number, distrust?: Distrust): FileBytes {
  let file: number | undefined
  try {
    if (path === '/dev/null') return { kind: 'bytes', bytes: Buffer.alloc(0) }
    const before = wrongType(statSync(path))
    if (before) return before
    file = openSync(path, flags)
    const status = fstatSync(file)
    const wrong = wrongType(status) ?? wrongSize(status, limit) ?? distrust?.(status)
    if (wrong) return wrong
    const gathered = new Gathered(status.size, limit)
    while (gathered.took(readSync(file, gathered.chunk)));
    return gathered.result()
  } catch (error) {
    return failure(error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Like `readRegularFile`, but only the first bytes of a file that may be larger. */
export function readBeginning(path: string, bytes: number): FileBytes {
  let file: number | undefined
  try {
    file = openSync(path, flags)
    const wrong = wrongType(fstatSync(file))
    if (wrong) return wrong
    const buffer = Buffer.alloc(bytes)
    return { kind: 'bytes', bytes: buffer.subarray(0, readSync(file, buffer)) }
  } catch (error) {
    return failure(error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Like `readRegularFile`, without blocking the event loop. */
export async function readRegularFileLater(path: string, limit: number): Promise<FileBytes> {
  if (path === '/dev/null') return { kind: 'bytes', bytes: Buffer.alloc(0) }
  const opened = await openRegularFile(path)
  if (opened.kind !== 'opened') return opened
  const { file } = opened
  try {
    const status = await file.stat()
    const wrong = wrongSize(status, limit)
    if (wrong) return wrong
    const gathered = new Gathered(status.size, limit)
    while (gathered.took((await file.read(gathered.chunk)).bytesRead));
    return gathered.result()
  } catch (error) {
    return failure(error)
  } finally {
    await file.close()
  }
}

/**
 * Like `readRegularFileLater`, for other programs' configuration: a missing file counts as empty.
 * @throws Error if the file exists but cannot be read
 */
export async function readIfThere(path: string, limit: number): Promise<Buffer | undefined> {
  const read = await readRegularFileLater(path, limit)
  if (read.kind === 'unreadable') throw new Error(`cannot read ${path}: ${read.why}`)
  return read.kind === 'missing' ? undefined : read.bytes
}

export type OpenedFile =
  { readonly kind: 'opened'; readonly file: FileHandle } | Exclude<FileBytes, { kind: 'bytes' }>

/** Opens a regular file for reading; the caller closes it. */
export async function openRegularFile(path: string): Promise<OpenedFile> {
  let file: FileHandle | undefined
  try {
    const before = wrongType(await stat(path))
    if (before) return before
    file = await open(path, flags)
    const wrong = wrongType(await file.stat())
    if (wrong) {
      await file.close()
      return wrong
    }
    return { kind: 'opened', file }
  } catch (error) {
    await file?.close()
    return failure(error)
  }
}

/** The reason why a system call failed, in words: `permission denied`. */
export function systemReason(error: unknown): string {
  const number = error instanceof Error && 'errno' in error ? error.errno : undefined
  const known = typeof number === 'number' ? getSystemErrorMap().get(number)?.[1] : undefined
  return known ?? (error instanceof Error ? error.message : String(error))
}

/** Collects the bytes read so far, because files in `/proc` do not report their size. */
class Gathered {
  chunk: Buffer
  readonly #parts: Buffer[] = []
  readonly #limit: number
  #size = 0

  constructor(size: number, limit: number) {
    this.#limit = limit
    this.chunk = Buffer.allocUnsafe(Math.min(size, limit) + 1)
  }

  /** Returns whether there may be more. */
  took(bytes: number): boolean {
    this.#parts.push(this.chunk.subarray(0, bytes))
    this.#size += bytes
    this.chunk = Buffer.allocUnsafe(64 * 1024)
    return bytes > 0 && this.#size <= this.#limit
  }

  result(): FileBytes {
    return this.#size > this.#limit
      ? tooLarge(this.#limit)
      : { kind: 'bytes', bytes: Buffer.concat(this.#parts) }
  }
}

interface Status {
  readonly size: number
  isFile(): boolean
  isDirectory(): boolean
  isFIFO(): boolean
  isSocket(): boolean
}

function wrongType(status: Status): Unreadable | undefined {
  if (status.isFile()) return undefined
  if (status.isDirectory()) return { kind: 'unreadable', why: 'it is a directory', hint: 'name a file in it' }
  const type = status.isFIFO() ? 'FIFO' : status.isSocket() ? 'socket' : 'device'
  return {
    kind: 'unreadable',
    why: `it is a ${type}`,
    hint: 'gpuplay reads only regular files; write the content to a file first',
  }
}

function wrongSize({ size }: Status, limit: number): Unreadable | undefined {
  return size > limit ? tooLarge(limit) : undefined
}

function tooLarge(limit: number): Unreadable {
  return {
    kind: 'unreadable',
    why: `it is larger than ${limit / 1024 / 1024} MiB`,
    hint: 'check that this is the right file; if it is, split it',
  }
}

function failure(error: unknown): Exclude<FileBytes, { kind: 'bytes' }> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === undefined) throw error
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' }
  const denied = code === 'EACCES' || code === 'EPERM'
  return {
    kind: 'unreadable',
    why: code === 'EAGAIN' ? 'it has no content that can be read now' : systemReason(error),
    hint: denied
      ? 'check the permissions of the file and its parent directories'
      : 'check the file and its file system',
  }
}
