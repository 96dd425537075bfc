import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import type { Privilege } from '../connection/connection.ts'
import { becomeFor, reveal } from './host-context.ts'
import type { Ready } from './prepare.ts'
import { wants } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'

function become(
  variables: string,
  wanted: Ready['become'],
  connection: { readonly becomePassword?: Secret } = {},
): Privilege['become'] {
  const inventory = `all: { hosts: { one: { ${variables} } } }`
  const { context } = prepared('- debug: { msg: x }', { inventory, host: 'one' })
  return becomeFor(wants('/a', '1', { ready: { become: wanted } }), { ...context, connection })
}

test('a task without become uses the privilege of the host', () => {
  assert.equal(become('', undefined), undefined)
  assert.equal(become('become: true, become_user: admin', undefined)?.user, 'admin')
})

test('become of a task overrides the host: another user, or none', () => {
  assert.equal(become('', { enabled: true, user: 'www-data' })?.user, 'www-data')
  assert.equal(become('become: true', { enabled: false, user: 'root' }), undefined)
  assert.equal(become('become: true, become_user: admin', { enabled: true, user: 'root' })?.user, 'root')
})

test('the password is that of the host, otherwise that of the command line', () => {
  const typed = { becomePassword: new Secret('typed') }
  const wanted = { enabled: true, user: 'root' }
  assert.equal(become('become_password: written', wanted, typed)?.password?.reveal(), 'written')
  assert.equal(become('', wanted, typed)?.password?.reveal(), 'typed')
  assert.equal(become('', wanted)?.password, undefined)
})

test('programs get the secrets in their environment as text', () => {
  assert.deepEqual(reveal({ A: 'a', B: new Secret('b') }), { A: 'a', B: 'b' })
})
