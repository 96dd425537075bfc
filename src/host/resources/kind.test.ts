import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../../base/brand.ts'
import { isUnknown, UnknownError } from '../../base/unknown.ts'
import { commandLine } from '../../base/shell.ts'
import type { Action } from '../action.ts'
import { heldBy } from '../effects.ts'
import { createOverlay } from '../overlay.ts'
import { found } from '../queries/query.ts'
import { createReader } from '../reader.ts'
import { createAnswerStore } from '../kept-answers.ts'
import { surprises } from '../surprises.ts'
import { createLocalShell } from '../testing/local-shell.ts'
import { allKinds, kindsOf } from './all.ts'
import { fieldDifferences, type ResourceKind } from './kind.ts'

interface User {
  readonly id: number | undefined
  readonly home: string | undefined
}

/** A complete kind, as in a separate file. */
const userKind: ResourceKind<'person', User, Partial<User>> = {
  kind: 'person',
  word: 'user',
  key: (name) => name,
  query: {
    kind: 'person',
    mergeLimit: 100,
    answerBytes: 256,
    timeout: () => 30_000,
    script: (names) => commandLine(['getent', 'passwd', '--', ...names]),
    parse: ({ stdout }, names) => {
      const rows = stdout
        .toString('utf8')
        .split('\n')
        .map((line) => line.split(':'))
      return names.map((name) => {
        const row = rows.find(([first]) => first === name)
        return found({ id: row && Number(row[2]), home: row?.[5] })
      })
    },
  },
  nothing: { id: undefined, home: undefined },
  isNothing: ({ id }) => id === undefined,
  restsOn: () => ['file:/etc/passwd'],
  partial: () => true,
  saysAll: ({ id, home }) => id !== undefined && home !== undefined,
  foresee: (becomes, before) => ({ ...before, ...becomes }),
  look: (reads, name) => reads.read(userKind, name),
  differences: fieldDifferences,
  concerns: () => ['file:/etc/passwd'],
  held: true,
}

const kinds = kindsOf([...allKinds, userKind])
const pve1 = hostName('pve1')
const node = { name: pve1 }

/** As data from outside: the types of this list have no users. */
function change(name: string, becomes: Partial<User>): Action {
  return JSON.parse(
    JSON.stringify({ kind: 'run', argv: ['x'], effects: [{ kind: 'person', name, becomes }] }),
  ) as Action
}

test('a kind in one file with one line in the list is asked, predicted, kept, dropped, compared and locked', async () => {
  const shell = createLocalShell()
  const reader = createReader({
    name: pve1,
    shell: async () => shell,
    signal: new AbortController().signal,
    answerStore: createAnswerStore(kinds),
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  const [root, none] = await Promise.all(
    ['root', 'gpuplay-none'].map((name) => reader.view().read(userKind, name)),
  )
  assert.deepEqual(root, { id: 0, home: '/root' })
  assert.deepEqual(none, userKind.nothing)
  assert.equal(shell.scripts.length, 1)

  const overlay = createOverlay(kinds)
  overlay.apply(node, change('root', { home: '/elsewhere' }))
  const view = reader.forTask({ overlay })
  assert.deepEqual(await view.host.read(userKind, 'root'), { id: 0, home: '/elsewhere' })
  assert.deepEqual([...view.predicted()], ['pve1 person:root'])
  await assert.rejects(view.programHost.promised(['sh', '-c', 'true']), UnknownError)
  assert.ok(isUnknown(overlay.of(node).touches('person:*')))
  assert.equal(shell.scripts.length, 1)

  reader.answers.dropFor(change('root', {}), node)
  await Promise.all([reader.view().read(userKind, 'root'), reader.view().read(userKind, 'gpuplay-none')])
  assert.equal(shell.scripts.length, 2)

  const [effect] = change('root', { home: '/elsewhere' }).effects ?? []
  assert.equal(effect && heldBy(effect, kinds), 'person:root')
  assert.deepEqual(await surprises([change('root', { home: '/elsewhere' })], reader.view(), kinds), [
    'home of user root is "/root"; predicted: "/elsewhere"',
  ])
})

test('a kind that is missing in the list is reported as a bug', () => {
  assert.throws(() => createOverlay().apply(node, change('root', {})), /no kind of resource is called person/)
})
