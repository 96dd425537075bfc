import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import { hostName } from '../../base/brand.ts'
import { Secret } from '../../base/secret.ts'
import type { Action } from '../action.ts'
import { sha256Of } from '../content.ts'
import { expectationsOf } from '../expectations-of.ts'
import { openFramed } from '../testing/framed-machine.ts'
import { createTestMachine, executeAction, type TestContext, testContext } from '../testing/test-machine.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'
import { controllerFile, here, writeAction } from '../testing/steps.ts'

/** The notes in the state directory of a test. */
function notesOf(dir: Scratch): readonly unknown[] {
  const pending = dir.path('state/pending')
  return existsSync(pending)
    ? readdirSync(pending).map((name): unknown => JSON.parse(readFileSync(`${pending}/${name}`, 'utf8')))
    : []
}

test('a file is written with its mode, and an existing file keeps its mode', async () => {
  using dir = scratch()
  const path = dir.path("it's -new.conf")
  const machine = here(dir)
  assert.deepEqual(
    await executeAction(writeAction(path, 'one\n\0\n', { mode: '0640' }), machine, testContext()),
    {
      kind: 'done',
    },
  )
  assert.equal(readFileSync(path, 'utf8'), 'one\n\0\n')
  assert.equal(statSync(path).mode & 0o7777, 0o640)
  const secret = { kind: 'text', text: new Secret('hush') } as const
  await executeAction({ kind: 'writeFile', path, content: secret }, machine, testContext())
  assert.equal(readFileSync(path, 'utf8'), 'hush')
  assert.equal(statSync(path).mode & 0o7777, 0o640)
  assert.deepEqual(readdirSync(dir.directory), ["it's -new.conf"])
})

test('a link is followed to its target', async () => {
  using dir = scratch()
  writeFileSync(dir.path('real'), 'old')
  symlinkSync('real', dir.path('link'))
  await executeAction(writeAction(dir.path('link'), 'new'), here(dir), testContext())
  assert.ok(lstatSync(dir.path('link')).isSymbolicLink())
  assert.equal(readFileSync(dir.path('real'), 'utf8'), 'new')
})

test('if the validator fails, the old file stays and no temporary file remains', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'old')
  const action = writeAction(dir.path('a'), 'bad', { validate: ['grep', '-q', 'good', '%s'] })
  const result = await executeAction(action, here(dir), testContext())
  assert.ok(result.kind === 'failed')
  assert.match(result.problem.message, /cannot write .*\/a: the new content is not valid/)
  assert.equal(readFileSync(dir.path('a'), 'utf8'), 'old')
  assert.deepEqual(readdirSync(dir.directory), ['a'])
})

test('a backup is stored in the requested directory', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'old')
  await executeAction(
    writeAction(dir.path('a'), 'new', { backup: true, backupDirectory: dir.path('old') }),
    here(dir),
    testContext(),
  )
  const [name = ''] = readdirSync(dir.path('old'))
  assert.match(name, /^a\.gpuplay-\d{8}T\d{6}Z$/)
  assert.equal(readFileSync(`${dir.path('old')}/${name}`, 'utf8'), 'old')
})

test('a file that was changed since it was read is not overwritten', async () => {
  using dir = scratch()
  const path = dir.path('a')
  writeFileSync(path, 'changed')
  const machine = here(dir)
  for (const [fingerprint, fine] of [
    ['absent', false],
    [`sha256:${sha256Of('read')}`, false],
    [`sha256:${sha256Of('changed')}`, true],
    ['present', true],
  ] as const) {
    writeFileSync(path, 'changed')
    const context = testContext({ expects: new Map([[path, { content: fingerprint }]]) })
    const result = await executeAction(writeAction(path, 'mine'), machine, context)
    assert.equal(result.kind, fine ? 'done' : 'stale', fingerprint)
    assert.equal(readFileSync(path, 'utf8'), fine ? 'mine' : 'changed')
  }
})

