import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import { scripts } from '../host/means.ts'
import type { LeaseResult } from '../host/state.ts'
import { createLocalShell, openLocal } from '../host/testing/local-shell.ts'
import { createTestMachine } from '../host/testing/test-machine.ts'
import { createLeases, type Leases } from './leases.ts'
import { Machine, type MachineOptions } from './machine.ts'

const never = new AbortController().signal

const local: Pick<MachineOptions, 'name' | 'target' | 'placement' | 'privilege' | 'node'> = {
  name: hostName('pve1'),
  target: { kind: 'local' },
  placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
  privilege: undefined,
  node: undefined,
}

function machineWith(openShell: MachineOptions['reach']['openShell'], stateDirectory?: string): Machine {
  return new Machine({
    ...local,
    reach: {
      connect: async () => ({ kind: 'local', open: openLocal, close: async () => undefined }),
      openShell,
      upload: () => Promise.reject(new Error('nothing is sent')),
      close: async () => undefined,
    },
    signal: never,
    sleep: () => Promise.resolve(),
    clock: () => 0,
    stateDirectory,
    onConnecting: () => undefined,
    onConnected: () => undefined,
  })
}

interface Taken {
  readonly leases: Leases
  readonly seen: string[]
}

function leasesOf(result: LeaseResult): Taken {
  const seen: string[] = []
  const access = createTestMachine({ stateDirectory: '/state' })
  const leases = createLeases({
    holder: { run: 'r1', controller: 'c', pid: 1, user: 'u' },
    means: { ...scripts, takeLease: async () => result },
    accessOf: async () => ({
      ...access,
      open: async () => {
        seen.push('channel')
        const channel = await openLocal('exec true')
        channel.stdin.on('error', () => undefined)
        return channel
      },
    }),
    sleep: () => Promise.resolve(),
    restore: async () => void seen.push('restore'),
    left: () => undefined,
  })
  return { leases, seen }
}

const lease = { token: 3, ended: never, release: () => Promise.resolve() }

test('guests are started if the host reports some, or reports nothing about them', async () => {
  for (const [guests, wanted] of [
    [false, ['channel']],
    [true, ['channel', 'restore']],
    [undefined, ['channel', 'restore']],
  ] as const) {
    const { leases, seen } = leasesOf({ kind: 'taken', lease, guests })
    await leases.take(machineWith(async () => createLocalShell(), '/state'))
    assert.deepEqual(seen, wanted)
    assert.equal(leases.token(hostName('pve1')), 3)
  }
})

test('the channel of a lease opens while the machine still reports its state directory', async () => {
  const { leases, seen } = leasesOf({ kind: 'taken', lease, guests: false })
  let greet = (): void => undefined
  const greeted = new Promise<void>((resolve) => {
    greet = resolve
  })
  const machine = machineWith(async () => {
    await greeted
    return createLocalShell()
  })
  const taking = leases.take(machine)
  await new Promise(setImmediate)
  assert.deepEqual(seen, ['channel'])
  greet()
  await taking
})

test('a machine that another run has locked is refused', async () => {
  const { leases } = leasesOf({ kind: 'held', by: 'run r2' })
  await assert.rejects(
    leases.take(machineWith(async () => createLocalShell(), '/state')),
    (error: unknown) => error instanceof HostError && error.problem.code === 'lease-held',
  )
})
