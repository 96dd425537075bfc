/**
 * Ensures one run at a time per host. The lease of a machine is taken before the first action there, and
 * lasts as long as its channel.
 */
import type { HostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { Privilege } from '../connection/connection.ts'
import type { MachineAccess } from '../host/access.ts'
import type { Means } from '../host/means.ts'
import type { Lease, LeaseHolder, LeftProgram } from '../host/state.ts'
import type { Machine } from './machine.ts'

export interface Leases {
  /**
   * Opens a channel for the lease of a machine ahead of its first action, without taking the lease. Errors
   * show when the lease is taken.
   */
  prepare(machine: Machine): void
  /**
   * Takes the lease of a machine. `waited` means that a program of an interrupted run was still running there
   * until now, so all kept answers of the machine are out of date.
   * @throws HostError if another run holds the machine; UnreachableError
   */
  take(machine: Machine): Promise<'taken' | 'waited'>
  token(name: HostName): number | undefined
  /** @param forHost The host whose tasks act there, if not the machine itself: they do not queue behind its own */
  accessOf(machine: Machine, become: Privilege['become'], forHost?: HostName): Promise<MachineAccess>
  /** Executes actions under the leases. */
  readonly means: Means
}

export interface LeasesOptions {
  readonly holder: LeaseHolder
  readonly means: Means
  readonly accessOf: Leases['accessOf']
  readonly sleep: (milliseconds: number) => Promise<void>
  /**
   * Starts the guests that an interrupted run left stopped. Called after the lease is taken, if there may be
   * any.
   */
  readonly restore: (machine: Machine) => Promise<void>
  /** Called for each program that an interrupted run left running there. The run waits for the program. */
  readonly left: (machine: Machine, program: LeftProgram) => void
}

/** Milliseconds between two checks of a program that was left running. */
const leftPause = 1000

/**
 * Milliseconds between attempts while this run itself holds the machine: through a dropped connection that
 * the machine still considers alive, or through another name of the machine that is taking the lease. Half a
 * minute in total.
 */
const pauses: readonly number[] = [
  ...Array.from({ length: 20 }, () => 100),
  ...Array.from({ length: 14 }, () => 2000),
]

export function createLeases({ holder, means, accessOf, sleep, restore, left }: LeasesOptions): Leases {
  const machines = new Map<HostName, Machine>()
  const taking = new Map<Machine, Promise<'taken' | 'waited'>>()

  const takeNow = async (machine: Machine): Promise<'taken' | 'waited'> => {
    const access = await accessOf(machine, machine.statePrivilege)
    // Open the first channel while the machine still reports its state directory.
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
        const waited = await untilEnded(machine, result.lease, result.left)
        if (result.guests !== false) await restore(machine)
        return waited ? 'waited' : 'taken'
      }
      const ours = result.by.includes(holder.run)
      const other = ours ? await sameMachine(machine) : undefined
      if (other !== undefined) {
        // The name that took the lease releases it.
        machine.lease = { ...other, release: () => Promise.resolve() }
        machines.set(machine.name, machine)
        return 'taken'
      }
      if (!ours || pause === undefined) throw held(machine, result.by)
      await sleep(pause)
    }
    throw new Error('unreachable: the last pause is undefined')
  }

  /** This loop ends, because programs have a time limit on the host itself. */
  const untilEnded = async (
    machine: Machine,
    lease: Lease,
    first: LeftProgram | undefined,
  ): Promise<boolean> => {
    let told: number | undefined
    for (let program = first; program !== undefined; program = await lease.left?.()) {
      if (program.pid !== told) left(machine, program)
      told = program.pid
      await sleep(leftPause)
    }
    return told !== undefined
  }

  /** An inventory may name one machine twice. The holder is then this run itself. */
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
      if (isTaken(machine)) return 'taken'
      const running = taking.get(machine)
      if (running) return running
      const begun = takeNow(machine).finally(() => taking.delete(machine))
      taking.set(machine, begun)
      return begun
    },
  }
}

/** A machine reports its boot id when a shell opens. */
async function bootIdOf(machine: Machine): Promise<string> {
  return machine.bootId ?? (await machine.shell('read', machine.statePrivilege)).greeting.bootId
}

function isTaken({ lease }: Machine): boolean {
  return lease !== undefined && !lease.ended.aborted
}

function held({ name }: Machine, by: string): HostError {
  return new HostError({
    code: 'lease-held',
    message: `another run of gpuplay is working on ${name}: ${by}`,
    hint: 'wait until that run has finished, then run again',
  })
}