test('a task waits for a lock, and reports its holder', async () => {
  using dir = scratch()
  const lock = dir.path('lock')
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  const action = writeAction(dir.path('a'), 'x', { lock: { kind: 'flock', path: lock, timeout: 1 } })
  const result = await executeAction(action, here(dir), testContext())
  assert.ok(result.kind === 'failed')
  assert.match(result.problem.message, /lock was still held by process \d+ \(\w+\) after 1 s/)
  assert.equal(existsSync(dir.path('a')), false)
  // `flock` forks, and both processes have the lock open.
  process.kill(-(holder.pid ?? 0), 'SIGKILL')
  assert.equal((await executeAction(action, here(dir), testContext())).kind, 'done')
})

test('a full file system is reported with its free space, and the old file stays', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to mount a small tmpfs')
  using dir = scratch()
  const small = dir.path('small')
  mkdirSync(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], { stdio: 'ignore' })
  } catch {
    return t.skip('mounting is not allowed here')
  }
  try {
    writeFileSync(`${small}/a`, 'old')
    const framed = await openFramed(dir)
    const result = await executeAction(
      writeAction(`${small}/a`, 'x'.repeat(200_000)),
      framed.machine,
      testContext(),
    )
    await framed.close()
    assert.ok(result.kind === 'failed')
    assert.equal(result.problem.code, 'no-space')
    assert.match(result.problem.message, /no space left on tmpfs \(mounted at .*\/small\): \d+ KiB free/)
    assert.equal(readFileSync(`${small}/a`, 'utf8'), 'old')
    assert.deepEqual(readdirSync(small), ['a'])
  } finally {
    execFileSync('umount', [small])
  }
})

test('a file of the controller is sent, compared and renamed', async () => {
  using dir = scratch()
  const content = controllerFile(dir.path('source'), 'large')
  const machine = here(dir)
  const action: Action = { kind: 'writeFile', path: dir.path('to'), content, mode: '0755' }
  assert.deepEqual(await executeAction(action, machine, testContext()), { kind: 'done' })
  assert.equal(readFileSync(dir.path('to'), 'utf8'), 'large')
  const other: Action = { ...action, content: { ...content, sha256: sha256Of('other') } }
  const result = await executeAction(other, machine, testContext())
  assert.ok(result.kind === 'failed')
  assert.match(result.problem.message, /changed in transit/)
  assert.deepEqual(readdirSync(dir.directory).sort(), ['source', 'to'])
})

test('directories, links, attributes and removals succeed, also when repeated', async () => {
  using dir = scratch()
  const machine = here(dir)
  const actions: readonly Action[] = [
    { kind: 'makeDirectory', path: dir.path('a/b'), mode: '0700' },
    { kind: 'makeLink', path: dir.path('a/link'), target: 'over there' },
    { kind: 'setAttributes', path: dir.path('a'), mode: '0711' },
  ]
  for (const action of [...actions, ...actions]) {
    assert.deepEqual(await executeAction(action, machine, testContext()), { kind: 'done' })
  }
  assert.equal(statSync(dir.path('a/b')).mode & 0o7777, 0o700)
  assert.equal(statSync(dir.path('a')).mode & 0o7777, 0o711)
  assert.equal(readlinkSync(dir.path('a/link')), 'over there')
  const refused = await executeAction({ kind: 'remove', path: dir.path('a') }, machine, testContext())
  assert.ok(refused.kind === 'failed' && /is a directory/.test(refused.problem.message))
  for (let time = 0; time < 2; time += 1) {
    const gone = await executeAction(
      { kind: 'remove', path: dir.path('a'), recursive: true },
      machine,
      testContext(),
    )
    assert.deepEqual(gone, { kind: 'done' })
  }
  await assert.rejects(
    executeAction({ kind: 'remove', path: '/usr/', recursive: true }, machine, testContext()),
    /refusing/,
  )
})

test('the notes of a change are written in the same script, and only if the change was made', async () => {
  using dir = scratch()
  const machine = here(dir)
  const note = (key: string): TestContext => testContext({ notes: [{ key, value: `of ${key}` }] })
  await executeAction(writeAction(dir.path('a'), 'x'), machine, note('made'))
  await executeAction(writeAction(dir.path('no/such/directory'), 'x'), machine, note('failed'))
  assert.deepEqual(notesOf(dir), [{ key: 'made', value: 'of made' }])
  assert.equal(machine.current.scripts.length, 2)
})

