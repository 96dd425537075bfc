/** The byte streams that carry ssh: TCP, a channel of a jump host, the program of a `ProxyCommand`. */
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { UnreachableError } from '../base/errors.ts'
import { ignore, whenAborted } from './channel.ts'
import type { ConnectionWorld } from './connection-world.ts'
import type { SshConfig } from './ssh-config.ts'

/** Rejects with any error when `signal` aborts; the owner of the signal knows why. */
export function tcpSocket(
  { hostname, port }: Pick<SshConfig, 'hostname' | 'port'>,
  signal: AbortSignal,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: hostname, port, noDelay: true })
    const stopListening = whenAborted(signal, () => socket.destroy(new Error('timed out')))
    socket.once('error', reject)
    socket.once('connect', () => {
      stopListening()
      socket.off('error', reject)
      // Always keep a listener: an error before the handshake would end the process.
      socket.on('error', ignore)
      resolve(gathering(socket))
    })
  })
}

/**
 * Sends the writes of one turn together. ssh2 writes the length, the text and the tag of every packet
 * separately; each write would cost a system call here and a wake-up on the server.
 */
function gathering(socket: Socket): Socket {
  const write = socket.write.bind(socket)
  type Written = (error?: Error | null) => void
  function gather(chunk: string | Uint8Array, written?: Written): boolean
  function gather(chunk: string | Uint8Array, encoding?: BufferEncoding, written?: Written): boolean
  function gather(chunk: string | Uint8Array, how?: BufferEncoding | Written, written?: Written): boolean {
    if (socket.writableCorked === 0) {
      socket.cork()
      queueMicrotask(() => socket.uncork())
    }
    return typeof how === 'function' ? write(chunk, how) : write(chunk, how, written)
  }
  socket.write = gather
  return socket
}

/**
 * Rejects with any error when `signal` aborts.
 * @throws UnreachableError if the jump host reports that it cannot connect
 */
export function forwardedSocket(
  jump: { readonly client: Client; readonly name: string },
  { hostname, port }: SshConfig,
  signal: AbortSignal,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const stopListening = whenAborted(signal, () => reject(new Error('timed out')))
    jump.client.forwardOut('127.0.0.1', 0, hostname, port, (error, stream) => {
      stopListening()
      if (error !== undefined) reject(jumpRefused(jump.name, `${hostname} port ${port}`, error))
      else if (signal.aborted) stream.destroy()
      else resolve(stream)
    })
  })
}

function jumpRefused(jump: string, place: string, error: Error): UnreachableError {
  return new UnreachableError(
    {
      code: 'jump-refused',
      message: `the jump host ${jump} cannot reach ${place}: ${error.message}`,
      hint: 'check the name and port as the jump host sees them, and that it allows forwarding (AllowTcpForwarding)',
    },
    error,
  )
}

export function proxiedSocket(
  command: string,
  { hostname, port, user }: SshConfig,
  { spawn }: Pick<ConnectionWorld, 'spawn'>,
): Duplex {
  const text = command.replaceAll(/%([%hpr])/g, (_, letter: string) => {
    if (letter === '%') return '%'
    return letter === 'h' ? hostname : letter === 'p' ? String(port) : user
  })
  const child = spawn('/bin/sh', ['-c', `exec ${text}`], { group: false })
  child.on('error', () => {})
  child.stderr.resume()
  const socket = Duplex.from({ readable: child.stdout, writable: child.stdin })
  socket.on('close', () => child.kill())
  return socket
}
