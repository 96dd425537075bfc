import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { type HostName, hostName } from '../base/brand.ts'
import type { OnceEnd, Turn } from '../task/once.ts'
import { playsOf } from '../language/testing/playbooks.ts'
import { taskOf } from '../task/testing/test-units.ts'
import { createOnceGates, type HostGate } from './once-gates.ts'

const task = taskOf('write', { runOnce: true })
const end: OnceEnd = { kind: 'succeeded', result: {}, exitCode: undefined, facts: {}, begun: false }

interface Asked {
  readonly waited: readonly string[]
  turn: Turn | undefined
}

function batchOf(names: readonly string[], nodes: Readonly<Record<string, string>> = {}) {
  const failed = new Set<HostName>()
  const interruption = new AbortController()
  const gates = createOnceGates({
    nodeOf: (host) => (nodes[host] === undefined ? undefined : hostName(nodes[host])),
    sourceOf: () => undefined,
    gone: ({ host }) => failed.has(host),
    signal: interruption.signal,
  })
  const hosts = names.map(hostName)
  const batch = { number: 1, of: 1, hosts }
  const [read] = playsOf({ '/p/site.yml': '- hosts: all\n' })
  assert.ok(read)
  const playbook = { plays: [], reads: new Set<string>() }
  const play = { name: 'Play', after: undefined, play: read, playbook, hosts, batches: [batch] }
  const away: string[] = []
  const gate = (name: string): HostGate =>
    gates.of({ play, batch, host: hostName(name) }, async (wait) => {
      away.push(name)
      const found = await wait()
      away.splice(away.indexOf(name), 1)
      return found
    })
  return {
    gates,
    gate,
    away,
    interrupt: () => interruption.abort(new Error('interrupted')),
    fail(name: string): void {
      failed.add(hostName(name))
      gates.wake()
    },
    ask(name: string, stopped = (): boolean => false): Asked {
      const waited: string[] = []
      const asked: Asked = { waited, turn: undefined }
      const turn = gate(name).turn(task, { stopped, waiting: (runner) => void waited.push(runner) })
      void turn.then((decided) => (asked.turn = decided))
      return asked
    },
  }
}

test('the first host runs the task, and the others wait without a fork until it has ended', async () => {
  const batch = batchOf(['a', 'b', 'c'])
  const b = batch.ask('b')
  await turnOfLoop()
  assert.deepEqual([b.turn, b.waited, batch.away], [undefined, ['a'], ['b']])
  const a = batch.ask('a')
  await turnOfLoop()
  assert.deepEqual([a.turn, b.turn], [{ kind: 'run' }, undefined])
  batch.gate('a').ended(task, end)
  await turnOfLoop()
  assert.deepEqual([b.turn, batch.away], [{ kind: 'done', by: 'a', end }, []])
  const c = batch.ask('c')
  await turnOfLoop()
  assert.deepEqual([c.turn, c.waited], [{ kind: 'done', by: 'a', end }, []])
})

test('the next host runs the task if those before it failed, passed it or left the play', async () => {
  for (const go of ['failed', 'passed', 'left'] as const) {
    const batch = batchOf(['a', 'b'])
    const b = batch.ask('b')
    if (go === 'failed') batch.fail('a')
    else if (go === 'passed') batch.gate('a').passed(task)
    else batch.gate('a').leave()
    await turnOfLoop()
    assert.deepEqual(b.turn, { kind: 'run' }, go)
  }
})

test('the next host takes over from one that was not reached, but only if nothing was sent to it', async () => {
  for (const begun of [false, true]) {
    const batch = batchOf(['a', 'b'])
    const [, b] = [batch.ask('a'), batch.ask('b')]
    const lost = { ...end, begun, kind: 'unreachable' as const }
    batch.gate('a').ended(task, lost)
    await turnOfLoop()
    assert.deepEqual(b.turn, begun ? { kind: 'done', by: 'a', end: lost } : { kind: 'run' })
  }
})

test('a host that fails in the middle of the task has failed it for all', async () => {
  const batch = batchOf(['a', 'b'])
  const [, b] = [batch.ask('a'), batch.ask('b')]
  batch.gate('a').leave()
  await turnOfLoop()
  assert.ok(b.turn?.kind === 'done')
  assert.equal(b.turn.end.result['msg'], 'a failed before the task ended')
})

test('nodes come before their containers, which start after them', async () => {
  const batch = batchOf(['c1', 'n1', 'h1'], { c1: 'n1' })
  const h1 = batch.ask('h1')
  const n1 = batch.ask('n1')
  await turnOfLoop()
  assert.deepEqual([n1.turn, h1.turn], [{ kind: 'run' }, undefined])
})

test('waiting ends if no new task may start', async () => {
  const stopping = batchOf(['a', 'b'])
  let stopped = false
  const b = stopping.ask('b', () => stopped)
  await turnOfLoop()
  stopped = true
  stopping.gates.wake()
  await turnOfLoop()
  assert.deepEqual(b.turn, { kind: 'stopped' })
  const interrupted = batchOf(['a', 'b'])
  const other = interrupted.ask('b')
  interrupted.interrupt()
  await turnOfLoop()
  assert.deepEqual(other.turn, { kind: 'stopped' })
})
