/** The exact number of processes that actions start. */
import assert from 'node:assert/strict'
import { chownSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { cannotCount, countingCommand, forksOf } from '../../connection/testing/forks.ts'
import { shellKinds } from '../../connection/testing/shells.ts'
import type { Action } from '../action.ts'
import { sha256Of } from '../content.ts'
import type { Expectation } from '../expectation.ts'
import type { FileStatus } from '../host.ts'
import { openFramed } from '../testing/framed-machine.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'
import { carryOut, type Step } from '../action-frame.ts'

const { signal } = new AbortController()

function write(path: string, more: Partial<Extract<Action, { kind: 'writeFile' }>> = {}): Action {
  return { kind: 'writeFile', path, content: { kind: 'text', text: 'new\n' }, ...more }
}

function status(given: Partial<FileStatus>): FileStatus {
  return { kind: 'file', mode: '0644', owner: 'root', group: 'root', uid: 0, gid: 0, size: 4, ...given }
}

function step(action: Action, path: string, expected: Expectation): Step {
  return { action, expects: new Map([[path, expected]]), notes: [] }
}

interface Counted {
  readonly what: string
  /** Forks of each step in addition to those of its frame. */
  readonly each: number
  readonly steps: (dir: Scratch, count: number) => readonly Step[]
}

const old = sha256Of('old\n')

/** Compares ten steps of a kind with one, which removes the cost of the frame itself. */
const counted: readonly Counted[] = [
  {
    what: 'a new file',
    // chmod and mv
    each: 2,
    steps: (dir, count) =>
      paths(dir, count).map((path) => step(write(path, { mode: '0640' }), path, { content: 'absent' })),
  },
  {
    what: 'a new file of another owner',
    // chown, chmod and mv
    each: 3,
    steps: (dir, count) =>
      paths(dir, count).map((path) => step(write(path, { owner: '65534' }), path, { content: 'absent' })),
  },
  {
    what: 'a file that is replaced, its attributes read before',
    // chmod and mv; one sha256sum for all
    each: 2,
    steps: (dir, count) =>
      paths(dir, count).map((path) => {
        writeFileSync(path, 'old\n')
        return step(write(path), path, { content: `sha256:${old}`, status: status({}) })
      }),
  },
  {
    what: "another user's program that is replaced, its attributes read before",
    // chown, chmod and mv
    each: 3,
    steps: (dir, count) =>
      paths(dir, count).map((path) => {
        writeFileSync(path, 'old\n')
        chownSync(path, 65534, 65534)
        const seen = status({ mode: '4755', uid: 65534, gid: 65534 })
        return step(write(path), path, { content: `sha256:${old}`, status: seen })
      }),
  },
  {
    what: 'a directory',
    each: 1,
    steps: (dir, count) =>
      paths(dir, count).map((path) =>
        step({ kind: 'makeDirectory', path, mode: '0750' }, path, { content: 'absent' }),
      ),
  },
  {
    what: 'a directory that is there as it should be',
    each: 0,
    steps: (dir, count) =>
      paths(dir, count).map((path) => {
        mkdirSync(path)
        const seen = status({ kind: 'directory', mode: '0755' })
        return step({ kind: 'makeDirectory', path, mode: '0755', owner: 'root' }, path, {
          content: 'present',
          status: seen,
        })
      }),
  },
  {
    what: 'a link',
    each: 1,
    steps: (dir, count) =>
      paths(dir, count).map((path) =>
        step({ kind: 'makeLink', path, target: 'there' }, path, { content: 'absent' }),
      ),
  },
  {
    what: 'a removal',
    each: 1,
    steps: (dir, count) =>
      paths(dir, count).map((path) => {
        writeFileSync(path, 'old\n')
        return step({ kind: 'remove', path }, path, { content: 'present' })
      }),
  },
  {
    what: 'a note of a handler',
    // For a removal that needs one.
    each: 1,
    steps: (dir, count) =>
      paths(dir, count).map((path) => {
        writeFileSync(path, 'old\n')
        const notes = [{ key: path, value: 'x' }]
        return { action: { kind: 'remove', path }, expects: new Map(), notes }
      }),
  },
  {
    what: 'a program',
    // The timeout program and the program itself.
    each: 2,
    steps: (_, count) =>
      Array.from({ length: count }, () => ({
        action: { kind: 'run', argv: ['/bin/true'] },
        expects: new Map(),
        notes: [],
      })),
  },
]

function paths(dir: Scratch, count: number): readonly string[] {
  const directory = mkdtempSync(dir.path('of '))
  return Array.from({ length: count }, (_, index) => `${directory}/file ${index}`)
}

const skip =
  cannotCount !== false ? cannotCount : process.getuid?.() === 0 ? false : 'needs root, to change owners'

for (const { name, command, skip: missing } of shellKinds) {
  test(`on ${name} a step starts no unnecessary process`, { skip: skip || missing }, async (t) => {
    using dir = scratch()
    const framed = await openFramed(dir, countingCommand(command.replace('exec ', '')))
    t.after(() => framed.close())
    const forks = async (steps: readonly Step[]): Promise<number> =>
      forksOf(framed.shell(), async () => {
        const results = await carryOut(steps, framed.machine, { signal })
        for (const result of results) assert.equal(result.kind, 'done', JSON.stringify(result))
      })
    mkdirSync(dir.path('state/pending'), { recursive: true })
    const costs = new Map<string, number>()
    for (const { what, steps } of counted) {
      const one = await forks(steps(dir, 1))
      const ten = await forks(steps(dir, 11))
      costs.set(what, (ten - one) / 10)
    }
    assert.deepEqual(
      Object.fromEntries(costs),
      Object.fromEntries(counted.map(({ what, each }) => [what, each])),
    )
  })
}

test(
  'a frame that writes ten new files starts at most three processes per file, and a few more',
  { skip },
  async (t) => {
    using dir = scratch()
    const framed = await openFramed(dir, countingCommand('/bin/sh'))
    t.after(() => framed.close())
    const steps = paths(dir, 10).map((path) => step(write(path), path, { content: 'absent' }))
    const forks = await forksOf(framed.shell(), () => carryOut(steps, framed.machine, { signal }))
    // The frame itself, chmod and mv for each, and one sync.
    assert.equal(forks, 20 + 2)
  },
)
