import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HostName, hostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Target } from '../connection/connection.ts'
import {
  type ConnectionDefaults,
  defaultPrivilege,
  placementOf,
  privilege,
  type ReadVariable,
  targetOf,
  withPrivilege,
} from './targets.ts'

type Hosts = Readonly<Record<string, Readonly<Record<string, unknown>>>>

function reading(hosts: Hosts): (host: HostName) => ReadVariable {
  return (host) => (name) => hosts[host]?.[name]
}

function target(hosts: Hosts, name: string, defaults: ConnectionDefaults = {}): Target {
  return targetOf(hostName(name), { defaults, variablesOf: reading(hosts) })
}

/** Reveals secrets, because assertions consider any two secrets equal. */
function revealed(secret: Secret | undefined): string | undefined {
  return secret?.reveal()
}

test('a host without variables is reached over ssh by its name, and its host key must be known', () => {
  assert.deepEqual(target({}, 'pve1'), { kind: 'ssh', address: 'pve1', hostKeyChecking: 'strict' })
})

test('localhost is this machine, unless it has an address or a connection', () => {
  assert.deepEqual(target({}, 'localhost'), { kind: 'local' })
  assert.equal(target({ localhost: { address: '127.0.0.1' } }, 'localhost').kind, 'ssh')
  assert.equal(target({ localhost: { connection: 'ssh' } }, 'localhost').kind, 'ssh')
  assert.deepEqual(target({ one: { connection: 'local', port: 22 } }, 'one'), { kind: 'local' })
})

test('variables of a host take precedence over the command line', () => {
  const defaults: ConnectionDefaults = {
    user: 'u',
    privateKey: '/k',
    hostKeyChecking: 'off',
    connectTimeout: 5,
  }
  const hosts = {
    one: {
      address: '10.0.0.1',
      port: '2222',
      user: 'admin',
      private_key: '/own',
      host_key_checking: 'accept-new',
      known_hosts: '/known',
      proxy_jump: 'jump',
    },
  }
  assert.deepEqual(target(hosts, 'one', defaults), {
    kind: 'ssh',
    address: '10.0.0.1',
    port: 2222,
    user: 'admin',
    privateKey: '/own',
    hostKeyChecking: 'accept-new',
    knownHosts: '/known',
    proxyJump: 'jump',
    connectTimeout: 5,
  })
  assert.deepEqual(target({}, 'two', defaults), {
    kind: 'ssh',
    address: 'two',
    user: 'u',
    privateKey: '/k',
    hostKeyChecking: 'off',
    connectTimeout: 5,
  })
})

test('the connection and the password of the command line count for hosts without their own', () => {
  const password = new Secret('typed')
  const defaults: ConnectionDefaults = { connection: 'openssh', password }
  const hosts = { own: { connection: 'ssh', password: 'its own' }, ct101: { node: 'pve1', ctid: 101 } }
  const given = target({}, 'pve1', defaults)
  assert.ok(given.kind === 'openssh')
  assert.equal(revealed(given.password), 'typed')
  const own = target(hosts, 'own', defaults)
  assert.ok(own.kind === 'ssh')
  assert.equal(revealed(own.password), 'its own')
  assert.equal(target(hosts, 'ct101', defaults).kind, 'pct')
  assert.equal(target({}, 'localhost', defaults).kind, 'local')
  assert.deepEqual(target({}, 'pve1', { connection: 'local' }), { kind: 'local' })
})

test('passwords become secrets, however they are written', () => {
  for (const password of ['swordfish', new Secret('swordfish')]) {
    const hosts = {
      one: { connection: 'openssh', password, private_key_passphrase: password, become_password: password },
    }
    const made = target(hosts, 'one')
    assert.ok(made.kind === 'openssh')
    assert.equal(revealed(made.password), 'swordfish')
    assert.equal(revealed(made.passphrase), 'swordfish')
    assert.equal(revealed(privilege('root', reading(hosts)(hostName('one')), {})?.password), 'swordfish')
    assert.ok(!JSON.stringify(made).includes('swordfish'))
  }
  const digits = target({ one: { password: 1234 } }, 'one')
  assert.equal(digits.kind === 'ssh' && revealed(digits.password), '1234')
})

