import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import type { Target } from '../connection/connection.ts'
import { createSecrets, type Secrets } from '../base/secrets.ts'
import type { Fact } from '../host/facts.ts'
import { scripts } from '../host/means.ts'
import { createOverlay } from '../host/overlay.ts'
import { createLocalShell } from '../host/testing/local-shell.ts'
import { inventoryOf } from '../inventory/testing/inventories.ts'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'
import { Unread } from './host-variables.ts'
import { createProfile } from './profile.ts'
import { type FakeReach, fakeReach } from './testing/fake-reach.ts'

const root = { user: 'root', method: 'sudo' } as const
const pve1 = hostName('pve1')
const ct101 = hostName('ct101')
const ct102 = hostName('ct102')

const hosts = `all:
  children:
    nodes:
      hosts:
        pve1: { become: true, become_password: open sesame }
        pve2: { greeting: hello }
    guests:
      hosts:
        ct101: { ctid: 101, node: pve1 }
        ct102: { ctid: 102, node: pve1 }
        ct201: { ctid: 201, node: pve2 }
`

interface Started {
  readonly fleet: Fleet
  readonly reach: FakeReach
  readonly secrets: Secrets
  /** Hosts and their events. */
  readonly told: readonly string[]
  /** Names of facts, once per read. */
  readonly read: readonly string[]
}

function start(options: Partial<FleetOptions> = {}): Started {
  const reach = fakeReach()
  const secrets = createSecrets()
  const told: string[] = []
  const read: string[] = []
  const fact = (name: string, answer: () => unknown): Fact => ({
    name,
    description: name,
    example: 'x',
    schema: {},
    async read(host) {
      read.push(`${name} of ${host.name}`)
      return answer()
    },
  })
  const fail = (error: Error) => (): never => {
    throw error
  }
  const fleet = createFleet({
    inventory: { now: inventoryOf({ '/i/hosts.yml': hosts }) },
    extra: new Map(),
    facts: [
      fact('os', () => 'debian'),
      fact('later', fail(new UnknownError(new Unknown('it is installed first')))),
      fact('broken', fail(new HostError({ code: 'not-permitted', message: 'no' }))),
    ],
    defaults: {},
    reach,
    means: scripts,
    overlay: undefined,
    controller: { file: async () => undefined, text: async () => undefined },
    localSources: { environment: {}, files: memoryFiles({}) },
    emitter: { emit: (event) => void told.push(`${event.type} ${'host' in event ? event.host : ''}`) },
    secrets,
    check: false,
    reachable: (name) => name === pve1 || name === ct101,
    signal: new AbortController().signal,
    sleep: () => Promise.resolve(),
    clock: () => 0,
    ...options,
  })
  return { fleet, reach, secrets, told, read }
}

test('a host is made once; a container shares the machine of its node', () => {
  const { fleet } = start()
  const container = fleet.host(ct101)
  const node = fleet.host(pve1)
  assert.equal(fleet.host(ct101), container)
  assert.equal(container.machine.node, node.machine)
  assert.deepEqual(node.machine.containers, [container.machine])
  assert.equal(container.machine.epoch, node.machine.epoch)
  assert.deepEqual([fleet.nodeOf(ct101), fleet.nodeOf(pve1)], [pve1, undefined])
  assert.equal(container.reader().node, node.reader())
})

test('localhost always exists, and asking for a host outside the inventory is a bug', () => {
  const { fleet } = start()
  assert.equal(fleet.host(hostName('localhost')).machine.name, 'localhost')
  assert.throws(() => fleet.host(hostName('nobody')), /no host nobody/)
})

