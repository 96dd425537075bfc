/**
 * Windows that are cut off, by a lost connection or a killed gpuplay, before and after every step. Finished
 * work is detected, never guessed.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import type { RunDependencies } from './request.ts'
import { folderOfTests, localReach, testWorld } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'
import { type Cut, stepsIn, watched } from './testing/watched-reach.ts'

const folder = folderOfTests()
const out = join(folder.path, 'out')
const at = (name: string): string => join(out, name)
const file = (name: string): string => readFileSync(at(name), 'utf8')

function clear(): void {
  for (const name of ['out', 'state']) rmSync(join(folder.path, name), { recursive: true, force: true })
  mkdirSync(out)
}
beforeEach(clear)

const playbook = playOf(
  `
- name: folder
  file: { path: "{{ out }}/d", state: directory, mode: "0750" }
- name: files
  copy: { content: "{{ item }}", dest: "{{ out }}/d/{{ item }}" }
  loop: [a, b]
  notify: handler
- name: line
  lineinfile: { path: "{{ out }}/d/lines", line: more, create: true }
- name: link
  file: { path: "{{ out }}/link", src: "{{ out }}/d/a", state: link }
- name: program
  shell: { cmd: "echo x >> {{ out }}/ran; touch {{ out }}/made", creates: "{{ out }}/made" }
- name: last
  copy: { content: last, dest: "{{ out }}/last" }
`,
  {
    out,
    handlers: '- name: handler\n  shell: { cmd: "echo x >> {{ out }}/handled" }',
  },
)

/** Returns the files that a run left in `out`. */
function tree(): unknown {
  const made = readdirSync(out, { recursive: true }).map(String).sort()
  return { made, a: file('d/a'), lines: file('d/lines'), last: file('last'), ran: file('ran') }
}

interface Place {
  readonly act: number
  readonly cut: Cut
}

/** Every point at which a run can be cut, recorded from an undisturbed run. */
async function places(): Promise<{ readonly places: readonly Place[]; readonly whole: unknown }> {
  const { reach, frames } = watched(localReach(testWorld(folder.path)))
  const run = await folder.run(playbook, {}, { reach })
  assert.equal(run.exitCode, 0)
  assert.equal(file('handled'), 'x\n')
  const acts = frames.filter(({ kind }) => kind === 'act')
  const all = acts.flatMap(({ script }, act): Place[] => [
    ...Array.from({ length: stepsIn(script) }, (_, step): Place => ({ act, cut: { kind: 'step', step } })),
    { act, cut: { kind: 'unsaid' } },
    { act, cut: { kind: 'said' } },
  ])
  return { places: all, whole: tree() }
}

function cutAt({ act, cut }: Place, forGood: boolean): Partial<RunDependencies> {
  const world = { ...testWorld(folder.path), sleep: () => Promise.resolve() }
  let done = false
  const { reach } = watched(localReach(world), {
    forGood,
    cut(number) {
      if (done || number !== act) return undefined
      done = true
      return cut
    },
  })
  return { world, reach }
}

const inWords = ({ act, cut }: Place): string =>
  `frame ${act}, ${cut.kind === 'step' ? `step ${cut.step}` : cut.kind}`

describe('a window that is cut', () => {
  test('continues after a lost connection: finished work is detected, and nothing is done twice', async () => {
    const { places: all, whole } = await places()
    assert.ok(all.length >= 10)
    const undisturbed = ['changed', 'changed', 'changed', 'changed', 'changed', 'changed']
    for (const place of all) {
      // The handler is imperative, so it may or may not have run.
      clear()
      const run = await folder.run(playbook, {}, cutAt(place, false))
      const tasks = Object.entries(run.outcomes).flatMap(([name, end]) => (name === 'handler' ? [] : [end]))
      assert.deepEqual(tasks, undisturbed, inWords(place))
      if (run.outcomes['handler'] === 'failed') assert.equal(run.exitCode, 7, inWords(place))
      else assert.deepEqual([run.exitCode, tree()], [0, whole], inWords(place))
    }
  })

  test('is finished by the next run if gpuplay dies, without losing a handler', async () => {
    const { places: all, whole } = await places()
    for (const place of all) {
      clear()
      const cut = await folder.run(playbook, {}, cutAt(place, true))
      assert.equal(cut.exitCode, 3, inWords(place))
      const next = await folder.run(playbook)
      assert.equal(next.exitCode, 0, inWords(place))
      assert.deepEqual(tree(), whole, inWords(place))
      assert.match(file('handled'), /^(x\n)+$/, inWords(place))
      const third = await folder.run(playbook)
      assert.deepEqual([...new Set(Object.values(third.outcomes))], ['ok'], inWords(place))
    }
  })

  test('leaves the handler of an imperative task recorded', async () => {
    const imperative = playOf(
      '- name: program\n  shell: { cmd: "echo x >> {{ out }}/ran" }\n  notify: handler',
      {
        out,
        handlers: '- name: handler\n  shell: { cmd: "echo x >> {{ out }}/handled" }',
      },
    )
    const place: Place = { act: 0, cut: { kind: 'said' } }
    await folder.run(imperative, {}, cutAt(place, true))
    assert.equal(file('ran'), 'x\n')
    assert.equal(existsSync(at('handled')), false)
    const next = await folder.run(
      playOf('- debug: { msg: hi }', {
        out,
        handlers: '- name: handler\n  shell: { cmd: "echo x >> {{ out }}/handled" }',
      }),
    )
    assert.equal(next.outcomes['handler'], 'changed')
    assert.equal(file('handled'), 'x\n')
  })

  test('reports that an imperative program may have run, and does not run it again', async () => {
    const imperative = playOf('- name: program\n  shell: { cmd: "echo x >> {{ out }}/ran" }', { out })
    const run = await folder.run(imperative, {}, cutAt({ act: 0, cut: { kind: 'unsaid' } }, false))
    assert.equal(run.outcomes['program'], 'failed')
    assert.equal(file('ran'), 'x\n')
    const [problem] = run.events.flatMap((event) =>
      event.type === 'task.finished' ? (event.detail.problem?.message ?? []) : [],
    )
    assert.match(
      problem ?? '',
      /^the connection dropped during this action, which may or may not have finished/,
    )
  })
})
