import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from '../../base/defined.ts'
import type { Plan } from '../../host/plan.ts'
import { labels, look, web, world } from './testing/container-world.ts'

const base = web.replace('hostname: web', 'hostname: base').replaceAll('900', '901')
const template = `${base}template: 1\n`
const clone = (given: Readonly<Record<string, unknown>>, source: string): Promise<Plan> =>
  look({ clone: 901, ...given }, world({ others: { 901: source } }))

test('a clone is enlarged if its source has less than is declared', async () => {
  const of = async (disk: number | undefined, source: string, more = {}): Promise<readonly unknown[]> =>
    labels(await clone({ ...more, ...defined({ disk }) }, source)).slice(1)
  const enlarged = (from: string): string =>
    `enlarge the root file system of container 900 from ${from} to 16G`
  assert.deepEqual(await of(16, template, { memory: 1024, state: 'started' }), [
    enlarged('8G'),
    'set memory to 1024 of container 900',
    'start',
  ])
  const plan = await clone({ disk: 16 }, template)
  assert.deepEqual(plan.actions[1]?.kind === 'run' && plan.actions[1].argv, [
    'pct',
    'resize',
    '900',
    'rootfs',
    '16G',
  ])
  assert.deepEqual(await of(undefined, template), [])
  assert.deepEqual(await of(4, template), [])
  assert.deepEqual(await of(8, template), [])
  assert.deepEqual(await of(16, template.replace('size=8G', 'size=512M')), [enlarged('512M')])
  assert.deepEqual(await of(16, template.replace('size=8G', 'size=1T')), [])
  assert.deepEqual(await of(16, template.replace('size=8G', 'size=0T')), [], 'not limited')
  assert.deepEqual(await of(16, template.replace(',size=8G', '')), [], 'not known')
  const snapshot = `${base.replace('size=8G', 'size=32G')}\n[ready]\n${base}snaptime: 1\n`
  assert.deepEqual(await of(16, snapshot, { snapshot: 'ready' }), [enlarged('8G')])
})

test('a container that exists is enlarged, and has exactly the settings that are predicted', async () => {
  const plan = await look({ disk: 16, memory: 1024 }, world({ config: web }))
  assert.deepEqual(labels(plan), [
    'enlarge the root file system of container 900 from 8G to 16G',
    'set memory to 1024 of container 900',
  ])
  const texts = plan.actions.flatMap(({ effects = [] }) =>
    effects.flatMap((effect) => (effect.kind === 'container' ? [effect.becomes.config] : [])),
  )
  const enlarged = web.replace('size=8G', 'size=16G')
  assert.deepEqual(texts, [enlarged, enlarged.replace('memory: 512', 'memory: 1024')])
  assert.deepEqual((await look({ disk: 4 }, world({ config: web }))).actions, [])
  const made = await look({ disk: 16, only_create: true }, world({ config: web }))
  assert.deepEqual(made.actions, [], 'it existed before')
})
