import { UnreachableError } from '../base/errors.ts'

/**
 * The connection dropped while a read was under way. Reads change nothing: reconnect and read again.
 * An `UnreachableError`, so that who does not care treats the host as unreachable.
 */
export class ConnectionLostError extends UnreachableError {
  constructor(host: string, why: string) {
    super({
      code: 'connection-lost',
      message: `the connection to ${host} dropped: ${why}`,
      hint: 'run again: finished tasks are kept, the rest is applied',
    })
    this.name = 'ConnectionLostError'
  }
}
