/** Disturbances of a run and its machines. */
import type { Chance, VirtualClock } from './clock.ts'
import type { SimulatedMachine } from './machine.ts'
import type { Case } from './playbook.ts'
import { noFaults, type FaultRates } from './fault-rates.ts'

export interface Trouble {
  readonly faultRates: FaultRates
  /** Milliseconds after the start. */
  readonly killedAfter: number | undefined
  readonly interruptedAfter: number | undefined
  readonly changes: number
  readonly leases: number
}

export function troubleOf(chance: Chance): Trouble {
  const end = chance.next()
  const after = chance.between(0, 3000)
  return {
    faultRates: {
      ...noFaults,
      questionLost: chance.pick([0, 0, 0.01, 0.05]),
      stepLost: chance.pick([0, 0, 0.02, 0.1]),
      shellLost: chance.pick([0, 0, 0, 0.05]),
      frameContinues: chance.pick([0, 0.5, 1]),
      staysDown: chance.pick([0, 0.3]),
      stepFails: chance.pick([0, 0, 0.02, 0.1]),
      slow: chance.pick([0, 0, 0.05, 0.3]),
    },
    killedAfter: end < 0.4 ? after : undefined,
    interruptedAfter: end > 0.9 ? after : undefined,
    changes: chance.pick([0, 0, 1, 3, 6]),
    leases: chance.pick([0, 0, 0, 1, 2]),
  }
}

interface Surroundings {
  readonly chance: Chance
  readonly clock: VirtualClock
  readonly trouble: Trouble
}

/** Schedules changes by others to declared files, and leases of other runs. */
export function disturb(
  { declared, hosts }: Case,
  machines: ReadonlyMap<string, SimulatedMachine>,
  { chance, clock, trouble }: Surroundings,
): void {
  const changeable = declared.filter(({ kept }) => kept !== true)
  for (let change = 0; change < trouble.changes && changeable.length > 0; change += 1) {
    const { host, path, on, is } = chance.pick(changeable)
    const node = hosts.find(({ name }) => name === host)?.node
    const machine = machines.get(on === 'node' ? (node ?? host) : host)
    const how = chance.pick(['remove', 'write', 'append', 'mode'] as const)
    clock.in(chance.between(0, 3000), () => {
      const { disk } = machine ?? {}
      if (disk === undefined) return
      machine?.disturbedAt.push(clock.now)
      if (is.kind === 'directory' || is.kind === 'link') disk.remove(path)
      else if (how === 'remove') disk.remove(path)
      else if (how === 'mode') disk.chmod(path, '0640')
      else disk.write(path, how === 'write' ? 'foreign\n' : `${disk.text(path) ?? ''}foreign\n`, undefined)
    })
  }
  for (let lease = 0; lease < trouble.leases; lease += 1) {
    const machine = chance.pick([...machines.values()])
    const long = chance.between(100, 3000)
    clock.in(chance.between(0, 3000), () => {
      if (machine.holder !== undefined) return
      const ended = new AbortController()
      machine.holder = { by: 'another run', ended }
      machine.token += 1
      clock.in(long, () => {
        if (machine.holder?.ended === ended) machine.holder = undefined
      })
    })
  }
}
