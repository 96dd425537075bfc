import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { defined } from '../base/defined.ts'
import { createSecrets } from '../base/secrets.ts'
import { UnknownError, Unknown } from '../base/unknown.ts'
import { HostError } from '../base/errors.ts'
import type { PendingNote } from '../host/expectation.ts'
import { scripts } from '../host/means.ts'
import { noteActions, noteFile } from '../host/notes.ts'
import { carryOutOwn } from '../host/own-actions.ts'
import { createReader } from '../host/reader.ts'
import { createLocalShell } from '../host/testing/local-shell.ts'
import { createTestMachine } from '../host/testing/test-machine.ts'
import { type Scratch, scratch } from '../host/testing/scratch.ts'
import type { Task } from '../language/model.ts'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { playsOf } from '../language/testing/playbooks.ts'
import type { FleetHost } from './fleet.ts'
import { createHostVariables } from './host-variables.ts'
import type { Leases } from './leases.ts'
import type { Machine } from './machine.ts'
import { createPending, type PendingHandlers } from './pending.ts'
import { fakeMachine, fakeReach } from './testing/fake-reach.ts'

const { signal } = new AbortController()

interface House {
  readonly node: FleetHost
  readonly container: FleetHost
  readonly leases: Leases
  /** Machines whose lease was requested. */
  readonly leased: readonly string[]
  /** Records notes like a change on this machine. */
  note(on: FleetHost, notes: readonly PendingNote[]): Promise<void>
  /** Returns the number of notes on it. */
  waiting(on: FleetHost): number
  /** Returns the number of scripts sent to this host. */
  asked(on: FleetHost): number
}

/** A node and its container: both are this machine, with separate state directories. */
function house(dir: Scratch): House {
  const shells = new Map<Machine, ReturnType<typeof createLocalShell>>()
  const hostOf = (machine: Machine, node?: FleetHost): FleetHost => {
    const shell = createLocalShell()
    shells.set(machine, shell)
    const { name, placement } = machine
    const reader = createReader({
      name,
      shell: async () => shell,
      signal,
      placement,
      controller: { file: async () => undefined, text: async () => undefined },
      ...defined({ node: node?.reader() }),
    })
    const nothing = {
      secrets: createSecrets(),
      inventory: () => new Map(),
      extra: new Map(),
      localSources: { environment: {}, files: memoryFiles({}) },
      factNames: [],
      builtIn: {},
    }
    return { machine, variables: createHostVariables({ name, ...nothing }), reader: () => reader }
  }
  const reach = fakeReach()
  const node = hostOf(fakeMachine('pve1', { reach, stateDirectory: dir.path('pve1') }))
  const container = hostOf(
    fakeMachine('ct101', { reach, node: node.machine, ctid: '101', stateDirectory: dir.path('ct101') }),
    node,
  )
  const leased: string[] = []
  const accessOf: Leases['accessOf'] = async ({ name }) =>
    createTestMachine({ name, stateDirectory: dir.path(name) })
  return {
    node,
    container,
    leased,
    leases: {
      accessOf,
      means: scripts,
      token: () => undefined,
      prepare: () => undefined,
      take: ({ name }) => {
        leased.push(name)
        return Promise.resolve('taken')
      },
    },
    async note({ machine }, notes) {
      const access = await accessOf(machine, undefined)
      await carryOutOwn(noteActions(notes, dir.path(machine.name)), access, { signal })
    },
    waiting: ({ machine }) => readdirSync(dir.path(`${machine.name}/pending`)).length,
    asked: ({ machine }) => shells.get(machine)?.scripts.length ?? 0,
  }
}

function pendingOf({ container, node, leases }: House): PendingHandlers {
  return createPending(container, node, leases)
}

/** The only task of a play, which notifies these handlers. */
function taskThatNotifies(...names: readonly string[]): Task {
  const notify = names.length === 0 ? '' : `\n      notify: [${names.join(', ')}]`
  const handlers = names.map((name) => `\n    - name: ${name}\n      command: "true"`).join('')
  const [play] = playsOf({
    '/p/site.yml': `- hosts: all\n  tasks:\n    - command: "true"${notify}\n${names.length === 0 ? '' : `  handlers:${handlers}\n`}`,
  })
  const task = play?.sections[0]?.tasks[0]
  assert.ok(task)
  return task
}

test('the next run finds the notes of a task, on the host or on its node', async () => {
  using dir = scratch()
  const there = house(dir)
  const task = taskThatNotifies('one', 'two')
  const earlier = pendingOf(there)
  const [one, two] = earlier.notes(task, there.container.machine)
  assert.ok(one && two)
  await there.note(there.container, [one])
  await there.note(there.node, [two])
  assert.deepEqual(await pendingOf(there).read(), [
    { host: 'ct101', name: 'one', by: task.key },
    { host: 'ct101', name: 'two', by: task.key },
  ])
})

test('a task that notifies no handler records nothing', async () => {
  using dir = scratch()
  const there = house(dir)
  const pending = pendingOf(there)
  assert.deepEqual(pending.notes(taskThatNotifies(), there.container.machine), [])
  await pending.strike(['one'])
  assert.deepEqual(there.leased, [])
})

