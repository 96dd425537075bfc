import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import type { Action, Effect } from './action.ts'
import { createOverlay } from './overlay.ts'
import { createReader, type HostReader } from './reader.ts'
import { createAnswerStore } from './kept-answers.ts'
import { sha256Of } from './content.ts'
import { createLocalShell } from './testing/local-shell.ts'
import { ct, node, pve1 } from './testing/places.ts'
import { framesFor, reading } from './testing/reading.ts'
import { machineType } from './questions/system.ts'
import { cat, find, nothing } from './testing/questions.ts'
import { scratch } from './testing/scratch.ts'

function write(path: string, mode?: string): Action {
  return {
    kind: 'writeFile',
    path,
    content: { kind: 'text', text: 'x' },
    ...defined({ mode }),
  }
}

function run(...effects: readonly Effect[]): Action {
  return { kind: 'run', argv: ['x'], effects }
}

test('an answer is kept for all views until it is dropped', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'first')
  const { reader, shell } = reading()
  const ask = (): Promise<unknown> =>
    Promise.all([
      reader.forTask().host.text(dir.path('a')),
      reader.view().stat(dir.path('none')),
      reader.view().package('bash'),
      reader.forTask({ overlay: createOverlay() }).host.kernel(),
      reader.view().ask(machineType),
    ])
  assert.equal(await framesFor(shell, ask), 1)
  assert.equal(await framesFor(shell, ask), 0)
  writeFileSync(dir.path('a'), 'second')
  assert.equal(await reader.view().text(dir.path('a')), 'first')
  reader.answers.drop(`file:${dir.path('a')}`)
  assert.equal(await reader.view().text(dir.path('a')), 'second')
  assert.equal(await framesFor(shell, ask), 0)
  reader.answers.clear()
  assert.equal(await framesFor(shell, ask), 1)
})

test('a failed read is repeated', async () => {
  using dir = scratch()
  mkdirSync(dir.path('a'))
  const { reader, shell } = reading()
  const ask = (): Promise<void> => assert.rejects(reader.view().text(dir.path('a')), HostError)
  assert.equal(await framesFor(shell, ask), 1)
  assert.equal(await framesFor(shell, ask), 1)
})

test('an answer in flight that is dropped goes only to those who asked before', async () => {
  using dir = scratch()
  const { reader, shell } = reading()
  const early = reader.view().text(dir.path('a'))
  reader.answers.drop(`file:${dir.path('a')}`)
  assert.equal(await framesFor(shell, () => reader.view().text(dir.path('a'))), 1)
  assert.equal(await early, undefined)
})

