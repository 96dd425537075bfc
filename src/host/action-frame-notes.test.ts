import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Action } from './action.ts'
import { type Scratch, scratch } from './testing/scratch.ts'
import { here, kinds, runAction, step, writeAction } from './testing/steps.ts'
import { carryOut } from './action-frame.ts'

const { signal } = new AbortController()

/**
 * Notes in the state directory of a test, and a way to make it unwritable: a file in place of a directory.
 */
function notesOf(dir: Scratch): readonly string[] {
  const pending = dir.path('state/pending')
  return existsSync(pending) && statSync(pending).isDirectory() ? readdirSync(pending) : []
}

const notes = [
  { key: 'one', value: 1 },
  { key: 'two', value: 2 },
]

test('notes are written before a change, and removed if nothing was changed', async () => {
  using dir = scratch()
  const machine = here(dir)
  const count = runAction(`ls ${dir.path('state/pending')} | wc -l; exit 1`)
  const before = await carryOut([step(count, { notes })], machine, { signal })
  assert.ok(before[0]?.kind === 'failed' && before[0].reply?.stdout === '2\n')
  // The program had started, so it may have changed something.
  assert.equal(notesOf(dir).length, 2)

  using other = scratch()
  mkdirSync(other.path('target'))
  writeFileSync(other.path('target/x'), 'x')
  for (const action of [
    writeAction(other.path('target'), 'x'),
    writeAction(other.path('a'), 'x', { validate: ['false', '%s'] }),
    { kind: 'remove', path: other.path('target') },
  ] satisfies readonly Action[]) {
    const results = await carryOut([step(action, { notes })], here(other), { signal })
    assert.deepEqual(kinds(results), ['failed'])
    assert.deepEqual(notesOf(other), [])
  }
})

test('a change does not happen if its handlers cannot be recorded', async () => {
  using dir = scratch()
  mkdirSync(dir.path('state'))
  writeFileSync(dir.path('state/pending'), 'no directory')
  for (const action of [writeAction(dir.path('a'), 'x'), runAction(`touch ${dir.path('a')}`)]) {
    const results = await carryOut([step(action, { notes }), step(runAction('true'))], here(dir), { signal })
    const [failed] = results
    assert.ok(failed?.kind === 'failed' && failed.problem.code === 'state-not-written')
    assert.match(
      failed.problem.message,
      /^nothing was changed, because the handlers to notify could not be recorded on pve1/,
    )
    assert.ok(!existsSync(dir.path('a')))
    assert.deepEqual(kinds(results), ['failed', 'notBegun'])
  }
})

test('if a change fails at the last moment, its notes are removed, but not those of an earlier run', async () => {
  using dir = scratch()
  mkdirSync(dir.path('bin'))
  writeFileSync(
    dir.path('bin/mv'),
    `#!/bin/sh\nls ${dir.path('state/pending')} >> ${dir.path('seen')}\nexit 1\n`,
  )
  chmodSync(dir.path('bin/mv'), 0o755)
  const machine = here(dir, { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` })
  await carryOut([step(runAction('true'), { notes: notes.slice(0, 1) })], machine, { signal })
  const [left] = notesOf(dir)
  const results = await carryOut([step(writeAction(dir.path('a'), 'x'), { notes })], machine, { signal })
  assert.deepEqual(kinds(results), ['failed'])
  assert.equal(readFileSync(dir.path('seen'), 'utf8').trim().split('\n').length, 2)
  assert.deepEqual(notesOf(dir), [left])
})
