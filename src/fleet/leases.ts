/** One run at a time per host: the lease of each machine is taken at this run's first action there, and lives as long as its channel. */
import type { HostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { Privilege } from '../connection/connection.ts'
import type { MachineAccess } from '../host/machine.ts'
import type { Means } from '../host/means.ts'
import type { Lease, LeaseHolder } from '../host/state.ts'
import type { Machine } from './machine.ts'

export interface Leases {
  /** A machine is going to be acted on: the way to its lease is opened, and nothing is taken. What fails fails when it is taken. */
  prepare(machine: Machine): void
  /** @throws HostError when another run holds the machine, UnreachableError */
  take(machine: Machine): Promise<void>
  token(name: HostName): number | undefined
  accessOf(machine: Machine, become: Privilege['become']): Promise<MachineAccess>
  /** What acts under them. */
  readonly means: Means
}

export interface LeasesOptions {
  readonly holder: LeaseHolder
  readonly means: Means
  readonly accessOf: (machine: Machine, become: Privilege['become']) => Promise<MachineAccess>
  readonly sleep: (milliseconds: number) => Promise<void>
  /** Starts the guests that an interrupted run has left stopped: once the lease of a machine is taken, where there may be any. */
  readonly restore: (machine: Machine) => Promise<void>
}

/**
 * Milliseconds between tries while this run itself holds the machine: by a connection that dropped and that the machine still takes for alive, or by
 * another name of the machine that is just taking it. Half a minute in all.
 */
const pauses: readonly number[] = [
  ...Array.from({ length: 20 }, () => 100),
  ...Array.from({ length: 14 }, () => 2000),
]

export function createLeases({ holder, means, accessOf, sleep, restore }: LeasesOptions): Leases {
  const machines = new Map<HostName, Machine>()
  const taking = new Map<Machine, Promise<void>>()

  const takeNow = async (machine: Machine): Promise<void> => {
    const access = await accessOf(machine, machine.statePrivilege)
    // The first channel is opened while the machine still says where its state is.
    const channel = machine.takeLeaseChannel() ?? access.open('exec /bin/sh', access.signal)
    channel.catch(() => undefined)
    const stateDirectory = await machine.stateDirectory().catch(async (error: unknown) => {
      void channel.then((opened) => opened.kill()).catch(() => undefined)
      throw error
    })
    const place = { ...access, stateDirectory }
    for (const [attempt, pause] of [...pauses, undefined].entries()) {
      const result = await means.takeLease(attempt === 0 ? { ...place, open: () => channel } : place, holder)
      if (result.kind === 'taken') {
        machine.lease = result.lease
        machines.set(machine.name, machine)
        if (result.guests !== false) await restore(machine)
        return
      }
      const ours = result.by.includes(holder.run)
      const other = ours ? await sameMachine(machine) : undefined
      if (other !== undefined) {
        // Whoever took it gives it back.
        machine.lease = { ...other, release: () => Promise.resolve() }
        machines.set(machine.name, machine)
        return
      }
      if (!ours || pause === undefined) throw held(machine, result.by)
      await sleep(pause)
    }
  }

  /** An inventory may name one machine twice: what holds it then is this run itself. */
  const sameMachine = async (machine: Machine): Promise<Lease | undefined> => {
    for (const other of machines.values()) {
      const { lease, name, placement } = other
      if (name === machine.name || placement.ctid !== machine.placement.ctid || !isTaken(other)) continue
      if ((await bootIdOf(other)) === (await bootIdOf(machine))) return lease
    }
    return undefined
  }

  return {
    accessOf,
    means,
    token: (name) => machines.get(name)?.lease?.token,
    prepare(machine) {
      if (isTaken(machine) || taking.has(machine)) return
      machine.openLeaseChannel(async () => {
        const access = await accessOf(machine, machine.statePrivilege)
        return access.open('exec /bin/sh', access.signal)
      })
    },
    async take(machine) {
      if (isTaken(machine)) return
      const running = taking.get(machine)
      if (running) return running
      const begun = takeNow(machine).finally(() => taking.delete(machine))
      taking.set(machine, begun)
      return begun
    },
  }
}

/** A machine says which one it is when a shell is opened. */
async function bootIdOf(machine: Machine): Promise<string> {
  return machine.bootId ?? (await machine.shell('read', machine.statePrivilege)).greeting.bootId
}

function isTaken({ lease }: Machine): boolean {
  return lease !== undefined && !lease.ended.aborted
}

function held({ name }: Machine, by: string): HostError {
  return new HostError({
    code: 'lease-held',
    message: `another run of gpuplay works on ${name}: ${by}`,
    hint: 'wait until it has ended, then run again',
  })
}