test('the same handler of two hosts has two notes, and each host finds its own', async () => {
  using dir = scratch()
  const there = house(dir)
  const task = taskThatNotifies('one')
  const ofNode = createPending(there.node, undefined, there.leases)
  const [own] = ofNode.notes(task, there.node.machine)
  const [containers] = pendingOf(there).notes(task, there.node.machine)
  assert.ok(own && containers)
  assert.notEqual(own.key, containers.key)
  await there.note(there.node, [own, containers])
  assert.deepEqual(
    [...(await ofNode.read()), ...(await pendingOf(there).read())].map((found) => Object(found).host),
    ['pve1', 'ct101'],
  )
})

test('notes of other versions of gpuplay are ignored', async () => {
  using dir = scratch()
  const there = house(dir)
  const good = { host: 'ct101', name: 'one', by: 'a task' }
  const values = [
    null,
    'text',
    [],
    {},
    { ...good, by: 1 },
    { ...good, name: null },
    { host: 'ct101', name: 'x' },
  ]
  await there.note(there.container, [
    ...values.map((value, index) => ({ key: `bad ${index}`, value })),
    { key: 'good', value: good },
  ])
  writeFileSync(dir.path('ct101/pending/0123456789abcdef0123456789abcdef'), 'not even JSON')
  assert.deepEqual(
    (await pendingOf(there).read()).map(({ name }) => name),
    ['one'],
  )
})

test('notes of earlier runs are read once', async () => {
  using dir = scratch()
  const there = house(dir)
  const pending = pendingOf(there)
  assert.deepEqual(await pending.read(), [])
  const asked = there.asked(there.container)
  assert.ok(asked > 0)
  await there.note(there.container, pending.notes(taskThatNotifies('one'), there.container.machine))
  assert.deepEqual(await pending.read(), [])
  assert.equal(there.asked(there.container), asked)
})

test('notes of handlers that have run are deleted where they were recorded or found, under the lease', async () => {
  using dir = scratch()
  const there = house(dir)
  const { container, node } = there
  const task = taskThatNotifies('one', 'two', 'three')
  const written = pendingOf(there)
  await there.note(container, written.notes(task, container.machine))
  await there.note(node, createPending(node, undefined, there.leases).notes(task, node.machine))
  await written.strike(['one'])
  assert.deepEqual([there.leased, there.waiting(container), there.waiting(node)], [['ct101'], 2, 3])

  const found = pendingOf(there)
  await found.read()
  await found.strike(['two', 'never noted'])
  assert.deepEqual([there.leased, there.waiting(container), there.waiting(node)], [['ct101', 'ct101'], 1, 3])
  assert.deepEqual(
    (await found.left()).map(({ name }) => name),
    ['three'],
  )
})

test('remaining notes are read again at the end, only on hosts where notes were recorded or read', async () => {
  using dir = scratch()
  const there = house(dir)
  const quiet = pendingOf(there)
  assert.deepEqual(await quiet.left(), [])
  assert.equal(there.asked(there.container), 0)

  const pending = pendingOf(there)
  await pending.read()
  const [note] = pending.notes(taskThatNotifies('one'), there.node.machine)
  assert.ok(note)
  await there.note(there.node, [note])
  assert.deepEqual(
    (await pending.left()).map(({ name }) => name),
    ['one'],
  )
  rmSync(noteFile(note, dir.path('pve1')).path)
  assert.deepEqual(await pending.left(), [])
})

test('a note is a file that names the host, the handler and the task', async () => {
  using dir = scratch()
  const there = house(dir)
  const task = taskThatNotifies('one')
  const [note] = pendingOf(there).notes(task, there.container.machine)
  assert.ok(note)
  await there.note(there.container, [note])
  assert.deepEqual(JSON.parse(readFileSync(noteFile(note, dir.path('ct101')).path, 'utf8')), {
    key: JSON.stringify(['ct101', 'one']),
    value: { host: 'ct101', name: 'one', by: task.key },
  })
})

test('an unreadable host has no notes, and its node still has its own', async () => {
  using dir = scratch()
  const there = house(dir)
  const [note] = pendingOf(there).notes(taskThatNotifies('one'), there.node.machine)
  assert.ok(note)
  await there.note(there.node, [note])
  const failing = (error: Error): FleetHost => {
    const reader = there.container.reader()
    const list = async (): Promise<never> => {
      throw error
    }
    return {
      ...there.container,
      reader: () => ({ ...reader, view: () => ({ ...reader.view(), list }) }),
    }
  }
  for (const error of [
    new HostError({ code: 'not-permitted', message: 'no' }),
    new UnknownError(new Unknown('it is started first')),
  ]) {
    const pending = createPending(failing(error), there.node, there.leases)
    assert.deepEqual(
      (await pending.read()).map(({ name }) => name),
      ['one'],
    )
  }
  const broken = createPending(failing(new TypeError('a mistake of ours')), there.node, there.leases)
  await assert.rejects(broken.read(), TypeError)
})

test('a note that cannot be deleted is a failure', async () => {
  using dir = scratch()
  const there = house(dir)
  const pending = pendingOf(there)
  const [note] = pending.notes(taskThatNotifies('one'), there.container.machine)
  assert.ok(note)
  mkdirSync(noteFile(note, dir.path('ct101')).path, { recursive: true })
  await assert.rejects(pending.strike(['one']), HostError)
})

test('a read in progress can be waited for; without one there is nothing to wait for', async () => {
  using dir = scratch()
  const there = house(dir)
  const pending = pendingOf(there)
  await pending.looked()
  assert.equal(there.asked(there.container), 0)
  const order: string[] = []
  const read = pending.read().then(() => order.push('read'))
  await pending.looked().then(() => order.push('looked'))
  await read
  assert.deepEqual(order, ['read', 'looked'])
})