test('each user has a separate reader, and forgetting affects all of them', async () => {
  const shell = createLocalShell()
  const { fleet } = start({ reach: { ...fakeReach(), openShell: async () => shell } })
  const host = fleet.host(pve1)
  const mine = host.reader()
  assert.equal(host.reader(root), mine)
  const other = host.reader({ user: 'postgres', method: 'sudo' })
  assert.notEqual(other, mine)
  const asked = async (): Promise<number> => {
    const before = shell.scripts.length
    for (const reader of [mine, other]) await reader.view().kernel()
    return shell.scripts.length - before
  }
  assert.deepEqual([await asked(), await asked()], [2, 0])
  fleet.forget(host.machine)
  assert.equal(await asked(), 2)
})

test('every host sees its own names, and those of other hosts through hostvars', () => {
  const { fleet } = start({ check: true })
  const scope = fleet.variables(ct101).scope()
  assert.deepEqual(
    ['inventory_hostname', 'group_names', 'check_mode'].map((name) => scope.get(name)),
    ['ct101', ['guests'], true],
  )
  const hostvars = Object(scope.get('hostvars'))
  assert.deepEqual(Object.keys(hostvars), ['pve1', 'pve2', 'ct101', 'ct102', 'ct201', 'localhost'])
  assert.equal(hostvars.pve2.greeting, 'hello')
  fleet.variables(pve1).register('result', 7)
  assert.equal(hostvars.pve1.result, 7)
  assert.ok(!('hostvars' in hostvars.pve1))
  assert.deepEqual(Object(scope.get('groups')).nodes, ['pve1', 'pve2'])
})

test('a node lists only those of its containers that may be touched', () => {
  const { fleet } = start()
  const containers = (node: string) => fleet.variables(hostName(node)).scope().get('node_containers')
  assert.deepEqual(containers('pve1'), [{ name: 'ct101', ctid: '101' }])
  assert.deepEqual(containers('pve2'), [])
})

test('the engine reads variables without facts; their secrets are never shown, read or not', () => {
  const { fleet, secrets } = start()
  const read = fleet.variable(pve1)
  assert.deepEqual([read('nothing'), read('become')], [undefined, true])
  assert.equal(secrets.holds('I say: open sesame'), true)
  assert.ok(read('become_password') instanceof Secret)
  fleet.variables(pve1).register('unread', new Unread(pve1, 'os'))
  assert.equal(read('unread'), undefined)
})

test('application variables named port, user or become do not change the connection', () => {
  const { fleet } = start({
    inventory: {
      now: inventoryOf({
        '/i/hosts.yml':
          'all: {hosts: {a: {ansible_host: "{{ ip }}", ip: 192.0.2.1, ansible_port: 2022, port: 8081, user: app, ansible_user: root}}}\n',
      }),
    },
  })
  const name = hostName('a')
  // Registered variables do not change it either.
  fleet.variables(name).register('ansible_port', 1)
  const read = fleet.variable(name)
  assert.deepEqual([read('address'), read('port'), read('user')], ['192.0.2.1', 2022, 'root'])
  const scope = fleet.variables(name).scope()
  assert.deepEqual([scope.get('port'), scope.get('user')], [8081, 'app'])
})

test('the typed sudo password is never shown', () => {
  const { secrets } = start({ defaults: { becomePassword: new Secret('typed') } })
  assert.equal(secrets.redact('I typed it'), 'I (secret) it')
})

test('a fact is read into the variables of its host; one that cannot be known yet is Unknown', async () => {
  const { fleet, read } = start({ overlay: createOverlay() })
  const facts = (): Readonly<Record<string, unknown>> => Object(fleet.variables(ct101).scope().get('facts'))
  assert.ok(facts()['os'] instanceof Unread)
  await fleet.readFact(new Unread(ct101, 'os'))
  await fleet.readFact(new Unread(ct101, 'later'))
  assert.equal(facts()['os'], 'debian')
  const later = facts()['later']
  assert.ok(later instanceof Unknown && !(later instanceof Unread))
  assert.equal(later.why, 'it is installed first')
  await assert.rejects(fleet.readFact(new Unread(ct101, 'broken')), HostError)
  assert.ok(facts()['broken'] instanceof Unread)
  await assert.rejects(fleet.readFact(new Unread(ct101, 'none')), /no fact none/)
  assert.deepEqual(read, ['os of ct101', 'later of ct101', 'broken of ct101'])
})

