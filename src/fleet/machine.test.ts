import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import type { Reach } from './machine.ts'
import { fakeMachine, fakeReach } from './testing/fake-reach.ts'

test('a shell opens on first use, once per purpose and user', async () => {
  const reach = fakeReach()
  const told: string[] = []
  const machine = fakeMachine('one', { reach, told: (what) => void told.push(what) })
  assert.equal(reach.open.length, 0)
  const [first, again] = await Promise.all([
    machine.shell('read', undefined),
    machine.shell('read', undefined),
  ])
  assert.equal(first, again)
  await machine.shell('act', undefined)
  await machine.shell('read', { user: 'root', method: 'sudo' })
  assert.equal(reach.open.length, 3)
  assert.deepEqual(told, ['connecting', 'connected'])
})

test('a shell that has gone or failed to open is opened again', async () => {
  const reach = fakeReach()
  const machine = fakeMachine('one', { reach })
  const first = await machine.shell('read', undefined)
  reach.drop()
  reach.fail(1)
  await assert.rejects(machine.shell('read', undefined), UnreachableError)
  assert.notEqual(await machine.shell('read', undefined), first)
})

test('nothing opens after the end of the machine', async () => {
  const reach = fakeReach()
  const machine = fakeMachine('one', { reach })
  const opening = machine.shell('read', undefined)
  await machine.end()
  await opening
  await assert.rejects(machine.shell('read', undefined), UnreachableError)
  await assert.rejects(machine.shell('act', undefined), UnreachableError)
  assert.equal(reach.open.length, 0)
})

test('taking a node down closes the shells of its containers and releases the leases', async () => {
  const reach = fakeReach()
  const node = fakeMachine('pve1', { reach })
  const container = fakeMachine('ct101', { reach, node, ctid: '101' })
  await Promise.all([node.shell('read', undefined), container.shell('read', undefined)])
  const released: string[] = []
  for (const machine of [node, container]) {
    const release = (): Promise<void> => Promise.resolve(void released.push(machine.name))
    machine.lease = { token: 1, ended: new AbortController().signal, release }
  }
  await node.closeShells()
  assert.equal(reach.open.length, 0)
  assert.deepEqual([node.lease, container.lease, released.sort()], [undefined, undefined, ['ct101', 'pve1']])
})

test('reopening continues until a shell is accepted', async () => {
  const reach = fakeReach()
  const machine = fakeMachine('one', { reach })
  await machine.shell('read', undefined)
  reach.fail(3)
  let asked = 0
  await machine.closeShells()
  const shell = await machine.reopen(60_000, (opened) => {
    asked += 1
    if (asked === 2) reach.greet({ bootId: 'boot-2' })
    return opened.greeting.bootId === 'boot-2'
  })
  assert.deepEqual(
    [asked, shell.greeting.bootId, machine.bootId, reach.open.length],
    [3, 'boot-2', 'boot-2', 1],
  )
})

test('reopening fails with the last reason after its deadline', async () => {
  const reach = fakeReach()
  const machine = fakeMachine('one', { reach })
  await assert.rejects(
    machine.reopen(1000, () => false),
    (error: unknown) => error instanceof UnreachableError && error.problem.code === 'did-not-reboot',
  )
  reach.fail(1000)
  await assert.rejects(
    machine.reopen(1000),
    (error: unknown) => error instanceof UnreachableError && error.problem.message === 'down',
  )
})

test("the state directory is the system's for root, and in the home directory for other users", async () => {
  const root = fakeMachine('one')
  assert.deepEqual(
    [await root.stateDirectory(), await root.keepsSystemState()],
    ['/var/lib/gpuplay/v1', true],
  )
  const reach = fakeReach()
  reach.greet({ uid: 1000 })
  const user = fakeMachine('two', { reach })
  assert.equal(await user.stateDirectory(), '/home/me/.local/state/gpuplay/v1')
  assert.equal(user.isRoot(undefined), false)
})

test('callers that wait for the same machine share one wait', async () => {
  const reach = fakeReach()
  let pauses = 0
  const machine = fakeMachine('one', { reach, sleep: () => Promise.resolve(void (pauses += 1)) })
  reach.fail(3)
  const shells = await Promise.all(Array.from({ length: 12 }, () => machine.reopen(60_000)))
  assert.deepEqual([new Set(shells).size, pauses], [1, 3])
  reach.drop()
  assert.notEqual(await machine.reopen(60_000), shells[0])
})

test('the wait for a machine ends in time, although each attempt to connect takes seconds', async () => {
  let now = 0
  const down: Reach = {
    ...fakeReach(),
    openShell: () => {
      now += 4000
      return Promise.reject(new UnreachableError({ code: 'refused', message: 'no route to host' }))
    },
  }
  const sleep = (milliseconds: number): Promise<void> => Promise.resolve(void (now += milliseconds))
  const machine = fakeMachine('one', { reach: down, sleep, clock: () => now })
  await assert.rejects(machine.reopen(30_000), /no route to host/)
  assert.ok(now >= 30_000 && now <= 34_000, String(now))
})
