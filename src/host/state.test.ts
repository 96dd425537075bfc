import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import type { Channel } from '../connection/connection.ts'
import { type LeaseHolder, takeLease } from './state.ts'
import { openLocal } from './testing/local-shell.ts'
import { createTestMachine } from './testing/test-machine.ts'
import { scratch } from './testing/scratch.ts'

const holder: LeaseHolder = { run: 'r1', controller: "it's here", pid: 42, user: 'me' }

test('only one run at a time has the lease of a machine; the next one gets a larger token', async () => {
  using dir = scratch()
  const machine = createTestMachine({ stateDirectory: dir.path('gpuplay/v1') })
  const first = await takeLease(machine, holder)
  assert.ok(first.kind === 'taken' && first.lease.token === 1)
  assert.equal(statSync(dir.path('gpuplay/v1')).mode & 0o7777, 0o700)
  assert.deepEqual(await takeLease(machine, { ...holder, run: 'r2' }), {
    kind: 'held',
    by: "run r1 of me on it's here (process 42)",
  })
  await first.lease.release()
  assert.ok(first.lease.ended.aborted)
  const second = await takeLease(machine, holder)
  assert.ok(second.kind === 'taken' && second.lease.token === 2)
  assert.equal(readFileSync(dir.path('gpuplay/v1/lease'), 'utf8'), '2\n')
  await second.lease.release()
})

test('the present holder of the lease is reported, not the previous one', async () => {
  using dir = scratch()
  const machine = createTestMachine({ stateDirectory: dir.path('v1') })
  const before = await takeLease(machine, { ...holder, run: 'r0' })
  assert.ok(before.kind === 'taken')
  await before.lease.release()
  const says = `echo taken; sleep 0.02; echo 'run r9 of her' > ${dir.path('v1/lease.holder')}; cat`
  const other = spawn('flock', [dir.path('v1/lease.lock'), 'sh', '-c', says])
  await new Promise((resolve) => other.stdout.once('data', resolve))
  assert.deepEqual(await takeLease(machine, holder), { kind: 'held', by: 'run r9 of her' })
  other.stdin.end()
})

test('a lease reports whether guests must be started again', async () => {
  using dir = scratch()
  const machine = createTestMachine({ stateDirectory: dir.path('v1') })
  const first = await takeLease(machine, holder)
  assert.ok(first.kind === 'taken' && first.guests === false)
  await first.lease.release()
  mkdirSync(dir.path('v1/guests-to-start'))
  writeFileSync(dir.path('v1/guests-to-start/pct-101'), '')
  const second = await takeLease(machine, holder)
  assert.ok(second.kind === 'taken' && second.guests === true && second.lease.token === 2)
  await second.lease.release()
})

test('a lease ends with its connection', async () => {
  using dir = scratch()
  const machine = createTestMachine({ stateDirectory: dir.path('v1') })
  const channels: Channel[] = []
  const open = async (command: string): Promise<Channel> => {
    const channel = await openLocal(command)
    channels.push(channel)
    return channel
  }
  const first = await takeLease({ ...machine, open }, holder)
  assert.ok(first.kind === 'taken')
  channels[0]?.kill()
  await new Promise((resolve) => first.lease.ended.addEventListener('abort', resolve))
  const second = await takeLease(machine, holder)
  assert.ok(second.kind === 'taken')
  await second.lease.release()
})

test('a lease reports a program that an earlier run left running, until it ends', async () => {
  using dir = scratch()
  const machine = createTestMachine({ stateDirectory: dir.path('v1') })
  const start = (state: string): ReturnType<typeof spawn> =>
    spawn('timeout', ['-k', '10', '300', 'sh', '-c', 'sleep 30; : two\nlines'], {
      env: { ...process.env, GPUPLAY_LEASE: state },
      detached: true,
    })
  const [mine, other] = [start(dir.path('v1')), start(dir.path('other/v1'))]
  try {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const taken = await takeLease(machine, holder)
    assert.ok(taken.kind === 'taken')
    const { pid } = mine
    assert.deepEqual([taken.left?.pid, taken.left?.command], [pid, 'sh -c sleep 30; : two lines'])
    assert.ok((taken.left?.seconds ?? 99) < 30, 'not the age of the machine')
    assert.equal((await taken.lease.left?.())?.pid, pid)
    process.kill(-(pid ?? 0), 'SIGKILL')
    await new Promise((resolve) => mine.once('close', resolve))
    assert.equal(await taken.lease.left?.(), undefined)
    await taken.lease.release()
  } finally {
    for (const { pid } of [mine, other]) {
      try {
        process.kill(-(pid ?? 0), 'SIGKILL')
      } catch {
        // The program has exited.
      }
    }
  }
})

test('the state of a newer gpuplay is not changed', async () => {
  using dir = scratch()
  mkdirSync(dir.path('gpuplay/v2'), { recursive: true })
  const machine = createTestMachine({ stateDirectory: dir.path('gpuplay/v1') })
  await assert.rejects(
    takeLease(machine, holder),
    (error: unknown) =>
      error instanceof HostError &&
      error.problem.code === 'state-newer' &&
      error.problem.message ===
        'a newer gpuplay has worked on pve1 (its state has version 2; this gpuplay supports 1)',
  )
  assert.equal(existsSync(dir.path('gpuplay/v1')), false)
})

test('a state directory that cannot be created is an error', async () => {
  using dir = scratch()
  writeFileSync(dir.path('file'), '')
  const machine = createTestMachine({ stateDirectory: dir.path('file/v1') })
  await assert.rejects(takeLease(machine, holder), /cannot write \S+ on pve1/)
})
