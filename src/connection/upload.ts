import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { Problem } from '../base/errors.ts'
import { openRegularFile } from '../base/regular-file.ts'
import { quote } from '../base/shell.ts'
import { describeEnd, whenAborted } from './channel.ts'
import type { Channel, Connection } from './connection.ts'
import { launch } from './launch.ts'
import { lastSaid } from './said.ts'

export interface Upload {
  /** A local file, bytes, or a stream of bytes that is read once. */
  readonly source: string | Buffer | Readable
  /** Absolute path on the far side; its directory must exist. */
  readonly path: string
  /** Octal, such as `0644`. */
  readonly mode: string
  /** `user`, `user:group` or numbers; default: the connected user. */
  readonly owner?: string
  /** If set, content with another checksum is refused before the rename. */
  readonly sha256?: string
  readonly signal: AbortSignal
  /** Called with the number of bytes sent so far. */
  readonly onProgress?: (bytes: number) => void
}

export type UploadResult =
  | { readonly kind: 'sent'; readonly bytes: number; readonly sha256: string }
  /** Nothing changed at `path`, and no temporary file is left. */
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** It is unknown whether the file is in place. */
  | { readonly kind: 'lost'; readonly why: string }

/** ssh sends 1 MiB reads at half the cost of small ones. Reading waits if the far side is slower. */
const readSize = 1024 * 1024

/**
 * Sends a file over its own channel into a temporary file next to the target, compares the sha256 there, and
 * renames it over the target.
 *
 * The hash follows the content, so the content is read only once, and an interrupted stream can never pass
 * for the whole.
 * @throws UnreachableError if no channel can be opened; the reason of `signal` if that aborts
 */
export async function upload(connection: Connection, request: Upload): Promise<UploadResult> {
  const { signal } = request
  if (!request.path.startsWith('/')) throw new Error(`not an absolute path: ${request.path}`)
  if (!/^[0-7]{3,4}$/.test(request.mode)) throw new Error(`not a mode: ${request.mode}`)
  const launched = await launch(
    connection,
    { command: farSide(request), line: (script) => `/bin/sh -c ${script}` },
    { signal, timeout: 60_000 },
  )
  if (launched.kind === 'timedOut') return { kind: 'lost', why: 'no shell answered in time' }
  if (launched.kind === 'noShell') {
    const { end } = launched
    return { kind: 'lost', why: end === undefined ? 'no shell answered in time' : describeEnd(end) }
  }
  if (launched.kind === 'failed') {
    const { end, stderr } = launched
    return end.kind === 'lost'
      ? { kind: 'lost', why: end.why }
      : { kind: 'failed', problem: problemOf(stderr.trim() || describeEnd(end), request.path) }
  }
  const { channel } = launched
  const stdout: Buffer[] = []
  const stderr: Buffer[] = [Buffer.from(launched.stderr)]
  channel.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const stopListening = whenAborted(signal, () => channel.kill())
  try {
    const sent = await send(request, channel)
    if (sent.kind === 'unreadable') {
      channel.stdin.end()
      await channel.ended
      signal.throwIfAborted()
      return { kind: 'failed', problem: sent.problem }
    }
    const end = await channel.ended
    signal.throwIfAborted()
    if (end.kind !== 'exited') return { kind: 'lost', why: describeEnd(end) }
    const said = Buffer.concat(stderr).toString().trim()
    if (end.code !== 0) return { kind: 'failed', problem: problemOf(said || describeEnd(end), request.path) }
    if (Buffer.concat(stdout).toString().trim() !== sent.sha256)
      return { kind: 'lost', why: 'the host did not confirm the upload' }
    return { kind: 'sent', bytes: sent.bytes, sha256: sent.sha256 }
  } finally {
    stopListening()
  }
}

type Sent =
  | { readonly kind: 'sent'; readonly bytes: number; readonly sha256: string }
  | { readonly kind: 'unreadable'; readonly problem: Problem }

