/** Servers between a test and an sshd. */
import { type Socket, connect as connectTcp, createServer } from 'node:net'

/** Starts a server. Returns its port. */
export function listening(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

/** A TCP proxy whose connections can be cut. */
export async function startProxy(
  port: number,
  drop: () => boolean = () => false,
): Promise<{ port: number; cut(how: 'reset' | 'end'): void; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    near.on('error', () => {})
    if (drop()) {
      near.destroy()
      return
    }
    const far = connectTcp(port, '127.0.0.1')
    far.on('error', () => {})
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.pipe(far).pipe(near)
    sockets.add(near)
  })
  return {
    port: await listening(server),
    cut(how) {
      for (const socket of sockets) {
        if (how === 'reset') socket.resetAndDestroy()
        else socket.end()
      }
      sockets.clear()
    },
    close: () => server.close(),
  }
}
