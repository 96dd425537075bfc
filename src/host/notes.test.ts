import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hostName } from '../base/brand.ts'
import { noteActions, readPending, strikeActions } from './notes.ts'
import { carryOutOwn } from './own-actions.ts'
import type { Host } from './host.ts'
import { createReader } from './reader.ts'
import { createLocalShell } from './testing/local-shell.ts'
import { createTestMachine } from './testing/test-machine.ts'
import { scratch } from './testing/scratch.ts'

const { signal } = new AbortController()

test('notes are written, read and removed, with any keys and values', async () => {
  const value = fc.jsonValue().map((plain): unknown => JSON.parse(JSON.stringify(plain)))
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }),
      value,
      async (keys, plain) => {
        using dir = scratch()
        const shell = createLocalShell()
        const reader = createReader({
          name: hostName('pve1'),
          shell: async () => shell,
          signal,
          placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
          controller: { file: async () => undefined, text: async () => undefined },
        })
        // Answers are kept as long as nothing else changes the files, as this test does.
        const fresh = (): Host => {
          reader.answers.clear()
          return reader.view()
        }
        const state = dir.path('v1')
        assert.deepEqual(await readPending(fresh(), state), [])
        const machine = createTestMachine({ stateDirectory: state })
        const notes = [...keys, ...keys].map((key) => ({ key, value: plain }))
        await carryOutOwn(noteActions(notes, state), machine, { signal })
        const read = await readPending(fresh(), state)
        assert.deepEqual(new Set(read.map(({ key }) => key)), new Set(keys))
        for (const note of read) assert.deepEqual(note.value, plain)
        const [first = '', ...rest] = keys
        await carryOutOwn(strikeActions([first, 'not there'], state), machine, { signal })
        assert.deepEqual(new Set((await readPending(fresh(), state)).map(({ key }) => key)), new Set(rest))
      },
    ),
    { numRuns: 10 },
  )
})

test('notes that cannot be written or removed are failures', async () => {
  using dir = scratch()
  const state = dir.path('v1')
  mkdirSync(state)
  writeFileSync(join(state, 'pending'), 'no directory')
  const machine = createTestMachine({ stateDirectory: state })
  const notes = noteActions([{ key: 'one', value: 1 }], state)
  await assert.rejects(carryOutOwn(notes, machine, { signal }), {
    name: 'HostError',
    message: /^cannot create the directory .*\/pending: /,
  })
  const [strike] = strikeActions(['one'], state)
  rmSync(join(state, 'pending'))
  mkdirSync(strike?.kind === 'remove' ? strike.path : '', { recursive: true })
  await assert.rejects(carryOutOwn(strikeActions(['one'], state), machine, { signal }), {
    message: /^cannot remove .*: it is a directory$/,
  })
})
