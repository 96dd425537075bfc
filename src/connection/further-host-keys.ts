import type { Client } from 'ssh2'

/**
 * Keeps ssh2 from having every server prove all its host keys after the login (OpenSSH's PROTOCOL, section
 * 2.5), which costs the server a signature with each, RSA too, and us a check of each: a third of a
 * handshake, for an event that nobody listens to. ssh2 has no setting for it.
 *
 * Must be called before the login. Where ssh2's inside has changed, this does nothing.
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
