import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSecrets } from '../base/secrets.ts'
import { hostName } from '../base/brand.ts'
import { findUnknown } from '../base/unknown.ts'
import { createHostVariables, type HostVariables, Unread, withFacts } from './host-variables.ts'

function variables(): HostVariables {
  return createHostVariables({
    secrets: createSecrets(),
    name: hostName('one'),
    inventory: new Map(),
    extra: new Map(),
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

test('a result is seen from its registration on, and not any more when that is taken back', () => {
  const host = variables()
  const first = host.register('it', 1)
  const second = host.register('it', 2)
  assert.equal(host.scope().get('it'), 2)
  second()
  assert.equal(host.scope().get('it'), 1)
  first()
  assert.equal(host.scope().has('it'), false)
})

test('what was looked at has changed when it was registered or taken back since, and by nothing else', () => {
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

test('looking for a variable that is not there is looking at it', () => {
  const host = variables()
  const reads = read(host, 'later')
  const before = host.revision
  host.register('later', 1)
  assert.equal(host.changedSince(before, reads), true)
})

test('whoever looked through hostvars may have looked at anything', () => {
  const host = variables()
  const reads = read(host, 'hostvars')
  const before = host.revision
  host.register('another', 1)
  assert.equal(host.changedSince(before, reads), true)
})

test('facts are read when they are asked for, each once, and again when they are forgotten', async () => {
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
