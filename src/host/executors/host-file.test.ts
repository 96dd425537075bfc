import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { sha256Of } from '../content.ts'
import { scratch } from '../testing/scratch.ts'
import { here } from '../testing/steps.ts'
import { executeAction, testContext } from '../testing/test-machine.ts'

test('the content of another file of the host is written, unless it changed since the plan', async () => {
  using dir = scratch()
  const [from, to] = [dir.path("it's from"), dir.path('to')]
  writeFileSync(from, 'a\0b\n')
  const content = { kind: 'hostFile', path: from, sha256: sha256Of('a\0b\n') } as const
  const action = { kind: 'writeFile', path: to, mode: '0600', content } as const
  assert.deepEqual(await executeAction(action, here(dir), testContext()), { kind: 'done' })
  assert.equal(readFileSync(to, 'utf8'), 'a\0b\n')
  assert.equal(statSync(to).mode & 0o7777, 0o600)
  writeFileSync(from, 'other')
  const result = await executeAction(action, here(dir), testContext())
  assert.match(
    result.kind === 'failed' ? result.problem.message : '',
    /it's from was changed meanwhile; run again/,
  )
  assert.deepEqual(readdirSync(dir.directory).sort(), ["it's from", 'to'])
})
