import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecrets } from '../base/secrets.ts'
import { hostName } from '../base/brand.ts'
import { findUnknown } from '../base/unknown.ts'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { createHostVariables, type HostVariables, Unread, withFacts } from './host-variables.ts'

function variables(): HostVariables {
  return createHostVariables({
    secrets: createSecrets(),
    name: hostName('one'),
    inventory: () => new Map(),
    extra: new Map(),
    localSources: { environment: {}, files: memoryFiles({}) },
    factNames: ['os', 'other'],
    builtIn: { inventory_hostname: () => 'one', hostvars: () => ({}) },
  })
}

function read(host: HostVariables, ...names: readonly string[]): ReadonlySet<string> {
  const reads = new Set<string>()
  const scope = host.scope(undefined, undefined, { reads })
  for (const name of names) if (scope.has(name)) scope.get(name)
  return reads
}

test('a result is visible from its registration until that is undone', () => {
  const host = variables()
  const first = host.register('it', 1)
  const second = host.register('it', 2)
  assert.equal(host.scope().get('it'), 2)
  second()
  assert.equal(host.scope().get('it'), 1)
  first()
  assert.equal(host.scope().has('it'), false)
})

test('a variable counts as changed only if it was registered or undone since', () => {
  const host = variables()
  const reads = read(host, 'it', 'inventory_hostname')
  const before = host.revision
  host.register('another', 1)
  assert.equal(host.changedSince(before, reads), false)
  const back = host.register('it', 1)
  assert.equal(host.changedSince(before, reads), true)
  const after = host.revision
  back()
  assert.equal(host.changedSince(after, reads), true)
})

test('looking up an undefined variable counts as reading it', () => {
  const host = variables()
  const reads = read(host, 'later')
  const before = host.revision
  host.register('later', 1)
  assert.equal(host.changedSince(before, reads), true)
})

test('a lookup through hostvars may have read anything', () => {
  const host = variables()
  const reads = read(host, 'hostvars')
  const before = host.revision
  host.register('another', 1)
  assert.equal(host.changedSince(before, reads), true)
})

test('facts are read on first use, each once, and again after they are forgotten', async () => {
  const host = variables()
  const asked: string[] = []
  const os = (): Promise<unknown> =>
    withFacts(
      () => {
        const facts = host.scope().get('facts')
        return Object(facts).os
      },
      (fact) => {
        asked.push(fact.fact)
        host.setFact(fact.fact, 'debian')
        return Promise.resolve()
      },
    )
  assert.ok(findUnknown(host.scope().get('facts')) instanceof Unread)
  assert.equal(await os(), 'debian')
  assert.equal(await os(), 'debian')
  assert.deepEqual(asked, ['os'])
  const before = host.revision
  host.forgetFacts()
  assert.equal(host.changedSince(before, new Set(['facts'])), true)
  await os()
  assert.deepEqual(asked, ['os', 'os'])
})
