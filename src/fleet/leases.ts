/** One run at a time per host: the lease of each machine is taken at this run's first action there, and lives as long as its channel. */
import type { HostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { Privilege } from '../connection/connection.ts'
import type { MachineAccess } from '../host/machine.ts'
import type { Means } from '../host/means.ts'
import type { Lease, LeaseHolder } from '../host/state.ts'
import type { Machine } from './machine.ts'

export interface Leases {
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

export function createLeases({ holder, means, accessOf, sleep, restore }: LeasesOptions): Leases {
  const machines = new Map<HostName, Machine>()
  const taking = new Map<Machine, Promise<void>>()

  const takeNow = async (machine: Machine): Promise<void> => {
    const access = await accessOf(machine, machine.statePrivilege)
    // It is opened while the machine still says where its state is.
    const channel = access.open('exec /bin/sh', access.signal)
    channel.catch(() => undefined)
    const stateDirectory = await machine.stateDirectory().catch(async (error: unknown) => {
      void channel.then((opened) => opened.kill()).catch(() => undefined)
      throw error
    })
    const lease = await means.takeLease({ ...access, stateDirectory, open: () => channel }, holder)
    const own =
      lease.kind === 'held' && lease.by.includes(holder.run) ? await sameMachine(machine) : undefined
    if (own !== undefined) {
      machine.lease = own
      machines.set(machine.name, machine)
      return
    }
    if (lease.kind === 'held') {
      throw new HostError({
        code: 'lease-held',
        message: `another run of gpuplay works on ${machine.name}: ${lease.by}`,
        hint: 'wait until it has ended, then run again',
      })
    }
    machine.lease = lease.lease
    machines.set(machine.name, machine)
    if (lease.guests !== false) await restore(machine)
  }

  /** An inventory may name one machine twice: what holds it then is this run itself, which may just be taking it. */
  const sameMachine = async (machine: Machine): Promise<Lease | undefined> => {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const other = [...machines.values()].find(
        (candidate) =>
          candidate.bootId === machine.bootId && candidate.placement.ctid === machine.placement.ctid,
      )
      if (other?.lease !== undefined) return other.lease
      await sleep(100)
    }
    return undefined
  }

  return {
    accessOf,
    means,
    token: (name) => machines.get(name)?.lease?.token,
    async take(machine) {
      if (machine.lease !== undefined && !machine.lease.ended.aborted) return
      const running = taking.get(machine)
      if (running) return running
      const begun = takeNow(machine).finally(() => taking.delete(machine))
      taking.set(machine, begun)
      return begun
    },
  }
}
