/** Actions with `pct`: pushing files into a container, starting and stopping it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Action } from '../action.ts'
import { sha256Of } from '../content.ts'
import { createTestMachine, executeAction, testContext } from '../testing/test-machine.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'

const needsRoot = process.getuid?.() === 0 ? false : 'needs root, to change owners'
const content = Buffer.from('0123456789'.repeat(20_000))

/** A node whose `pct push` copies with the given command and always exits with 0. */
function nodeAndContainer(dir: Scratch, pct: string): ReturnType<typeof createTestMachine> {
  mkdirSync(dir.path('bin'))
  writeFileSync(dir.path('bin/pct'), `#!/bin/sh\necho "$*" >> ${dir.path('calls')}\n${pct}\n`)
  chmodSync(dir.path('bin/pct'), 0o755)
  const environment = { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` }
  const node = createTestMachine({ stateDirectory: dir.path('state'), environment })
  return createTestMachine({ name: 'ct', ctid: '101', node, stateDirectory: dir.path('ct-state') })
}

function pushing(dir: Scratch): Action {
  writeFileSync(dir.path('source.run'), content)
  return {
    kind: 'push',
    from: dir.path('source.run'),
    to: dir.path('target.run'),
    sha256: sha256Of(content),
    mode: '0755',
  }
}

test('a file is pushed under a temporary name, compared in the container, renamed, and not pushed twice', async () => {
  using dir = scratch()
  const container = nodeAndContainer(dir, 'cp "$3" "$4" && chmod "$6" "$4"')
  const action = pushing(dir)
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(await executeAction(action, container, testContext()), { kind: 'done' })
    assert.deepEqual(readFileSync(dir.path('target.run')), content)
  }
  assert.equal(statSync(dir.path('target.run')).mode & 0o7777, 0o755)
  assert.equal(
    readFileSync(dir.path('calls'), 'utf8'),
    `push 101 ${dir.path('source.run')} ${dir.path('ct-state/work/target.run')}.gpuplay-push --perms 0755\n`,
  )
  assert.equal(statSync(dir.path('ct-state/work')).mode & 0o7777, 0o700)
})

test(
  'a push does not use a directory that another user could have created',
  { skip: needsRoot },
  async () => {
    for (const made of ['mkdir ct-state/work && chown nobody ct-state/work', 'ln -s /tmp ct-state/work']) {
      using dir = scratch()
      execFileSync('sh', ['-c', `mkdir -p ct-state && ${made}`], { cwd: dir.directory })
      const result = await executeAction(pushing(dir), nodeAndContainer(dir, 'cp "$3" "$4"'), testContext())
      assert.ok(result.kind === 'failed')
      assert.match(result.problem.message, /state\/work is a link, or belongs to another user$/)
    }
  },
)

test('a push reports how much has arrived', async () => {
  using dir = scratch()
  const container = nodeAndContainer(dir, 'head -c 50000 "$3" > "$4"; sleep 1.5; cp "$3" "$4"')
  const told: (readonly [done: number | undefined, total: number | undefined])[] = []
  const progress = (_step: number, _message: string, done?: number, total?: number): void =>
    void told.push([done, total])
  assert.deepEqual(await executeAction(pushing(dir), container, { ...testContext(), progress }), {
    kind: 'done',
  })
  assert.deepEqual(told, [
    [0, 200_000],
    [50_000, 200_000],
  ])
})

test('a failed push is detected even though pct exits with 0', async () => {
  for (const [pct, message] of [
    [
      'echo "failed to create file: /x: Permission denied" >&2; exit 0',
      /failed to create file: \/x: Permission denied$/,
    ],
    ['head -c 100 "$3" > "$4"; echo "x" >> "$4"; exit 0', /the copy has the sha256 [0-9a-f]{64}, expected/],
    ['echo "CT is locked (backup)" >&2; exit 255', /the container is locked \(backup\)$/],
  ] as const) {
    using dir = scratch()
    const result = await executeAction(pushing(dir), nodeAndContainer(dir, pct), testContext())
    assert.ok(result.kind === 'failed')
    assert.match(result.problem.message, message)
    assert.deepEqual(
      readdirSync(dir.directory).filter((name) => name.startsWith('target')),
      [],
    )
  }
})

test('a container is started, stopped and restarted with pct, unless it is already in the state', async () => {
  for (const [verb, state, calls] of [
    ['start', 'stopped', ['status 7', 'start 7']],
    ['start', 'running', ['status 7']],
    ['shutdown', 'running', ['status 7', 'shutdown 7 --timeout 120']],
    ['shutdown', 'stopped', ['status 7']],
    ['stop', 'running', ['status 7', 'shutdown 7 --timeout 120']],
    ['stop', 'stopped', ['status 7']],
    ['restart', 'running', ['status 7', 'shutdown 7 --timeout 120', 'start 7']],
  ] as const) {
    using dir = scratch()
    const { node } = nodeAndContainer(dir, `[ "$1" = status ] && echo "status: ${state}"; exit 0`)
    assert.ok(node)
    const result = await executeAction({ kind: 'containerPower', ctid: '7', verb }, node, testContext())
    assert.equal(result.kind, 'done')
    assert.deepEqual(readFileSync(dir.path('calls'), 'utf8').trim().split('\n'), calls)
  }
})

test('a container is recorded before its shutdown, and no longer once it runs or its shutdown was refused', async () => {
  const looks = (dir: Scratch): string =>
    `ls ${dir.path('state/guests-to-start')} >> ${dir.path('seen')} 2>&1`
  for (const [verb, pct, code, recorded] of [
    ['shutdown', 'exit 0', 'done', true],
    ['restart', '[ "$1" != start ]', 'failed', true],
    ['restart', 'exit 0', 'done', false],
    ['shutdown', 'echo "CT is locked (backup)" >&2; exit 255', 'failed', false],
    ['shutdown', 'sleep 1.1; exit 255', 'failed', true],
  ] as const) {
    using dir = scratch()
    const status = `[ "$1" = status ] && { [ -e ${dir.path('started')} ] || echo "status: running"; exit 0; }`
    const stops = `[ "$1" = shutdown ] && { : > ${dir.path('started')}; ${looks(dir)}; }`
    const { node } = nodeAndContainer(dir, `${status}; ${stops}; ${pct}`)
    assert.ok(node)
    const action = { kind: 'containerPower', ctid: '7', verb, timeout: 1 } as const
    const result = await executeAction(action, node, testContext())
    assert.equal(result.kind, code, `${verb} ${pct}`)
    assert.equal(readFileSync(dir.path('seen'), 'utf8'), 'pct-7\n')
    assert.deepEqual(
      readdirSync(dir.path('state/guests-to-start')),
      recorded ? ['pct-7'] : [],
      `${verb} ${pct}`,
    )
  }
})

test('a container that stays stopped is not recorded, and an earlier record is withdrawn', async () => {
  for (const state of ['running', 'stopped']) {
    using dir = scratch()
    const { node } = nodeAndContainer(dir, `[ "$1" = status ] && echo "status: ${state}"; exit 0`)
    assert.ok(node)
    mkdirSync(dir.path('state/guests-to-start'), { recursive: true })
    writeFileSync(dir.path('state/guests-to-start/pct-7'), '')
    const action = { kind: 'containerPower', ctid: '7', verb: 'stop' } as const
    assert.equal((await executeAction(action, node, testContext())).kind, 'done')
    assert.deepEqual(readdirSync(dir.path('state/guests-to-start')), [])
  }
})

test('a container that cannot be recorded is not stopped', async () => {
  using dir = scratch()
  const { node } = nodeAndContainer(dir, '[ "$1" = status ] && echo "status: running"; exit 0')
  assert.ok(node)
  mkdirSync(dir.path('state'))
  writeFileSync(dir.path('state/guests-to-start'), 'no directory')
  const result = await executeAction(
    { kind: 'containerPower', ctid: '7', verb: 'shutdown' },
    node,
    testContext(),
  )
  assert.ok(result.kind === 'failed')
  assert.match(result.problem.message, /cannot record in \S+ that container 7 has to be started again/)
  assert.equal(readFileSync(dir.path('calls'), 'utf8'), 'status 7\n')
})

test('a start that something else has done meanwhile has succeeded, and force kills after the time limit', async () => {
  using dir = scratch()
  const calls = dir.path('calls')
  const status = `[ "$1" = status ] && { grep -q start ${calls} && echo "status: running" || echo "status: stopped"; exit; }`
  const { node } = nodeAndContainer(dir, `${status}; echo "CT 7 already running" >&2; exit 255`)
  assert.ok(node)
  const start = { kind: 'containerPower', ctid: '7', verb: 'start' } as const
  assert.equal((await executeAction(start, node, testContext())).kind, 'done')
  using other = scratch()
  const forced = nodeAndContainer(other, '[ "$1" = status ] && echo "status: running"; exit 0')
  assert.ok(forced.node)
  await executeAction({ ...start, verb: 'shutdown', timeout: 3, force: true }, forced.node, testContext())
  assert.match(readFileSync(other.path('calls'), 'utf8'), /^shutdown 7 --timeout 3 --forceStop 1$/m)
})

test('a container that cannot start is reported with the reason', async () => {
  using dir = scratch()
  const pct =
    '[ "$1" = status ] && { echo "status: stopped"; exit 0; }; echo "Device /dev/nvidia0 does not exist" >&2; exit 255'
  const { node } = nodeAndContainer(dir, pct)
  assert.ok(node)
  const result = await executeAction(
    { kind: 'containerPower', ctid: '7', verb: 'start' },
    node,
    testContext(),
  )
  assert.ok(result.kind === 'failed')
  assert.equal(result.problem.code, 'device-missing')
  assert.match(result.problem.message, /^cannot start container 7: \/dev\/nvidia0 does not exist on the node/)
})

test('a failed start shows what LXC printed on either stream, and how to see more', async () => {
  using dir = scratch()
  const lxc = 'run_buffer: 571 Script exited with status 17'
  const pct =
    `[ "$1" = status ] && { echo "status: stopped"; exit 0; }; echo "${lxc}"; ` +
    `echo "mount_entry: 2445 Operation not permitted"; echo "startup for container '7' failed" >&2; exit 255`
  const { node } = nodeAndContainer(dir, pct)
  assert.ok(node)
  const action: Action = { kind: 'containerPower', ctid: '7', verb: 'start' }
  const result = await executeAction(action, node, testContext())
  assert.ok(result.kind === 'failed')
  assert.equal(
    result.problem.message,
    `cannot start container 7: startup for container '7' failed (stdout: ${lxc} | mount_entry: 2445 Operation not permitted)`,
  )
  assert.equal(result.problem.hint, "to see LXC's own messages, run on the node: pct start 7 --debug")
})