test('an action drops the answers that it may have changed, and keeps the others', async () => {
  using dir = scratch()
  mkdirSync(dir.path('d'))
  writeFileSync(dir.path('d/a'), 'a')
  const { reader, shell } = reading()
  const host = reader.forTask().programHost
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    text: () => host.text(dir.path('d/a')),
    hash: () => host.hash(dir.path('d/a')),
    list: () => host.list(dir.path('d')),
    parent: () => host.stat(dir.path('d')),
    beside: () => host.text(dir.path('d/b')),
    above: () => host.list(dir.directory),
    cat: () => host.ask(cat(dir.path('d/a'))),
    find: () => host.ask(find(dir.path('d'))),
    promised: () => host.promised(['sh', '-c', 'true']),
    none: () => host.ask(nothing),
    package: () => host.package('bash'),
    command: () => host.command('gpuplay-none'),
    module: () => host.kernelModule('loop'),
    kernel: () => host.kernel(),
    space: () => host.space('/'),
    sys: () => host.stat('/sys/module'),
  }
  const dropped = async (action: Action): Promise<readonly string[]> => {
    for (const ask of Object.values(asked)) await ask()
    reader.answers.dropFor(action, node)
    const again: string[] = []
    for (const [name, ask] of Object.entries(asked)) if ((await framesFor(shell, ask)) > 0) again.push(name)
    return again
  }
  const file = ['text', 'hash', 'list', 'parent', 'above', 'cat', 'find', 'promised', 'space']
  assert.deepEqual(await dropped(write(dir.path('d/a'))), file)
  assert.deepEqual(await dropped({ kind: 'setAttributes', path: dir.path('d/a'), mode: '0600' }), file)
  const removed: Action = { kind: 'remove', path: dir.path('d'), recursive: true }
  assert.deepEqual(
    await dropped(removed),
    Object.keys(asked).filter(
      (name) => !['none', 'package', 'command', 'module', 'kernel', 'sys'].includes(name),
    ),
  )
  // A user who can read everything also reads the undeclared changes of a program.
  assert.deepEqual(await dropped(run()), ['promised', 'space'])
  assert.deepEqual(await dropped(run({ kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true } })), [
    'promised',
    'module',
    'space',
    'sys',
  ])
  assert.deepEqual(await dropped(write('/usr/local/bin/gpuplay-none')), ['promised', 'command', 'space'])
  const everything = Object.keys(asked)
  assert.deepEqual(await dropped({ kind: 'run', argv: ['x'] }), everything)
  assert.deepEqual(
    await dropped(run({ kind: 'package', name: 'x', becomes: { installed: '1' } })),
    everything,
  )
  assert.deepEqual(await dropped({ kind: 'reboot', reason: 'x', slots: [] }), everything)
  assert.deepEqual(await dropped(run({ kind: 'unknown', resources: ['package:*', 'kernel:*'], why: 'x' })), [
    'promised',
    'package',
    'kernel',
    'space',
  ])
})

test('a change through a link that the run has created drops answers under the other name', async () => {
  using dir = scratch()
  mkdirSync(dir.path('d'))
  writeFileSync(dir.path('d/x'), 'x')
  const { reader, shell } = reading()
  const ask = (): Promise<unknown> => reader.view().text(dir.path('d/x'))
  for (const target of ['d', dir.path('d')]) {
    reader.answers.dropFor({ kind: 'makeLink', path: dir.path('l'), target }, node)
    await ask()
    assert.equal(await framesFor(shell, ask), 0, 'the answer is kept')
    reader.answers.dropFor(write(dir.path('l/x')), node)
    assert.equal(await framesFor(shell, ask), 1, `through a link to ${target}`)
  }
})

test('a change through a link drops answers under the other name, and vice versa', async () => {
  using dir = scratch()
  mkdirSync(dir.path('d'))
  symlinkSync('d', dir.path('l'))
  symlinkSync('d/x', dir.path('to-x'))
  writeFileSync(dir.path('d/x'), 'x')
  const { reader, shell } = reading()
  const host = reader.view()
  const names = ['d/x', 'l/x', 'to-x']
  for (const changed of names) {
    await Promise.all(names.map((name) => host.text(dir.path(name))))
    reader.answers.dropFor(write(dir.path(changed)), node)
    for (const name of names) {
      assert.equal(await framesFor(shell, () => host.text(dir.path(name))), 1, `${name} after ${changed}`)
    }
  }
  await host.ask(cat(dir.path('l/x')))
  reader.answers.drop(`file:${dir.path('d')}*`)
  assert.equal(await framesFor(shell, () => host.ask(cat(dir.path('l/x')))), 1)
  reader.answers.dropFor({ kind: 'makeLink', path: dir.path('l'), target: 'e' }, node)
  assert.equal(await framesFor(shell, () => host.text(dir.path('l/x'))), 1)
})

