import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { tcpSocket } from './ssh-socket.ts'

describe('the socket of an ssh connection', () => {
  const received: string[] = []
  let server: Server
  let port = 0
  let over: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (over = resolve))
  before(async () => {
    server = createServer((socket: Socket) => {
      socket.setEncoding('utf8').on('data', (text: string) => received.push(text))
      socket.on('end', () => over())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address !== null) ({ port } = address)
  })
  after(() => server.close())

  test('sends data that is written in one turn together, at the end of the turn', async () => {
    const { signal } = new AbortController()
    const socket = await tcpSocket({ hostname: '127.0.0.1', port }, signal)
    let written = 0
    for (const part of ['length ', 'text ', 'tag ']) socket.write(part, () => (written += 1))
    assert.deepEqual([socket.writableCorked, socket.writableLength], [1, 16])
    await new Promise(setImmediate)
    assert.equal(socket.writableCorked, 0)
    socket.end('last')
    await ended
    assert.deepEqual([received.join(''), written], ['length text tag last', 3])
  })
})
