import { UnreachableError } from '../base/errors.ts'

/**
 * The connection was lost during a read. Reads change nothing: reconnect and read again. Extends
 * `UnreachableError`, so that callers can treat the host as unreachable.
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
