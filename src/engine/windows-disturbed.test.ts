/** Windows that do not end as planned: failures, changes by others, false declarations, elapsed time. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, test } from 'node:test'
import { modules } from '../modules/catalogue.ts'
import { type LocalRun, folderOfTests, localReach, testWorld } from './testing/local-run.ts'
import { asks, claims, starts } from './testing/own-modules.ts'
import { playOf } from './testing/play-text.ts'
import { type WatchOptions, type Watched, watched } from './testing/watched-reach.ts'

const folder = folderOfTests()
const out = join(folder.path, 'out')
const at = (name: string): string => join(out, name)
const file = (name: string): string => readFileSync(at(name), 'utf8')
const watch = (options: WatchOptions = {}): Watched => watched(localReach(testWorld(folder.path)), options)
const play = (tasks: string): string => playOf(tasks, { out })

beforeEach(() => {
  for (const name of ['out', 'state']) rmSync(join(folder.path, name), { recursive: true, force: true })
  mkdirSync(out)
})

describe('a task that fails in the middle of a window', () => {
  const tasks = (path: string): string =>
    play(`
- name: before
  copy: { content: x, dest: "{{ out }}/before" }
- name: fails
  copy: { content: x, dest: "${path}" }
- name: behind
  shell: { cmd: "echo x >> {{ out }}/behind" }
- name: last
  copy: { content: x, dest: "{{ out }}/last" }
`)

  test('keeps the work before it, and nothing after it has run', async () => {
    const run = await folder.run(tasks('/proc/gpuplay-test'))
    assert.equal(run.exitCode, 7)
    assert.deepEqual(run.outcomes, { before: 'changed', fails: 'failed' })
    assert.deepEqual(
      [existsSync(at('before')), existsSync(at('behind')), existsSync(at('last'))],
      [true, false, false],
    )
  })

  test('may be one item of a loop: later items run, and no task after the loop does', async () => {
    const run = await folder.run(
      play(`
- name: loop
  copy: { content: x, dest: "{{ item }}" }
  loop: [ "${at('a')}", "/proc/gpuplay-test", "${at('b')}", "${at('c')}" ]
- name: behind
  copy: { content: x, dest: "{{ out }}/behind" }
`),
    )
    assert.deepEqual(run.outcomes, { loop: 'failed' })
    assert.deepEqual(
      run.events.flatMap((event) => (event.type === 'item.finished' ? [event.outcome] : [])),
      ['changed', 'failed', 'changed', 'changed'],
    )
    assert.deepEqual(
      ['a', 'b', 'c', 'behind'].map((name) => existsSync(at(name))),
      [true, true, true, false],
    )
  })

  test('lets a second run continue from there', async () => {
    await folder.run(tasks('/proc/gpuplay-test'))
    const run = await folder.run(tasks(at('fails')))
    assert.deepEqual(run.outcomes, { before: 'ok', fails: 'changed', behind: 'changed', last: 'changed' })
    assert.equal(file('behind'), 'x\n')
  })

  test('is ignored if the playbook says so, and later tasks see its result', async () => {
    const run = await folder.run(
      play(`
- name: fails
  copy: { content: x, dest: "/proc/gpuplay-test" }
  register: it
  ignore_errors: true
- name: sees it
  copy: { content: "failed is {{ it.failed }}", dest: "{{ out }}/saw" }
`),
    )
    assert.equal(run.exitCode, 0)
    assert.deepEqual(run.outcomes, { fails: 'failed', 'sees it': 'changed' })
    assert.equal(file('saw'), 'failed is true')
  })
})

describe('what something else changes between look and act', () => {
  const tasks = play(`
- name: first
  copy: { content: first, dest: "{{ out }}/first" }
- name: line
  lineinfile: { path: "{{ out }}/lines", line: ours }
- name: last
  copy: { content: last, dest: "{{ out }}/last" }
`)

  test('is detected on the host and kept, and the task is planned again', async () => {
    writeFileSync(at('lines'), 'old\n')
    const { reach, frames } = watch({
      beforeAct: (act) => act === 0 && writeFileSync(at('lines'), 'theirs\n'),
    })
    const run = await folder.run(tasks, {}, { reach })
    assert.equal(file('lines'), 'theirs\nours\n')
    assert.deepEqual(run.outcomes, { first: 'changed', line: 'changed', last: 'changed' })
    const acts = frames.filter(({ kind }) => kind === 'act')
    assert.equal(acts.length, 2)
    assert.doesNotMatch(acts[1]?.script ?? '', /out\/first/)
  })

  test('stops later tasks: nothing after the affected task has run', async () => {
    writeFileSync(at('lines'), 'old\n')
    const seen: boolean[] = []
    const { reach } = watch({
      beforeAct(act) {
        seen.push(existsSync(at('last')))
        if (act === 0) writeFileSync(at('lines'), 'theirs\n')
      },
    })
    await folder.run(tasks, {}, { reach })
    assert.deepEqual(seen, [false, false])
  })

  test('makes the task start over at most three times', async () => {
    writeFileSync(at('lines'), 'old\n')
    let times = 0
    const { reach } = watch({ beforeAct: () => writeFileSync(at('lines'), `theirs ${times++}\n`) })
    const run = await folder.run(tasks, {}, { reach })
    assert.equal(times, 4)
    assert.deepEqual(run.outcomes, { first: 'changed', line: 'failed' })
    assert.match(
      problemOf(run),
      /^started over 3 times, then gave up: .*lines.* was changed by something else/,
    )
    assert.equal(existsSync(at('last')), false)
  })
})

describe('an action whose word was false', () => {
  const withClaims = { modules: [...modules, claims] }

  test('did less: the task fails, and later tasks lose no handler', async () => {
    const tasks = (run: string): string =>
      playOf(
        `
- name: less
  claims: { path: "{{ out }}/less", text: wanted, run: "${run}" }
- name: behind
  copy: { content: x, dest: "{{ out }}/behind" }
  notify: handler
`,
        { out, handlers: '- name: handler\n  shell: { cmd: "echo x >> {{ out }}/handled" }' },
      )
    const run = await folder.run(tasks('true'), {}, withClaims)
    assert.deepEqual(run.outcomes, { less: 'failed' })
    assert.match(problemOf(run), /^did not converge/)
    assert.equal(existsSync(at('handled')), false)
    const again = await folder.run(tasks(`printf wanted > ${at('less')}`), {}, withClaims)
    assert.equal(again.exitCode, 0)
    assert.equal(file('behind'), 'x')
    assert.equal(file('handled'), 'x\n')
  })

  test('did more: the task that it undid is planned again separately, with a warning', async () => {
    const run = await folder.run(
      play(`
- name: undone
  copy: { content: wanted, dest: "{{ out }}/undone" }
- name: more
  claims: { path: "{{ out }}/more", text: x, run: "printf x > {{ out }}/more; rm {{ out }}/undone" }
- name: behind
  copy: { content: x, dest: "{{ out }}/behind" }
`),
      {},
      withClaims,
    )
    assert.deepEqual(run.outcomes, { undone: 'changed', more: 'changed', behind: 'changed' })
    assert.match(warningsOf(run).join('\n'), /its effects differ from its plan/)
    assert.equal(file('undone'), 'wanted')
    const again = await folder.run(play('- copy: { content: wanted, dest: "{{ out }}/undone" }'))
    assert.deepEqual(Object.values(again.outcomes), ['ok'])
  })

  test('tasks planned on it are planned again on the real state', async () => {
    const run = await folder.run(
      play(`
- name: other
  claims: { path: "{{ out }}/other", text: "two", says: "one", run: "printf two > {{ out }}/other" }
- name: look
  command: { cmd: "cat {{ out }}/other", reads: true }
  register: it
- name: shown
  copy: { content: "{{ it.stdout }}", dest: "{{ out }}/shown" }
`),
      {},
      withClaims,
    )
    assert.equal(run.exitCode, 0)
    assert.equal(file('shown'), 'two')
  })
})

test('a task waits for the service that it started, even if a later program of the window may have changed anything', async () => {
  const run = await folder.run(
    play(`
- name: starts
  starts: { path: "{{ out }}/x" }
- name: program
  command: { cmd: "touch {{ out }}/made", creates: "{{ out }}/made" }
`),
    {},
    { modules: [...modules, starts] },
  )
  assert.deepEqual(run.outcomes, { starts: 'changed', program: 'changed' })
  assert.ok(existsSync(at('x')), 'the run waited for the service')
})

describe('questions from before a wait are asked again', () => {
  /** Does something shortly after the run has started to wait. */
  const soon = (then: () => void): NodeJS.Timeout => setTimeout(then, 500)
  const looks = `
- name: stat
  stat: { path: "{{ out }}/x" }
  register: it
- name: exists
  debug: { msg: "{{ it.stat.exists }}" }
- name: read
  command: { cmd: "cat {{ out }}/x", reads: true }
`

  test('after a task that waited', async () => {
    soon(() => writeFileSync(at('x'), 'x'))
    const run = await folder.run(
      play(`- name: wait\n  wait_for: { path: "{{ out }}/x", timeout: 20 }${looks}`),
    )
    assert.deepEqual([run.exitCode, run.messages], [0, ['true']])
  })

  test('after a task that was tried until its condition held', async () => {
    soon(() => writeFileSync(at('x'), 'x'))
    const run = await folder.run(
      play(`
- name: try
  command: { cmd: "ls {{ out }}", reads: true }
  register: there
  until: there.stdout == "x"
  retries: 50
  delay: 1${looks}`),
    )
    assert.deepEqual([run.exitCode, run.messages], [0, ['true']])
  })

  test('after a question to a person', async () => {
    const run = await folder.run(
      play(`- name: ask\n  asks: {}${looks}`),
      {},
      {
        modules: [...modules, asks],
        confirm: () => {
          writeFileSync(at('x'), 'x')
          return Promise.resolve(false)
        },
      },
    )
    assert.deepEqual([run.exitCode, run.messages], [0, ['true']])
    assert.deepEqual(warningsOf(run), ['not restarted'])
  })
})

function problemOf({ events }: LocalRun): string {
  return (
    events
      .flatMap((event) => (event.type === 'task.finished' ? (event.detail.problem?.message ?? []) : []))
      .at(-1) ?? ''
  )
}

function warningsOf({ events }: LocalRun): readonly string[] {
  return events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
}
