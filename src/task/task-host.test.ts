import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import type { Event } from '../events/events.ts'
import { fakeReach } from '../fleet/testing/fake-reach.ts'
import type { Action } from '../host/action.ts'
import { actions } from '../host/plan.ts'
import { claimsOf } from './claims.ts'
import type { TaskContext } from './task-context.ts'
import { createLocalShell } from '../host/testing/local-shell.ts'
import { createTaskHost, type RealTaskHost } from './task-host.ts'
import { wants, writeTo } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'
import type { Reading } from './unit.ts'

interface Made {
  readonly host: RealTaskHost
  readonly context: TaskContext
  readonly events: readonly Event[]
  /**
   * True if a question about a missing file would be sent to the host now instead of answered from the cache.
   */
  readonly asks: (where?: 'host' | 'node') => Promise<boolean>
}

/** Uses the container `ct` of `pve1`, which are both this machine, as the user with this id; 0 is root. */
function made(uid = 0): Made {
  const events: Event[] = []
  let scripts = 0
  const { context } = prepared('- debug: { msg: x }', {
    inventory: 'all: { hosts: { pve1: , ct: { node: pve1, ctid: "101", connection: pct } } }',
    host: 'ct',
    facts: { os: 'debian' },
    events,
    reach: {
      ...fakeReach(),
      openShell() {
        const shell = createLocalShell()
        return Promise.resolve({
          ...shell,
          greeting: { ...shell.greeting, uid },
          run(script, options) {
            scripts += 1
            return shell.run(script, options)
          },
        })
      },
    },
  })
  const { host } = context
  return {
    host: createTaskHost(context),
    context,
    events,
    async asks(where = 'host') {
      const before = scripts
      const view = host.reader().view()
      await (where === 'node' ? view.node : view).text(missing)
      return scripts > before
    },
  }
}

const missing = '/nothing/is/here'
const action = writeTo(missing, '1')
const elsewhere = writeTo('/nothing/there', '1')

function saw(...keys: readonly string[]): Reading {
  return { seen: undefined, touched: new Map(keys.map((key) => [key, { content: 'absent' }])), rests: false }
}

/** True if a fact of this machine would be read again. */
async function forgets({ context }: Made, name: 'ct' | 'pve1', work: () => void): Promise<boolean> {
  const { machine } = context.host
  const of = name === 'ct' ? machine : machine.node
  assert.ok(of)
  const variables = context.run.fleet.variables(of.name)
  variables.setFact('os', 'debian')
  const { revision } = variables
  work()
  return variables.changedSince(revision, new Set(['facts']))
}

test('a secret is refused on a command line, and nowhere else', () => {
  const { host, context } = made()
  context.run.secrets.add(new Secret('opensesame'))
  const program = (...argv: readonly string[]): Action => ({ kind: 'run', argv })
  const code = (wanted: Action): string | undefined =>
    host.forbids(wants('/a', '1'), actions([wanted]))?.problem.code
  assert.equal(code(program('x', '--password=opensesame')), 'secret-on-command-line')
  assert.equal(code(program('x', '--password=other')), undefined)
  assert.equal(code({ kind: 'run', argv: ['x'], stdin: 'opensesame' }), undefined)
  assert.equal(code(writeTo('/a', 'opensesame')), undefined)
})

test('the user of a unit is the one that it acts as', () => {
  const { host } = made()
  const become = { enabled: true, user: 'www-data' }
  assert.equal(host.userOf(wants('/a', '1')), '')
  assert.equal(host.userOf(wants('/a', '1', { ready: { become } })), 'www-data')
})

test('an answer is cached until an action may have changed it, even if that action failed', async () => {
  const it = made()
  assert.deepEqual([await it.asks(), await it.asks()], [true, false])
  it.host.touched([elsewhere])
  assert.equal(await it.asks(), false)
  it.host.touched([action])
  assert.equal(await it.asks(), true)
})

test('an action changes the generation and forgets the facts of its machines', async () => {
  const it = made()
  const before = it.host.generation()
  assert.equal(await forgets(it, 'ct', () => it.host.touched([action])), true)
  assert.equal(it.host.generation(), before + 1)
  assert.equal(await forgets(it, 'pve1', () => it.host.touched([action])), false)
  assert.equal(await forgets(it, 'pve1', () => it.host.touched([{ ...action, on: 'node' }])), true)
})

