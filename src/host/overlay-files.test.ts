import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isUnknown, knownOr } from '../base/unknown.ts'
import type { Action } from './action.ts'
import { sha256Of } from './content.ts'
import type { Host } from './host.ts'
import { createOverlay } from './overlay.ts'
import { createTestMachine, executeAction, testContext } from './testing/test-machine.ts'
import { node } from './testing/places.ts'
import { reader, rejectsUnknown } from './testing/predicted.ts'
import { writeAction } from './testing/steps.ts'
import { cat } from './testing/questions.ts'
import { scratch } from './testing/scratch.ts'

/** Compares the predicted and the real result of a sequence of file actions. */
const names = ['a', 'b', 'd/a', 'd/e/a', 'l/a', 'l/e', 'l', 'k/a', 'k'] as const
const fileAction = (at: (name: string) => string): fc.Arbitrary<Action> =>
  fc.oneof(
    fc
      .record({
        name: fc.constantFrom(...names),
        text: fc.string(),
        mode: fc.constantFrom(undefined, '0600', '0755'),
      })
      .map(({ name, text, mode }): Action => writeAction(at(name), text, mode === undefined ? {} : { mode })),
    fc.constantFrom(...names).map((name): Action => ({ kind: 'remove', path: at(name) })),
    fc
      .constantFrom('d', 'd/e')
      .map((name): Action => ({ kind: 'makeDirectory', path: at(name), mode: '0750' })),
    fc.constantFrom('d', 'd/e').map((name): Action => ({ kind: 'remove', path: at(name), recursive: true })),
    fc.constantFrom('d', 'd/e').map((target): Action => ({ kind: 'makeLink', path: at('l'), target })),
    fc.constantFrom('nowhere', 'b').map((target): Action => ({ kind: 'makeLink', path: at('a'), target })),
    fc
      .constantFrom(...names)
      .map((name): Action => ({ kind: 'setAttributes', path: at(name), mode: '0640' })),
  )

const byUser = process.getuid?.() !== 0

async function seen(host: Host, directory: string): Promise<unknown> {
  const [root, ...files] = await Promise.all([
    host.list(directory),
    ...['a', 'b', 'd', 'd/a', 'd/e', 'd/e/a', 'l', 'l/a', 'l/e', 'l/e/a', 'k', 'k/a', 'k/e'].map(
      async (name) => {
        const path = `${directory}/${name}`
        const status = await host.stat(path)
        // Links in these tests are dangling, and the size of directories depends on the file system.
        const text = status?.kind === 'file' ? await host.text(path) : undefined
        const hash = status?.kind === 'file' ? await host.hash(path) : undefined
        const { kind, mode, target } = status ?? {}
        const owner = knownOr(status?.owner, userInfo().username)
        const names = kind === 'directory' ? await host.list(path) : undefined
        return {
          name,
          kind,
          mode,
          owner,
          target,
          text,
          hash,
          names,
          size: kind === 'file' ? status?.size : undefined,
        }
      },
    ),
  ])
  return { root, files }
}

/** Two directories with the same content: one for predictions, one for real changes. */
function twins(path: (name: string) => string): readonly [string, string] {
  const roots = [path('predicted'), path('real')] as const
  for (const root of roots) {
    mkdirSync(`${root}/d`, { recursive: true, mode: 0o700 })
    symlinkSync('d', `${root}/k`)
    writeFileSync(`${root}/a`, 'live', { mode: 0o644 })
    writeFileSync(`${root}/d/a`, 'live', { mode: 0o600 })
  }
  return roots
}

test('law: on an untouched host, the prediction equals the state after the actions', async () => {
  const planned = fc.array(
    fileAction((name) => name),
    { minLength: 1, maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(planned, async (actions) => {
      using dir = scratch()
      const [predicted, real] = twins((name) => dir.path(name))
      const machine = createTestMachine({ stateDirectory: dir.path('state') })
      const overlay = createOverlay()
      const { host, all } = reader(overlay)
      const below = (root: string, action: Action): Action =>
        'path' in action ? { ...action, path: `${root}/${action.path}` } : action
      for (const action of actions) {
        await all.findLinks(below(predicted, action), overlay)
        // No plan contains an action that cannot be carried out.
        const result = await executeAction(below(real, action), machine, testContext())
        if (result.kind === 'done') overlay.apply(node, below(predicted, action), { byUser })
      }
      assert.deepEqual(await seen(host, predicted), await seen(reader(createOverlay()).host, real))
    }),
    { numRuns: 25 },
  )
})

test('law: predicted files are read back, and other files are read from the host', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.boolean(), async (text, exists) => {
      using dir = scratch()
      writeFileSync(dir.path('other'), 'other', { mode: 0o640 })
      if (exists) writeFileSync(dir.path('file'), 'live', { mode: 0o600 })
      const overlay = createOverlay()
      overlay.apply(node, writeAction(dir.path('file'), text))
      const { host } = reader(overlay)
      assert.equal(await host.text(dir.path('file')), text)
      assert.equal(await host.hash(dir.path('file')), sha256Of(text))
      const status = await host.stat(dir.path('file'))
      assert.equal(status?.size, Buffer.byteLength(text))
      assert.equal(status.mode, exists ? '0600' : '0644')
      assert.deepEqual(await host.list(dir.directory), ['file', 'other'])
      assert.equal((await host.stat(dir.path('other')))?.mode, '0640')
      overlay.apply(node, { kind: 'remove', path: dir.path('file') })
      assert.equal(await host.stat(dir.path('file')), undefined)
      assert.equal(await host.text(dir.path('file')), undefined)
      assert.deepEqual(await host.list(dir.directory), ['other'])
    }),
    { numRuns: 8 },
  )
})