async function send(request: Upload, channel: Channel): Promise<Sent> {
  const { source } = request
  const hash = createHash('sha256')
  let bytes = 0
  let file: FileHandle | undefined
  try {
    if (typeof source === 'string') file = await openFile(source)
    const chunks: AsyncIterable<unknown> | Iterable<unknown> = Buffer.isBuffer(source)
      ? [source]
      : typeof source === 'string'
        ? (file?.createReadStream({ highWaterMark: readSize, autoClose: false }) ?? [])
        : source
    for await (const chunk of chunks) {
      request.signal.throwIfAborted()
      const data = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
      hash.update(data)
      bytes += data.length
      if (!(await write(channel, data))) break
      request.onProgress?.(bytes)
    }
  } catch (error) {
    request.signal.throwIfAborted()
    const why = error instanceof Error ? error.message : String(error)
    return {
      kind: 'unreadable',
      problem: {
        code: 'upload-source-unreadable',
        message: `cannot read ${typeof source === 'string' ? source : 'the content'}: ${why}`,
        hint: 'check the file on this machine',
      },
    }
  } finally {
    await file?.close()
  }
  const sha256 = hash.digest('hex')
  channel.stdin.end(sha256)
  return { kind: 'sent', bytes, sha256 }
}

/** @throws Error with the reason if the file cannot be opened */
async function openFile(path: string): Promise<FileHandle> {
  const opened = await openRegularFile(path)
  if (opened.kind === 'opened') return opened.file
  throw new Error(opened.kind === 'missing' ? 'there is no such file' : opened.why)
}

/**
 * Writes and waits for room. Returns `false` if the far side accepts no more, which a transport does not
 * always report.
 */
function write({ stdin, ended }: Channel, data: Buffer): Promise<boolean> {
  if (!stdin.writable) return Promise.resolve(false)
  return new Promise((resolve) => {
    stdin.write(data, (error) => resolve(error === undefined || error === null))
    void ended.then(() => resolve(false))
  })
}

/** The length of the hash that follows the content. */
const trailer = 64

function farSide(request: Upload): string {
  const target = quote(request.path)
  const slash = request.path.lastIndexOf('/')
  const folder = request.path.slice(0, slash + 1)
  const name = request.path.slice(slash + 1)
  const template = quote(`${folder}.${name.slice(0, 100)}.gpuplay.XXXXXXXX`)
  return `set -e
umask 077
[ ! -d ${target} ] || { echo 'is a directory' >&2; exit 1; }
tmp=$(mktemp ${template})
trap 'rm -f "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$tmp"
size=$(wc -c <"$tmp"); size=$((size - ${trailer}))
[ "$size" -ge 0 ] || { echo 'the content arrived incomplete' >&2; exit 1; }
want=$(tail -c ${trailer} "$tmp")
dd if=/dev/null of="$tmp" bs=1 seek="$size" count=0 2>/dev/null
have=$(sha256sum <"$tmp"); have=\${have%% *}
[ "$have" = "$want" ] || { echo 'the content arrived incomplete' >&2; exit 1; }
${request.sha256 === undefined ? '' : `[ "$have" = ${quote(request.sha256.toLowerCase())} ] || { echo "wrong checksum: $have" >&2; exit 1; }`}
${request.owner === undefined ? '' : `chown -- ${quote(request.owner)} "$tmp"`}
chmod ${request.mode} "$tmp"
mv -f -- "$tmp" ${target}
trap - EXIT
echo "$have"`
}

function problemOf(said: string, path: string): Problem {
  const message = `cannot write ${path}: ${lastSaid(said)}`
  if (/no space left|disk quota/i.test(said))
    return { code: 'disk-full', message, hint: 'free space on that file system, then run again' }
  if (/wrong checksum/.test(said))
    return { code: 'wrong-checksum', message, hint: 'check the source and the expected checksum' }
  if (/arrived incomplete/.test(said))
    return {
      code: 'upload-incomplete',
      message,
      hint: 'run again; if it happens again, check the connection',
    }
  if (/read-only file system/i.test(said))
    return {
      code: 'read-only',
      message,
      hint: 'check why that file system is mounted read-only, or choose another path',
    }
  if (/permission denied|not permitted/i.test(said))
    return { code: 'permission-denied', message, hint: 'set `become: true`, or choose another path' }
  return { code: 'upload-failed', message, hint: 'check the path and its directory on the host' }
}