test('after a wait everything is read again, also on the node', async () => {
  const it = made()
  await it.asks()
  await it.asks('node')
  const before = it.host.generation()
  assert.equal(await forgets(it, 'ct', () => it.host.waited()), true)
  assert.deepEqual([await it.asks(), await it.asks('node')], [true, true])
  assert.equal(it.host.generation(), before + 1)
})

test('the answers behind a reading are repeated on their machine', async () => {
  const it = made()
  await it.asks()
  await it.asks('node')
  it.host.refresh(saw('ct file:/nothing/there'))
  assert.deepEqual([await it.asks(), await it.asks('node')], [false, false])
  it.host.refresh(saw(`ct file:${missing}`))
  assert.deepEqual([await it.asks(), await it.asks('node')], [true, false])
  it.host.refresh(saw(`pve1 file:${missing}`))
  assert.deepEqual([await it.asks(), await it.asks('node')], [false, true])
})

test('predictions are visible only through their overlay', async () => {
  const { host, context } = made()
  const overlay = host.newOverlay()
  const before = host.generation()
  await host.predict(wants('/a', '1'), [action], overlay)
  const reader = context.host.reader()
  assert.equal(await reader.view(overlay).text(missing), '1')
  assert.equal(await reader.view().text(missing), undefined)
  assert.equal(host.generation(), before + 1)
})

test('resources that may change are unknown; if all may change, so is the state of the container', () => {
  const { host, context } = made()
  const { machine } = context.host
  assert.ok(machine.node)
  const place = { name: machine.name, nodeName: machine.node.name, ctid: '101' }
  const some = host.newOverlay()
  host.mayChange(['file:/a'], 'why', some)
  assert.equal(some.touches(place, 'file:/a')?.why, 'why')
  assert.equal(some.touches(place, 'file:/b'), undefined)
  assert.equal(some.touches({ name: machine.node.name }, 'container:101'), undefined)
  const all = host.newOverlay()
  host.mayChange(['*'], 'why', all)
  assert.equal(all.touches({ name: machine.node.name }, 'container:101')?.why, 'why')
  assert.equal(all.touches({ name: machine.node.name }, 'container:102'), undefined)
})

test('permissions are checked for plans of other users, not for root', async () => {
  const nowhere = writeTo('/proc/1/none/x', '1')
  for (const uid of [0, 1000]) {
    const it = made(uid)
    await it.asks()
    const why = await it.host.whyNot(wants('/a', '1'), [nowhere], it.host.newOverlay())
    assert.equal(why !== undefined, uid !== 0)
  }
})

test('a hold reports a wait only if something was changed meanwhile', async () => {
  for (const changes of [true, false]) {
    const { host, context } = made()
    const { holds } = context.run
    const { machine } = context.host
    const first = await holds.acquire(claimsOf([action], machine), context.run.signal)
    const waiting = host.hold([action])
    if (changes) host.touched([elsewhere])
    first.release()
    const held = await waiting
    assert.equal(held.waited, changes)
    held.release()
    const again = await host.hold([action])
    assert.equal(again.waited, false, 'the hold was released')
    again.release()
  }
})

test('only long waits for a resource are reported', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { host, context, events } = made()
  const { machine } = context.host
  const free = await host.hold([action])
  t.mock.timers.tick(5000)
  free.release()
  assert.equal(events.length, 0)
  const first = await context.run.holds.acquire(claimsOf([action], machine), context.run.signal)
  const waiting = host.hold([action])
  await turn()
  t.mock.timers.tick(1000)
  assert.deepEqual(
    events.map((event) => event.type),
    ['host.waiting'],
  )
  first.release()
  const held = await waiting
  held.release()
})

test('an action overlaps with readings on the machine where it is carried out', () => {
  const { host } = made()
  assert.equal(host.overlaps([action], saw(`ct file:${missing}`)), true)
  assert.equal(host.overlaps([{ ...action, on: 'node' }], saw(`ct file:${missing}`)), false)
  assert.equal(host.overlaps([{ ...action, on: 'node' }], saw(`pve1 file:${missing}`)), true)
})

test('predicted effects that did not happen are a surprise; without actions nothing is asked', async () => {
  const { host } = made()
  const [sentence] = await host.surprises(wants('/a', '1'), [action])
  assert.match(sentence ?? '', /\/nothing\/is\/here/)
  assert.deepEqual(await host.surprises(wants('/a', '1'), []), [])
})

test('questions are possible only if the run can ask', () => {
  const { context, host } = made()
  const confirm = (): Promise<boolean> => Promise.resolve(true)
  assert.equal('confirm' in host, false)
  assert.equal(createTaskHost({ ...context, confirm }).confirm, confirm)
})
