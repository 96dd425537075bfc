import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionLostError } from '../host/connection-lost.ts'
import { createSecrets } from '../base/secrets.ts'
import type { Module } from '../modules/module.ts'
import { prepared } from './testing/prepared.ts'
import { unitOf } from './testing/test-units.ts'
import { probeUnit } from './probe-unit.ts'
import { Progress } from './unit.ts'

async function probed(drops: number): Promise<{ readonly probes: number; readonly reconnects: number }> {
  let probes = 0
  let reconnects = 0
  const module: Module = {
    name: 'drops',
    summary: 'loses its connection',
    args: { type: 'object' },
    result: { type: 'object' },
    probe() {
      probes += 1
      return probes > drops ? Promise.resolve('seen') : Promise.reject(new ConnectionLostError('one', 'cut'))
    },
    plan: () => ({ actions: [], diffs: [], warnings: [] }),
  }
  const { context } = prepared('- debug: { msg: x }')
  const end = await probeUnit(unitOf(module, new Progress()), {
    reader: context.host.reader(),
    overlay: undefined,
    environment: {},
    secrets: context.run.secrets,
    check: false,
    reconnect: () => {
      reconnects += 1
      return Promise.resolve()
    },
  }).catch((error: unknown) => error)
  if (drops < 3) assert.equal(Object(end).seen, 'seen')
  else assert.ok(end instanceof ConnectionLostError)
  return { probes, reconnects }
}

test('if the connection drops during a probe, it is opened again and the probe repeated', async () => {
  assert.deepEqual(await probed(2), { probes: 3, reconnects: 2 })
})

test('a probe is attempted at most three times', async () => {
  assert.deepEqual(await probed(3), { probes: 3, reconnects: 2 })
})

test('only modules that declare that they run programs of a playbook get a host that can', async () => {
  const { context } = prepared('- debug: { msg: x }')
  const given: unknown[] = []
  const definition = {
    name: 'greedy',
    summary: 'takes what it is given',
    args: { type: 'object' },
    result: { type: 'object' },
    plan: () => ({ actions: [], diffs: [], warnings: [] }),
  } as const
  const look = (host: object): Promise<void> => {
    given.push([
      typeof Reflect.get(host, 'promised'),
      typeof Reflect.get(Object(Reflect.get(host, 'node')), 'promised'),
    ])
    return Promise.resolve()
  }
  const modules: readonly Module[] = [
    { ...definition, probe: (_, host) => look(host) },
    { ...definition, runs: 'what the author of a playbook promised', probe: (_, host) => look(host) },
  ]
  for (const module of modules)
    for (const check of [false, true])
      await probeUnit(unitOf(module, new Progress()), {
        reader: context.host.reader(),
        overlay: undefined,
        environment: {},
        secrets: createSecrets(),
        check,
        reconnect: undefined,
      })
  const [narrow, wide] = [
    ['undefined', 'undefined'],
    ['function', 'undefined'],
  ]
  assert.deepEqual(given, [narrow, narrow, wide, wide])
})
