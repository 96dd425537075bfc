/** A port of this machine that leads to a distant one: bytes take their time, and the waits for an answer are counted. */
import { connect, createServer, type Socket } from 'node:net'

export interface DistantPort {
  /** On 127.0.0.1. */
  readonly port: number
  /**
   * How often the near side had to wait for an answer before it could send what it sent, so far: the longest chain of
   * messages each of which was sent after the one before it had arrived. What is under way at the same time counts once.
   */
  waits(): number
  close(): Promise<void>
}

export interface Far {
  readonly host: string
  readonly port: number
  /** Milliseconds that every byte takes in either direction: half a round trip. */
  readonly delay: number
}

/** Leads to `far`. A connection stands, and data arrives, exactly when it would over a line of that length. */
export async function distantPort({ host, port, delay }: Far): Promise<DistantPort> {
  // Logical clocks: a message is one link further in the chain than anything that had arrived when it was sent.
  const arrived = { near: 0, far: 0 }
  const sockets = new Set<Socket>()

  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.setNoDelay(true)
    // The near side believes in the connection at once; over a real line it would after a round trip, and half a one later
    // the far side would know.
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
