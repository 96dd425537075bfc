/** Probes of a host whose window was just sent or is waiting. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Fact } from '../host/facts.ts'
import { outFolder } from './testing/out-folder.ts'
import { playOf } from './testing/play-text.ts'

describe('behind windows', () => {
  const { folder, out, file, watch } = outFolder()

  test('questions after an action are sent before the action has finished', async () => {
    const watching = watch()
    const text = `
- name: first
  copy: { content: "1", dest: "{{ out }}/1" }
- name: program
  command: { argv: [sleep, '0.1'] }
- name: last
  stat: { path: "{{ out }}/1" }
`
    const run = await folder.run(playOf(text, { out }), {}, { reach: watching.reach })
    assert.deepEqual(Object.values(run.outcomes), ['changed', 'changed', 'ok'])
    const kinds = watching.frames.map(({ kind, unanswered }) => `${kind} ${unanswered}`)
    // The first probe alone, and every other one after the actions that it verifies.
    assert.deepEqual(kinds, ['look 0', 'act 0', 'look 1', 'act 0', 'look 1'])
  })

  test('a fact that depends on a change of an earlier task is read again, in dry runs and real runs', async () => {
    writeFileSync(join(out, 'os'), 'old')
    const os: Fact = {
      name: 'os',
      description: 'what a file says',
      example: 'x',
      schema: { type: 'string' },
      read: async (host) => (await host.text(join(out, 'os'))) ?? '',
    }
    const text = `
- name: before
  debug: { msg: "{{ facts.os }}" }
- name: elsewhere
  copy: { content: x, dest: "{{ out }}/elsewhere" }
- name: change
  copy: { content: new, dest: "{{ out }}/os" }
- name: after
  debug: { msg: "{{ facts.os }}" }
`
    for (const how of [{ check: true }, { stepByStep: true }, {}]) {
      writeFileSync(join(out, 'os'), 'old')
      const run = await folder.run(playOf(text, { out }), how, { facts: [os] })
      assert.deepEqual(run.messages, ['old', 'new'], JSON.stringify(how))
    }
  })

  test('a task is judged with results registered before it, not with those of later tasks in its window', async () => {
    const text = `
- name: before
  file: { path: "{{ out }}/d", state: directory, mode: '0700' }
- name: judged
  file: { path: "{{ out }}/d", state: directory }
  failed_when: first.changed
- name: later
  file: { path: "{{ out }}/d", state: directory, mode: '0755' }
  register: first
- name: told
  debug: { msg: "{{ first.changed }}" }
`
    const play = playOf(text, { out }).replace('vars: {', 'vars: { first: { changed: false },')
    for (const how of [{ stepByStep: true }, {}]) {
      mkdirSync(join(out, 'd'), { recursive: true, mode: 0o755 })
      const run = await folder.run(play, how)
      assert.deepEqual(Object.values(run.outcomes), ['changed', 'ok', 'changed', 'ok'], JSON.stringify(how))
      assert.deepEqual(run.messages, ['true'])
    }
  })

  test('a removed tree counts as removed, even if a later task creates a directory there again', async () => {
    const text = `
- name: gone
  file: { path: "{{ out }}/d", state: absent }
- name: made
  file: { path: "{{ out }}/d/e", state: directory }
`
    for (const how of [{ stepByStep: true }, {}]) {
      mkdirSync(join(out, 'd/old'), { recursive: true })
      rmSync(join(out, 'd/e'), { recursive: true, force: true })
      const run = await folder.run(playOf(text, { out }), how)
      assert.deepEqual(Object.values(run.outcomes), ['changed', 'changed'], JSON.stringify(how))
      assert.deepEqual(readdirSync(join(out, 'd')), ['e'])
    }
  })

  test('answers after a failed action are dropped', async () => {
    const text = `
- name: one
  copy: { content: "1", dest: "{{ out }}/1" }
- name: bad
  command: { argv: [sh, -c, 'echo changed > "{{ out }}/3"; exit 1'] }
  ignore_errors: true
- name: three
  copy: { content: "3", dest: "{{ out }}/3" }
- name: four
  stat: { path: "{{ out }}/3" }
  register: four
- name: told
  debug: { msg: "{{ four.stat.size }}" }
`
    const run = await folder.run(playOf(text, { out }))
    assert.deepEqual(Object.values(run.outcomes), ['changed', 'failed', 'changed', 'ok', 'ok'])
    assert.equal(run.messages.at(-1), '1')
    assert.equal(file('3'), '3')
  })
})
