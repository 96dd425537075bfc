/**
 * The servers of the simulated internet: names on port 53, http on 80, https on 443. Run as `server.ts
 * SETTINGS.json`.
 */
import { createSocket } from 'node:dgram'
import { appendFileSync, createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { join, normalize } from 'node:path'
import { defined } from '../../../src/base/defined.ts'
import { answerName } from './names.ts'
import type { Fault, Request, ServerSettings } from './server-settings.ts'

const settings: ServerSettings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const hits = new Map<string, number>()

function serve(request: IncomingMessage, response: ServerResponse): void {
  const host = (request.headers.host ?? '').split(':')[0] ?? ''
  const path = normalize(decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/'))
  const fault = faultFor(`${host}${path}`, request.socket.remoteAddress ?? '')
  const answer = (): void => {
    const status = send(request, response, { file: find(host, path), fault })
    note({
      time: new Date().toISOString(),
      from: request.socket.remoteAddress ?? '',
      method: request.method ?? '',
      host,
      path,
      status,
      ...defined({ range: request.headers.range }),
    })
  }
  if (fault !== undefined && 'delay' in fault.kind) setTimeout(answer, fault.kind.delay)
  else answer()
}

interface Answer {
  readonly file: string | undefined
  readonly fault: Fault | undefined
}

/** Sends the file, changed by the fault if there is one; returns the status. */
function send(request: IncomingMessage, response: ServerResponse, { file, fault }: Answer): number {
  const plain = (status: number): number => {
    response.writeHead(status, { 'content-type': 'text/plain' })
    response.end(`${status}\n`)
    return status
  }
  if (fault !== undefined && 'answer' in fault.kind) return plain(fault.kind.answer)
  if (file === undefined) return plain(404)
  const { size, mtime } = statSync(file)
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = range === null ? 0 : Number(range[1])
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1
  if (range !== null && start >= size) {
    response.writeHead(416, { 'content-range': `bytes */${size}` })
    response.end()
    return 416
  }
  const status = range === null ? 200 : 206
  response.writeHead(status, {
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    'content-type': 'application/octet-stream',
    'last-modified': mtime.toUTCString(),
    ...defined({ 'content-range': range === null ? undefined : `bytes ${start}-${end}/${size}` }),
  })
  if (request.method === 'HEAD' || size === 0) response.end()
  else if (fault !== undefined && 'cutAfter' in fault.kind) {
    const bytes = readFileSync(file).subarray(start, start + fault.kind.cutAfter)
    response.write(bytes, () => response.destroy())
  } else if (fault !== undefined && 'corrupt' in fault.kind) {
    const bytes = readFileSync(file)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
    response.end(bytes.subarray(start, end + 1))
  } else {
    const stream = createReadStream(file, { start, end })
    stream.on('error', () => response.destroy())
    stream.pipe(response)
  }
  return status
}

function find(host: string, path: string): string | undefined {
  if (!(host in settings.names)) return undefined
  const files = settings.roots.map((root) => join(root, host, path))
  return files.find((file) => existsSync(file) && statSync(file).isFile())
}

/** The first requested fault of this address and client that is not used up. */
function faultFor(address: string, client: string): Fault | undefined {
  const file = join(settings.state, 'faults.json')
  if (!existsSync(file)) return undefined
  const faults: readonly Fault[] = JSON.parse(readFileSync(file, 'utf8'))
  return faults.find((fault) => {
    if (!address.includes(fault.match) || fault.match.startsWith('names:') !== address.startsWith('names:'))
      return false
    if (fault.from !== undefined && client.replace(/^::ffff:/, '') !== fault.from) return false
    const key = JSON.stringify(fault)
    const used = hits.get(key) ?? 0
    if (fault.times !== undefined && used >= fault.times) return false
    hits.set(key, used + 1)
    return true
  })
}

function note(request: Request): void {
  appendFileSync(join(settings.state, 'requests.jsonl'), `${JSON.stringify(request)}\n`)
}

const listening = (open: (done: () => void) => unknown): Promise<void> =>
  new Promise((done) => {
    open(done)
  })
const names = createSocket('udp4')
names.on('message', (query, peer) => {
  const reply = answerName(query, settings.names)
  if (reply === undefined) return
  const fault = faultFor('names:', peer.address)
  if (fault !== undefined && 'answer' in fault.kind) reply.writeUInt8((reply[3] ?? 0) | fault.kind.answer, 3)
  const delay = fault !== undefined && 'delay' in fault.kind ? fault.kind.delay : 0
  setTimeout(() => names.send(reply, peer.port, peer.address), delay)
})
const certificate = {
  key: readFileSync(join(settings.keys, 'server.key')),
  cert: readFileSync(join(settings.keys, 'server.crt')),
}
await Promise.all([
  listening((done) => names.bind(53, settings.address, done)),
  listening((done) => createServer(serve).listen(80, settings.address, done)),
  listening((done) => createSecureServer(certificate, serve).listen(443, settings.address, done)),
])
writeFileSync(join(settings.state, 'internet.ready'), '')