test('a host with a ctid is reached through its node, with the privilege of the node', () => {
  const hosts = {
    ct101: { node: 'pve1', ctid: 101 },
    ct102: { node: 'pve2', ctid: '102' },
    pve1: { become: true, become_user: 'operator', address: '10.0.0.1' },
    pve2: {},
  }
  assert.deepEqual(target(hosts, 'ct101', { user: 'u' }), {
    kind: 'pct',
    ctid: '101',
    node: {
      kind: 'ssh',
      address: '10.0.0.1',
      user: 'u',
      hostKeyChecking: 'strict',
      become: { user: 'operator', method: 'sudo' },
    },
  })
  const plain = target(hosts, 'ct102')
  assert.ok(plain.kind === 'pct' && plain.ctid === '102' && !('become' in plain.node))
})

test('a host on a node that is not a container is reached directly', () => {
  assert.equal(target({ vm: { node: 'pve1' }, pve1: {} }, 'vm').kind, 'ssh')
})

test('a container with its own connection is reached directly', () => {
  const hosts = { ct101: { node: 'pve1', ctid: 101, connection: 'ssh', address: '10.0.0.101' } }
  const made = target(hosts, 'ct101')
  assert.ok(made.kind === 'ssh' && made.address === '10.0.0.101')
})

test('an unknown connection is a broken invariant', () => {
  assert.throws(() => target({ one: { connection: 'telnet' } }, 'one'), /"telnet"/)
})

test('`become` requests privilege, by default of root', () => {
  const asked = new Secret('typed')
  const of = (variables: Readonly<Record<string, unknown>>, defaults: ConnectionDefaults = {}) =>
    defaultPrivilege((name) => variables[name], defaults)
  assert.equal(of({}), undefined)
  assert.equal(of({ become: false, become_user: 'root' }, { becomePassword: asked }), undefined)
  assert.deepEqual(of({ become: true }), { user: 'root', method: 'sudo' })
  assert.deepEqual(of({}, { become: true }), { user: 'root', method: 'sudo' })
  assert.deepEqual(of({}, { become: true, becomeUser: 'ann' }), { user: 'ann', method: 'sudo' })
  assert.equal(of({ become: false }, { become: true }), undefined)
  assert.equal(of({ become: true, become_user: 'postgres' }, { becomeUser: 'ann' })?.user, 'postgres')
  assert.deepEqual(of({ become: true, become_user: 'postgres' }), { user: 'postgres', method: 'sudo' })
  assert.equal(revealed(of({ become: true }, { becomePassword: asked })?.password), 'typed')
  const own = of({ become: true, become_password: 'its own' }, { becomePassword: asked })
  assert.equal(revealed(own?.password), 'its own')
})

test('a task without privilege uses the target unchanged', () => {
  const way: Target = { kind: 'local' }
  assert.equal(withPrivilege(way, undefined), way)
  const become = { user: 'root', method: 'sudo' } as const
  assert.deepEqual(withPrivilege(way, become), { kind: 'local', become })
})

test('a host belongs to a node only if it is one of its containers', () => {
  const placed = (variables: Readonly<Record<string, unknown>>) => placementOf((name) => variables[name])
  assert.deepEqual(placed({ ctid: 101, node: 'pve1', pve_cluster: 'lab' }), {
    ctid: '101',
    nodeName: hostName('pve1'),
    cluster: 'lab',
  })
  assert.deepEqual(placed({ node: 'pve1' }), { ctid: undefined, nodeName: undefined, cluster: undefined })
  assert.deepEqual(placed({ ctid: 101 }), { ctid: '101', nodeName: undefined, cluster: undefined })
})

test('a secret is no part of an address, a user or a path, instead of being ignored', () => {
  const hidden = new Secret('open sesame')
  for (const name of ['address', 'user', 'port', 'private_key', 'known_hosts', 'proxy_jump', 'connection'])
    assert.throws(
      () => target({ pve1: { [name]: hidden } }, 'pve1'),
      (error) => error instanceof InputError && error.problems[0]?.message.startsWith(`"${name}" contains`),
      name,
    )
  const read = reading({ pve1: { become: true, become_user: hidden } })(hostName('pve1'))
  assert.throws(() => defaultPrivilege(read, {}), /"become_user" contains a secret/)
  const { password } = { password: hidden, ...target({ pve1: { password: hidden } }, 'pve1') }
  assert.equal(revealed(password), 'open sesame')
})
