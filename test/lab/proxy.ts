/**
 * A port of this machine that forwards to a distant one. It delays all bytes, and counts the waits for an
 * answer.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface DistantPort {
  /** On 127.0.0.1. */
  readonly port: number
  /**
   * The number of times so far that the near side had to wait for an answer before it could send. This is the
   * length of the longest chain of messages, each sent after the previous one had arrived. Simultaneous
   * messages count once.
   */
  waits(): number
  close(): Promise<void>
}

export interface Far {
  readonly host: string
  readonly port: number
  /** Delay of every byte in either direction in milliseconds: half a round trip. */
  readonly delay: number
}

/**
 * Forwards to `far`. Connections open, and data arrives, exactly when they would over a line with that delay.
 */
export async function distantPort({ host, port, delay }: Far): Promise<DistantPort> {
  // Logical clocks: a message is one link further in the chain than every message that had arrived when it
  // was sent.
  const arrived = { near: 0, far: 0 }
  const sockets = new Set<Socket>()

  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.setNoDelay(true)
    // The near side sees an open connection at once. Over a real line it would see it after a round trip, and
    // the far side half a round trip later.
    const far = later(3 * delay).then(() => connect({ host, port, noDelay: true, allowHalfOpen: true }))
    let before: Promise<unknown> = far
    const pass = (deliver: (target: Socket) => void): void => {
      const due = Promise.all([before, later(delay)])
      before = due.then(async () => deliver(await far))
      before.catch(() => near.destroy())
    }
    sockets.add(near)
    near.on('close', () => sockets.delete(near))
    near.on(
      'error',
      () =>
        void far.then(
          (socket) => socket.destroy(),
          () => undefined,
        ),
    )
    near.on('data', (chunk) => {
      const link = arrived.near + 1
      pass((target) => {
        arrived.far = Math.max(arrived.far, link)
        target.write(chunk)
      })
    })
    near.on('end', () => pass((target) => target.end()))
    far.then(
      (socket) => {
        sockets.add(socket)
        socket.on('error', () => setTimeout(() => near.destroy(), delay))
        socket.on('data', (chunk) => {
          const link = arrived.far
          setTimeout(() => {
            arrived.near = Math.max(arrived.near, link)
            near.write(chunk)
          }, delay)
        })
        socket.on('end', () => setTimeout(() => near.end(), delay))
        socket.on('close', () => sockets.delete(socket))
      },
      () => near.destroy(),
    )
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    waits: () => arrived.near,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds))
}
