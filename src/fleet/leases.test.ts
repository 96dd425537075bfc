import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HostName, hostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { MachineAccess } from '../host/machine.ts'
import { scripts } from '../host/means.ts'
import type { LeaseResult } from '../host/state.ts'
import { createLeases, type Leases } from './leases.ts'
import { Machine } from './machine.ts'

const holder = { run: 'run-1', controller: 'here', pid: 1, user: 'me' }

function machine(name: string): Machine {
  const unreached = (): Promise<never> => Promise.reject(new Error('nobody is reached in this test'))
  return new Machine({
    name: hostName(name),
    target: { kind: 'local' },
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    privilege: undefined,
    node: undefined,
    reach: { connect: unreached, openShell: unreached, upload: unreached, close: () => Promise.resolve() },
    signal: new AbortController().signal,
    sleep: () => Promise.resolve(),
    stateDirectory: '/state',
    onConnecting: () => undefined,
    onConnected: () => undefined,
  })
}

interface Taken {
  readonly leases: Leases
  /** Names of machines whose lease was taken for the first time. */
  readonly first: readonly HostName[]
  readonly tries: () => number
  readonly slept: () => number
}

/** One lock, as all names of these tests are of one machine; `answers` come before it is asked. */
function leasesOf(answers: readonly LeaseResult[] = []): Taken {
  const first: HostName[] = []
  let tries = 0
  let slept = 0
  let held = false
  const leases = createLeases({
    holder,
    means: {
      ...scripts,
      takeLease() {
        const answer = answers[tries]
        tries += 1
        if (answer) return Promise.resolve(answer)
        if (held) return Promise.resolve({ kind: 'held', by: 'run run-1 of me' })
        held = true
        const gone = new AbortController()
        const release = (): Promise<void> => {
          held = false
          gone.abort()
          return Promise.resolve()
        }
        return Promise.resolve({ kind: 'taken', lease: { token: tries, ended: gone.signal, release } })
      },
    },
    accessOf: ({ name }) => Promise.resolve(accessOf(name)),
    sleep: () => {
      slept += 1
      return Promise.resolve()
    },
    taken: ({ name }) => {
      first.push(name)
      return Promise.resolve()
    },
  })
  return { leases, first, tries: () => tries, slept: () => slept }
}

function accessOf(name: HostName): MachineAccess {
  const never = (): Promise<never> => Promise.reject(new Error('not in this test'))
  return { name, shell: never, open: never, upload: never, signal: new AbortController().signal }
}

const ofAnother: LeaseResult = { kind: 'held', by: 'run run-2 of her' }
const ofThisRun: LeaseResult = { kind: 'held', by: 'run run-1 of me' }

test('a lease is taken once, however many ask at once', async () => {
  const one = machine('one')
  const { leases, first, tries } = leasesOf()
  await Promise.all([leases.take(one), leases.take(one)])
  await leases.take(one)
  assert.deepEqual([first, tries(), leases.token(one.name)], [['one'], 1, 1])
})

test('what another run holds is refused at once, with its name', async () => {
  const { leases, slept } = leasesOf([ofAnother])
  await assert.rejects(
    leases.take(machine('one')),
    (error: unknown) => error instanceof HostError && /run-2 of her/.test(error.problem.message),
  )
  assert.equal(slept(), 0)
})

test('what this run has lost is taken again once the machine has let it go', async () => {
  const one = machine('one')
  const { leases, first } = leasesOf([ofThisRun, ofThisRun])
  await leases.take(one)
  assert.deepEqual([first, leases.token(one.name)], [['one'], 3])
  const forever = leasesOf(Array.from({ length: 100 }, () => ofThisRun))
  await assert.rejects(forever.leases.take(machine('two')), HostError)
})

test('a machine closes its lease with its shells, and takes another with a larger token', async () => {
  const one = machine('one')
  const { leases } = leasesOf()
  await leases.take(one)
  await one.closeShells()
  await leases.take(one)
  assert.equal(leases.token(one.name), 2)
})

test('another name of the same machine shares its lease, and does not give it back', async () => {
  const [one, two] = [machine('one'), machine('two')]
  const { leases, first } = leasesOf()
  await leases.take(one)
  await leases.take(two)
  assert.deepEqual([leases.token(two.name), first], [1, ['one']])
  await two.closeShells()
  assert.equal(one.lease?.ended.aborted, false)
})