test('a file with content that only the run knows has a known mode, but an unknown text and size', async () => {
  using dir = scratch()
  const overlay = createOverlay()
  const content = { kind: 'unknown', why: 'rendered at run' } as const
  overlay.apply(node, { kind: 'writeFile', path: dir.path('a'), content, mode: '0600' })
  const { host } = reader(overlay)
  const status = await host.stat(dir.path('a'))
  assert.equal(status?.mode, '0600')
  assert.ok(isUnknown(status.size))
  await rejectsUnknown(host.text(dir.path('a')), /known only when the run writes it/)
  const maybe = await host.maybe(host.text(dir.path('a')))
  assert.ok(isUnknown(maybe))
})

test('predicted links are followed', async () => {
  using dir = scratch()
  writeFileSync(dir.path('real'), 'x', { mode: 0o600 })
  symlinkSync('real', dir.path('old'))
  const overlay = createOverlay()
  overlay.apply(node, { kind: 'makeLink', path: dir.path('link'), target: 'real' })
  overlay.apply(node, writeAction(dir.path('old'), 'new'))
  const { host } = reader(overlay)
  assert.equal((await host.stat(dir.path('link')))?.kind, 'link')
  assert.equal((await host.stat(dir.path('link'), { follow: true }))?.mode, '0600')
  assert.equal((await host.stat(dir.path('old')))?.kind, 'link')
  assert.equal(await host.text(dir.path('old')), 'new')
})

test('a new file of a user other than root has an unknown owner; an existing file keeps its owner', async () => {
  using dir = scratch()
  writeFileSync(dir.path('old'), 'live')
  const overlay = createOverlay()
  const { host } = reader(overlay)
  const by = { byUser: true }
  for (const name of ['old', 'new', 'given']) overlay.apply(node, writeAction(dir.path(name), 'x'), by)
  overlay.apply(node, { kind: 'setAttributes', path: dir.path('given'), owner: 'root', group: 'root' })
  overlay.apply(node, { kind: 'remove', path: dir.path('old') }, by)
  overlay.apply(node, writeAction(dir.path('old'), 'x'))
  const status = await host.stat(dir.path('new'))
  assert.ok(isUnknown(status?.owner))
  assert.equal(status?.mode, '0644')
  assert.equal((await host.stat(dir.path('given')))?.owner, 'root')
  assert.equal((await host.stat(dir.path('old')))?.owner, 'root')
})

test('a file written through a link to its directory is found under its other name, for predicted and existing links', async () => {
  using dir = scratch()
  mkdirSync(dir.path('real'))
  symlinkSync('real', dir.path('there'))
  writeFileSync(dir.path('real/old'), 'live')
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, { kind: 'makeLink', path: dir.path('soon'), target: 'real' })
  for (const name of ['there', 'soon']) {
    const path = dir.path(`${name}/via-${name}`)
    assert.equal(await host.stat(path), undefined)
    overlay.apply(node, writeAction(path, `through ${name}`))
    assert.equal(await host.text(dir.path(`real/via-${name}`)), `through ${name}`)
    assert.equal(await host.text(path), `through ${name}`)
  }
  assert.deepEqual(await host.list(dir.path('there')), ['old', 'via-soon', 'via-there'])
  overlay.apply(node, { kind: 'remove', path: dir.path('soon/old') })
  assert.equal(await host.stat(dir.path('there/old')), undefined)
  assert.equal((await host.ask(cat('/etc/hostname'))).code, 0)
  await rejectsUnknown(host.ask(cat(dir.path('soon/via-there'))), /an earlier task changes/)
  overlay.apply(node, { kind: 'remove', path: dir.path('there') })
  assert.equal(await host.stat(dir.path('there/old')), undefined)
  assert.equal(await host.text(dir.path('real/via-there')), 'through there')
})

test('cycles of links and dangling links are followed like on the host', async () => {
  using dir = scratch()
  symlinkSync('round', dir.path('round'))
  symlinkSync('none/below', dir.path('nowhere'))
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, { kind: 'makeLink', path: dir.path('a'), target: 'b' })
  overlay.apply(node, { kind: 'makeLink', path: dir.path('b'), target: 'a' })
  assert.equal((await host.stat(dir.path('round')))?.kind, 'link')
  assert.equal(await host.text(dir.path('nowhere')), undefined)
  assert.equal((await host.stat(dir.path('a')))?.kind, 'link')
  await host.stat(dir.path('a'), { follow: true })
  overlay.apply(node, writeAction(dir.path('none/below'), 'x'))
  assert.equal(await host.text(dir.path('nowhere')), 'x')
})

test('an unknown part of a reading is a value that can be recorded and compared', async () => {
  using dir = scratch()
  const overlay = createOverlay()
  const content = { kind: 'unknown', why: 'rendered at run' } as const
  overlay.apply(node, { kind: 'writeFile', path: dir.path('a'), content }, { byUser: true })
  const status = await reader(overlay).host.stat(dir.path('a'))
  assert.match(JSON.stringify(status), /"size":\{"why":"its content/)
  assert.deepEqual({ ...status, owner: 'somebody' }.mode, '0644')
})