test('an action is refused if another run has taken the lease', async () => {
  using dir = scratch()
  const machine = here(dir)
  mkdirSync(dir.path('state'))
  writeFileSync(dir.path('state/lease'), '8\n')
  const before = await executeAction(
    writeAction(dir.path('a'), 'x'),
    machine,
    testContext({ lease: () => 7 }),
  )
  assert.ok(before.kind === 'failed' && before.problem.code === 'lease-taken')
  assert.equal(existsSync(dir.path('a')), false)
  assert.equal(
    (await executeAction(writeAction(dir.path('a'), 'x'), machine, testContext({ lease: () => 8 }))).kind,
    'done',
  )
})

test('after a lost connection the result of an action is unknown, not a failure', async () => {
  using dir = scratch()
  const machine = here(dir)
  machine.current.lose()
  assert.deepEqual(await executeAction(writeAction(dir.path('a'), 'x'), machine, testContext()), {
    kind: 'lost',
    why: 'dropped',
  })
})

test('an action expects the files as they were read, except for changes of earlier actions of the plan', () => {
  const names = { host: hostName('ct'), node: hostName('pve1') }
  const touched = new Map([
    ['ct file:/etc/a', { content: 'absent' }],
    ['ct file:/etc/b', { content: 'present' }],
    ['pve1 file:/etc/a', { content: 'present' }],
  ])
  const action = writeAction('/etc/a', 'x')
  assert.deepEqual(
    [...expectationsOf(action, names, { touched, before: [] })],
    [['/etc/a', { content: 'absent' }]],
  )
  assert.deepEqual(
    [...expectationsOf({ ...action, on: 'node' }, names, { touched, before: [] })],
    [['/etc/a', { content: 'present' }]],
  )
  assert.deepEqual([...expectationsOf(action, names, { touched, before: [writeAction('/etc/a', 'y')] })], [])
  const installs: Action = { kind: 'run', argv: ['x'], effects: [{ kind: 'brings', what: 'x' }] }
  assert.deepEqual([...expectationsOf(action, names, { touched, before: [installs] })], [])
})

test('who changes or destroys a container expects its configuration as it was read', () => {
  const file = '/etc/pve/lxc/101.conf'
  const read = { content: 'sha256:0' }
  const touched = new Map([[`pve1 file:${file}`, read]])
  const names = { host: hostName('pve1') }
  const change = (becomes: object): Action => ({
    kind: 'run',
    argv: ['pct'],
    effects: [{ kind: 'container', name: '101', becomes }],
  })
  for (const becomes of [{ config: 'cores: 1\n' }, { exists: false }]) {
    const action = change(becomes)
    assert.deepEqual([...expectationsOf(action, names, { touched, before: [] })], [[file, read]])
    assert.deepEqual([...expectationsOf(action, names, { touched, before: [action] })], [])
  }
  assert.deepEqual([...expectationsOf(change({ status: 'running' }), names, { touched, before: [] })], [])
})

test('on a file system without modes and owners, neither is set', async () => {
  using dir = scratch()
  writeFileSync(dir.path('101.conf'), 'old')
  chmodSync(dir.path('101.conf'), 0o640)
  const machine = here(dir)
  await executeAction(writeAction(dir.path('101.conf'), 'new', { plain: true }), machine, testContext())
  assert.equal(readFileSync(dir.path('101.conf'), 'utf8'), 'new')
  assert.ok(!/chmod|chown/.test(machine.current.scripts[0] ?? ''))
})

test('the mode of a directory is set exactly, including setuid and setgid', async () => {
  using dir = scratch()
  const machine = createTestMachine({ stateDirectory: dir.path('state') })
  const path = dir.path('d')
  mkdirSync(path)
  chmodSync(path, 0o6755)
  for (const kind of ['setAttributes', 'makeDirectory'] as const) {
    chmodSync(path, 0o6755)
    assert.deepEqual(await executeAction({ kind, path, mode: '0700' }, machine, testContext()), {
      kind: 'done',
    })
    assert.equal(statSync(path).mode & 0o7777, 0o700)
  }
})
