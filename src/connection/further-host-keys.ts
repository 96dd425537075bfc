import type { Client } from 'ssh2'

/**
 * Prevents ssh2 from asking every server to prove all its host keys after the login (OpenSSH's PROTOCOL,
 * section 2.5). The server would sign with each key, RSA included, and ssh2 would check each signature: a
 * third of a handshake, for an event without listeners. ssh2 has no setting for it.
 *
 * Call it before the login. If the internals of ssh2 have changed, it does nothing.
 */
export function ignoreFurtherHostKeys(client: Client): void {
  const handlers = fieldOf(fieldOf(client, '_protocol'), '_handlers')
  const handle = fieldOf(handlers, 'GLOBAL_REQUEST')
  if (typeof handle !== 'function' || typeof handlers !== 'object' || handlers === null) return
  Reflect.set(handlers, 'GLOBAL_REQUEST', (...parameters: unknown[]) => {
    if (parameters[1] !== 'hostkeys-00@openssh.com') Reflect.apply(handle, undefined, parameters)
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
