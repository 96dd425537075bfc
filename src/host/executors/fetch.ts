/** Saves a file of a host on the machine that gpuplay runs on. */
import { createHash } from 'node:crypto'
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { sh } from '../../base/shell.ts'
import type { Channel } from '../../connection/connection.ts'
import type { FetchFile } from '../action.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from '../access.ts'
import { remotePath } from '../paths.ts'
import { runGuarded } from './guarded.ts'
import { outcome } from './outcome.ts'

/** Bytes of an error message that are kept. */
const mostSaid = 4096

/**
 * Reads the file over its own channel, compares its checksum with that of the plan, and renames it into its
 * place. A file that changed meanwhile is planned again.
 */
export async function fetchFile(
  { path: given, to, sha256 }: FetchFile,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(given)
  const failure = `cannot fetch ${path}`
  const begun = await runGuarded(machine, context, { body: sh`exit 0`, timeout: 30_000 })
  if (begun.kind !== 'exited' || begun.reply.code !== 0)
    return outcome(machine, begun, { failure, code: 'fetch-failed' })
  const temporary = `${to}.gpuplay-part`
  let file: FileHandle | undefined
  let channel: Channel | undefined
  try {
    await mkdir(dirname(to), { recursive: true })
    file = await open(temporary, 'w', 0o600)
    const hash = createHash('sha256')
    const summed = new Transform({
      transform(chunk: Buffer, _, next) {
        hash.update(chunk)
        next(undefined, chunk)
      },
    })
    channel = await machine.open(sh`exec cat -- ${path}`, machine.signal)
    channel.stdin.on('error', () => undefined).end()
    let said = ''
    channel.stderr.on('data', (chunk: Buffer) => {
      if (said.length < mostSaid) said += chunk.toString('utf8')
    })
    await pipeline(channel.stdout, summed, file.createWriteStream({ flush: true }), {
      signal: machine.signal,
    })
    const end = await channel.ended
    if (end.kind === 'lost') return { kind: 'lost', why: end.why }
    if (end.kind === 'signalled' || end.code !== 0)
      return {
        kind: 'failed',
        problem: { code: 'fetch-failed', message: `${failure}: ${said.trim().split('\n').at(-1) ?? ''}` },
      }
    if (hash.digest('hex') !== sha256)
      return { kind: 'stale', why: `${path} on ${machine.name} was changed by something else meanwhile` }
    // A file from before keeps its mode otherwise.
    await chmod(temporary, 0o600)
    await rename(temporary, to)
    return { kind: 'done' }
  } catch (error) {
    machine.signal.throwIfAborted()
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error
    return {
      kind: 'failed',
      problem: {
        code: 'save-failed',
        message: `${failure}: cannot write ${to}: ${error.message}`,
        hint: 'check `dest` on the machine that gpuplay runs on',
      },
    }
  } finally {
    channel?.kill()
    if (file !== undefined) {
      await file.close()
      await rm(temporary, { force: true })
    }
  }
}
