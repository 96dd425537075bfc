import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { ConnectionPool } from './connect.ts'
import type { Target } from './connection.ts'
import { testEffects } from './testing/test-effects.ts'
import { calm } from './testing/shells.ts'

function become(user: string, password?: string): Target {
  const given = password === undefined ? {} : { password: new Secret(password) }
  return { kind: 'local', become: { user, method: 'sudo', ...given } }
}

function container(node: Target): Target {
  return { kind: 'pct', ctid: '101', node }
}

test('targets share a connection only if they have the same password', async () => {
  const pool = new ConnectionPool(testEffects())
  const connect = async (target: Target): Promise<unknown> => pool.connect(target, calm)
  const one = await connect(become('root', 'one'))
  assert.equal(await connect(become('root', 'one')), one)
  for (const other of [become('root', 'two'), become('root'), become('backup', 'one')])
    assert.notEqual(await connect(other), one)

  const inside = await connect(container(become('root', 'one')))
  assert.equal(await connect(container(become('root', 'one'))), inside)
  for (const other of [become('root', 'two'), become('root'), { kind: 'local' } as const])
    assert.notEqual(await connect(container(other)), inside)

  const login = (given: object): Target => ({ kind: 'openssh', address: 'pve1', ...given })
  const known = await connect(login({ password: new Secret('one') }))
  assert.equal(await connect(login({ password: new Secret('one') })), known)
  for (const other of [{}, { password: new Secret('two') }, { passphrase: new Secret('one') }])
    assert.notEqual(await connect(login(other)), known)
  await pool.close()
})
