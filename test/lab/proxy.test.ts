import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { distantPort } from './proxy.ts'

describe('a distant port', () => {
  // Returns each line unchanged, and `later N` after N milliseconds.
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').slice(0, -1)) {
        const wait = /^later (\d+)$/.exec(line)?.[1]
        if (wait === undefined) socket.write(`${line}\n`)
        else setTimeout(() => socket.write(`${line}\n`), Number(wait))
      }
    })
  })
  let port = 0
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    port = address === null || typeof address === 'string' ? assert.fail('no port') : address.port
  })
  after(() => void server.close())

  /** Sends the lines in the given order, and returns the number of waits. */
  async function waitsOf(talk: (send: Send) => Promise<unknown>): Promise<number> {
    const distant = await distantPort({ host: '127.0.0.1', port, delay: 20 })
    const socket = connect(distant.port, '127.0.0.1')
    await talk(sender(socket))
    const waits = distant.waits()
    socket.destroy()
    await distant.close()
    return waits
  }

  it('counts every answer that the sender waited for', async () => {
    const waits = await waitsOf(async (send) => {
      await send('a')
      await send('b')
      await send('c')
    })
    assert.equal(waits, 3)
  })

  it('counts simultaneous questions once', async () => {
    assert.equal(await waitsOf((send) => Promise.all([send('a'), send('b'), send('c')])), 1)
  })

  it('does not count a question that was sent before the previous answer arrived', async () => {
    const waits = await waitsOf(async (send) => {
      const slow = send('later 60')
      await new Promise((resolve) => void setTimeout(resolve, 10))
      await Promise.all([slow, send('b')])
    })
    assert.equal(waits, 1)
  })

  it('forwards the end of a connection from either side', async () => {
    const distant = await distantPort({ host: '127.0.0.1', port, delay: 1 })
    const arrived = new Promise<Socket>((resolve) => server.once('connection', resolve))
    const socket = connect(distant.port, '127.0.0.1')
    const closed = once(socket, 'close')
    const far = await arrived
    const ended = once(far, 'end')
    socket.resume().end('bye\n')
    await ended
    far.destroy()
    await closed
    await distant.close()
  })
})

type Send = (line: string) => Promise<void>

/** Resolves when the line has been returned. */
function sender(socket: Socket): Send {
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString()
  })
  return async (line) => {
    socket.write(`${line}\n`)
    while (!received.includes(`${line}\n`)) await once(socket, 'data')
  }
}