test('a change on the node drops the shared answers of its containers; a start or stop drops all', async () => {
  const answerStore = createAnswerStore()
  const onNode = reading(answerStore)
  const inside = reading(answerStore, onNode.reader)
  const own = (): Promise<unknown> => inside.reader.view().text('/etc/hostname')
  const common = (): Promise<unknown> => inside.reader.view().kernelModule('loop')
  const ask = (): Promise<unknown> => Promise.all([own(), common()])
  await ask()
  onNode.reader.answers.dropFor(run({ kind: 'kernelModule', name: 'loop', becomes: { loaded: true } }), node)
  assert.equal(await framesFor(inside.shell, own), 0)
  assert.equal(await framesFor(inside.shell, common), 1)
  for (const action of [
    { kind: 'containerPower', ctid: '101', verb: 'restart', on: 'node' },
    { kind: 'reboot', reason: 'x', slots: [], on: 'node' },
  ] as const) {
    inside.reader.answers.dropFor(action, ct)
    assert.equal(await framesFor(inside.shell, own), 1)
    await ask()
  }
  await onNode.reader.view().text('/etc/hostname')
  inside.reader.answers.dropFor({ kind: 'containerPower', ctid: '102', verb: 'shutdown', on: 'node' }, ct)
  assert.equal(await framesFor(inside.shell, own), 0)
  assert.equal(await framesFor(onNode.shell, () => onNode.reader.view().text('/etc/hostname')), 0)
})

test('two users of a machine have separate answers, which are dropped together', async () => {
  const answerStore = createAnswerStore()
  const shell = createLocalShell()
  const readerOf = (user: string): HostReader =>
    createReader({
      name: pve1,
      user,
      shell: async () => shell,
      signal: new AbortController().signal,
      answerStore,
      placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
      controller: { file: async () => undefined, text: async () => undefined },
    })
  const [root, nobody] = [readerOf(''), readerOf('nobody')]
  await root.view().text('/etc/hostname')
  assert.equal(await framesFor(shell, () => nobody.view().text('/etc/hostname')), 1)
  root.answers.dropFor(write('/etc/hostname'), node)
  assert.equal(await framesFor(shell, () => nobody.view().text('/etc/hostname')), 1)
})

test('a window is planned with kept answers without a frame, and lists the expectations of each action', async () => {
  using dir = scratch()
  mkdirSync(dir.path('d'), { mode: 0o700 })
  writeFileSync(dir.path('d/live'), 'live', { mode: 0o640 })
  const { reader, shell } = reading()
  const probe = async (
    overlay?: ReturnType<typeof createOverlay>,
  ): Promise<ReturnType<HostReader['forTask']>> => {
    const view = reader.forTask({ overlay })
    const { host } = view
    await Promise.all(
      ['d/live', 'd/new', 'd/gone', 'd/unsaid'].map((name) =>
        host.text(dir.path(name)).catch(() => undefined),
      ),
    )
    await Promise.all(['d', 'd/live', 'd/new'].map((name) => host.stat(dir.path(name))))
    return view
  }
  const first = await probe()
  assert.equal(first.predicted().size, 0)
  const key = (name: string): string => `pve1 file:${dir.path(name)}`
  assert.equal(first.touched().get(key('d/live'))?.content, `sha256:${sha256Of('live')}`)
  assert.equal(first.touched().get(key('d/live'))?.status?.mode, '0640')
  assert.equal(first.touched().get(key('d/new'))?.content, 'absent')
  const overlay = createOverlay()
  overlay.apply(node, write(dir.path('d/new'), '0600'))
  overlay.apply(node, { kind: 'remove', path: dir.path('d/gone') })
  overlay.apply(node, {
    kind: 'writeFile',
    path: dir.path('d/unsaid'),
    content: { kind: 'unknown', why: 'x' },
  })
  const sent = shell.scripts.length
  const second = await probe(overlay)
  assert.equal(shell.scripts.length, sent)
  assert.equal(second.touched().get(key('d/new'))?.content, `sha256:${sha256Of('x')}`)
  assert.equal(second.touched().get(key('d/new'))?.status?.mode, '0600')
  assert.equal(second.touched().get(key('d/gone'))?.content, 'absent')
  assert.equal(second.touched().get(key('d/live'))?.content, `sha256:${sha256Of('live')}`)
  assert.deepEqual([...second.predicted()].sort(), ['d', 'd/gone', 'd/new'].map(key))
  await second.host.stat(dir.path('d/unsaid'))
  assert.equal(second.touched().get(key('d/unsaid'))?.content, 'present')
})
