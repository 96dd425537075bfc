import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { HostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { Channel } from '../connection/connection.ts'
import type { MachineAccess } from '../host/access.ts'
import { scripts } from '../host/means.ts'
import type { LeaseResult } from '../host/state.ts'
import { createLeases, type Leases } from './leases.ts'
import type { Machine } from './machine.ts'
import { fakeMachine } from './testing/fake-reach.ts'

const machineOf = (name: string): Machine => fakeMachine(name, { stateDirectory: '/state' })

const holder = { run: 'run-1', controller: 'here', pid: 1, user: 'me' }

interface Taken {
  readonly leases: Leases
  /** Machines whose lease was taken for the first time. */
  readonly first: readonly HostName[]
  readonly tries: () => number
  readonly slept: () => number
}

/** One lock, because all names in these tests belong to one machine. `answers` are returned first. */
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
    restore: ({ name }) => {
      first.push(name)
      return Promise.resolve()
    },
    left: () => undefined,
  })
  return { leases, first, tries: () => tries, slept: () => slept }
}

function accessOf(name: HostName): MachineAccess {
  const never = (): Promise<never> => Promise.reject(new Error('not in this test'))
  return { name, shell: never, open: never, upload: never, signal: new AbortController().signal }
}

const ofAnother: LeaseResult = { kind: 'held', by: 'run run-2 of her' }
const ofThisRun: LeaseResult = { kind: 'held', by: 'run run-1 of me' }

test('a lease is taken once, for any number of simultaneous requests', async () => {
  const one = machineOf('one')
  const { leases, first, tries } = leasesOf()
  await Promise.all([leases.take(one), leases.take(one)])
  await leases.take(one)
  assert.deepEqual([first, tries(), leases.token(one.name)], [['one'], 1, 1])
})

test('the channel of a lease opens once ahead of it, and closes with the shells if the lease is not taken', async () => {
  const one = machineOf('one')
  const opened: Channel[] = []
  const used: Channel[] = []
  const killed: Channel[] = []
  const leases = createLeases({
    holder,
    means: {
      ...scripts,
      async takeLease(access) {
        used.push(await access.open('', access.signal))
        return ofAnother
      },
    },
    accessOf: ({ name }) =>
      Promise.resolve({
        ...accessOf(name),
        open() {
          const stream = new PassThrough()
          const kill = (): void => void killed.push(channel)
          const ended = new Promise<never>(() => undefined)
          const channel: Channel = { stdin: stream, stdout: stream, stderr: stream, ended, kill }
          opened.push(channel)
          return Promise.resolve(channel)
        },
      }),
    sleep: () => Promise.resolve(),
    restore: () => Promise.resolve(),
    left: () => undefined,
  })
  leases.prepare(one)
  leases.prepare(one)
  await new Promise(setImmediate)
  assert.equal(opened.length, 1)
  await assert.rejects(leases.take(one), HostError)
  assert.deepEqual([opened.length, used], [1, opened])
  leases.prepare(one)
  await one.closeShells()
  assert.deepEqual([opened.length, killed], [2, opened.slice(1)])
  await one.end()
  leases.prepare(one)
  assert.equal(opened.length, 2, 'no channel opens after the end')
})

test('a machine of another run is refused at once, with the name of that run', async () => {
  const { leases, slept } = leasesOf([ofAnother])
  await assert.rejects(
    leases.take(machineOf('one')),
    (error: unknown) => error instanceof HostError && /run-2 of her/.test(error.problem.message),
  )
  assert.equal(slept(), 0)
})

test('a lease that this run lost is taken again once the machine releases it', async () => {
  const one = machineOf('one')
  const { leases, first } = leasesOf([ofThisRun, ofThisRun])
  await leases.take(one)
  assert.deepEqual([first, leases.token(one.name)], [['one'], 3])
  const forever = leasesOf(Array.from({ length: 100 }, () => ofThisRun))
  await assert.rejects(forever.leases.take(machineOf('two')), HostError)
})

test('a machine closes its lease with its shells, and its next lease has a larger token', async () => {
  const one = machineOf('one')
  const { leases } = leasesOf()
  await leases.take(one)
  await one.closeShells()
  await leases.take(one)
  assert.equal(leases.token(one.name), 2)
})

test('another name of the same machine shares its lease and does not release it', async () => {
  const [one, two] = [machineOf('one'), machineOf('two')]
  const { leases, first } = leasesOf()
  await leases.take(one)
  await leases.take(two)
  assert.deepEqual([leases.token(two.name), first], [1, ['one']])
  await two.closeShells()
  assert.equal(one.lease?.ended.aborted, false)
})

test('a wait for a lease ends with the run', async () => {
  const stop = new AbortController()
  const never = new Promise<never>((_resolve, reject) =>
    stop.signal.addEventListener('abort', () => reject(new Error('stopped'))),
  )
  const leases = createLeases({
    holder,
    means: { ...scripts, takeLease: () => Promise.resolve(ofThisRun) },
    accessOf: ({ name }) => Promise.resolve(accessOf(name)),
    sleep: () => never,
    restore: () => Promise.resolve(),
    left: () => undefined,
  })
  const taking = leases.take(machineOf('one'))
  stop.abort()
  await assert.rejects(taking, /stopped/)
})

test('a program that an interrupted run left running is reported and waited for, and the caller learns about it', async () => {
  const [first, second] = [
    { pid: 7, seconds: 40, command: 'apt-get install x' },
    { pid: 9, seconds: 1, command: 'sleep 5' },
  ]
  const later = [first, second, second, undefined]
  const told: string[] = []
  let slept = 0
  const result: LeaseResult = {
    kind: 'taken',
    lease: {
      token: 1,
      ended: new AbortController().signal,
      left: () => Promise.resolve(later.shift()),
      release: () => Promise.resolve(),
    },
    left: first,
  }
  const leases = createLeases({
    holder,
    means: { ...scripts, takeLease: () => Promise.resolve(result) },
    accessOf: ({ name }) => Promise.resolve(accessOf(name)),
    sleep: () => Promise.resolve(void (slept += 1)),
    restore: () => Promise.resolve(),
    left: ({ name }, { pid }) => void told.push(`${name} ${pid}`),
  })
  const machine = machineOf('one')
  assert.equal(await leases.take(machine), 'waited')
  assert.deepEqual([told, slept], [['one 7', 'one 9'], 4])
  assert.equal(await leases.take(machine), 'taken')
})