test('forgetting a node forgets its containers too, and no other host', async () => {
  const { fleet } = start()
  const all = [pve1, ct101, hostName('pve2')]
  for (const name of all) {
    fleet.host(name)
    await fleet.readFact(new Unread(name, 'os'))
  }
  const known = () => all.map((name) => Object(fleet.variables(name).scope().get('facts')).os)
  assert.deepEqual(known(), ['debian', 'debian', 'debian'])
  fleet.forget(fleet.host(pve1).machine)
  assert.deepEqual(
    known().map((fact) => fact === 'debian'),
    [false, false, true],
  )
  assert.deepEqual(
    all.map((name) => fleet.host(name).machine.epoch.value),
    [1, 1, 0],
  )
})

test('reading and acting share one shell, except with containers', async () => {
  const { fleet } = start()
  const alone = fleet.host(hostName('pve2')).machine
  const node = fleet.host(pve1).machine
  const container = fleet.host(ct101).machine
  const other = fleet.host(ct102).machine
  const shellOf = async (machine: typeof node) => (await fleet.accessOf(machine, machine.privilege)).shell()

  assert.equal(await shellOf(alone), await alone.shell('read', undefined))
  assert.equal(await shellOf(container), await container.shell('read', undefined))
  assert.notEqual(await shellOf(node), await node.shell('read', node.privilege))

  // Each container uses a separate shell on the node.
  const nodesShell = async (machine: typeof node) =>
    (await fleet.accessOf(machine, machine.privilege)).node?.shell()
  const shells = [await shellOf(node), await nodesShell(container), await nodesShell(other)]
  assert.equal(new Set(shells).size, 3)
  assert.equal(await nodesShell(container), shells[1])
})

test('the access of an action has the state directory only under a lease and as the user who owns it', async () => {
  const { fleet } = start({ stateDirectory: '/state' })
  const { machine } = fleet.host(ct101)
  const before = await fleet.accessOf(machine, undefined)
  assert.deepEqual(
    [before.name, before.ctid, before.stateDirectory, before.node?.name, before.node?.ctid],
    ['ct101', '101', undefined, 'pve1', undefined],
  )
  machine.lease = {
    token: 1,
    ended: new AbortController().signal,
    release: () => Promise.resolve(),
  }
  assert.equal((await fleet.accessOf(machine, undefined)).stateDirectory, '/state')
  assert.equal((await fleet.accessOf(machine, root)).stateDirectory, undefined)
})

test('connecting is reported, and its time counted for the host', async () => {
  let now = 0
  const profile = createProfile(() => now)
  const slow = fakeReach()
  const targets: Target[] = []
  const { fleet, told } = start({
    profile,
    reach: {
      ...slow,
      connect(target, signal) {
        targets.push(target)
        now += 5
        return slow.connect(target, signal)
      },
      openShell(connection, signal) {
        now += 2
        return slow.openShell(connection, signal)
      },
    },
  })
  await fleet.host(pve1).machine.shell('read', undefined)
  assert.deepEqual(
    targets.map(({ kind }) => kind),
    ['ssh'],
  )
  assert.deepEqual(told, ['host.connecting pve1', 'host.connected pve1'])
  assert.deepEqual(
    profile.times?.map(({ host, connect }) => [host, connect]),
    [['pve1', 7]],
  )
})

test('closing the fleet closes all shells, and then the connections', async () => {
  const order: string[] = []
  const reach = fakeReach()
  const { fleet } = start({
    reach: { ...reach, close: async () => void order.push(`connections, ${reach.open.length} shells open`) },
  })
  await fleet.host(ct101).machine.shell('read', undefined)
  await fleet.host(pve1).machine.shell('read', root)
  assert.equal(reach.open.length, 2)
  await fleet.close()
  assert.deepEqual(order, ['connections, 0 shells open'])
})
