import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Channel, ChannelEnd, Connection } from './connection.ts'
import { upload } from './upload.ts'

const { signal } = new AbortController()
const why = "mktemp: failed to create file via template '/mnt/.x.gpuplay.XXXXXXXX': Read-only file system\n"

/** A remote side that fails before the start of the upload is reported, as a fast one does. */
function complaining(said = why): Connection {
  const open = async (): Promise<Channel> => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    let finish: (end: ChannelEnd) => void = () => undefined
    const ended = new Promise<ChannelEnd>((resolve) => {
      finish = resolve
    })
    stdin.on('data', (chunk: Buffer) => {
      const mark = /%s%s\\n' (\w+) (\w+)/.exec(chunk.toString().replaceAll("'\\''", "'"))
      if (mark === null) return
      stderr.write(said)
      setImmediate(() => {
        stdout.write(`\0${mark[1]}${mark[2]}\n`)
        setImmediate(() => finish({ kind: 'exited', code: 1 }))
      })
    })
    return { stdin, stdout, stderr, ended, kill: () => finish({ kind: 'signalled', signal: 'KILL' }) }
  }
  return { kind: 'ssh', open, close: () => Promise.resolve() }
}

test('an upload that fails at once reports the reason', async () => {
  const result = await upload(complaining(), {
    source: Buffer.from('x'),
    path: '/mnt/x',
    mode: '0600',
    signal,
  })
  assert.ok(result.kind === 'failed')
  assert.match(result.problem.message, /^cannot write \/mnt\/x: mktemp: .*: Read-only file system$/)
  assert.equal(result.problem.code, 'read-only')
})

test('the reason of a long output is quoted in whole lines', async () => {
  const long = `${'the first line is too long to be quoted '.repeat(20)}\n${why}`
  const request = { source: Buffer.from('x'), path: '/mnt/x', mode: '0600', signal }
  const result = await upload(complaining(long), request)
  assert.ok(result.kind === 'failed')
  assert.match(result.problem.message, /^cannot write \/mnt\/x: mktemp: /)
})
