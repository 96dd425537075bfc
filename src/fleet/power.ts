/**
 * Carries out actions that take a machine down: reboots of hosts, starts and stops of containers. Closes
 * shells before the action, waits for the machine after it, and starts guests again that ran before.
 */
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import type { HostName } from '../base/brand.ts'
import { defined } from '../base/defined.ts'
import type { Action, ContainerPower, Reboot } from '../host/action.ts'
import type { Means } from '../host/means.ts'
import type { ActionResult, MachineAccess } from '../host/access.ts'
import { carryOutOwn } from '../host/own-actions.ts'
import { owedStarts } from '../host/owed-starts.ts'
import {
  recordGuests,
  type StartedGuests,
  startedGuests,
  startGuests,
  type StartOptions,
} from '../proxmox/guests.ts'
import { awaitCeph, awaitQuorum, clusterState, type Rejoin } from './rejoin.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Machine } from './machine.ts'

export interface Power {
  /** Carries out an action, with the steps before and after it. Shows the reason of a reboot. */
  around(action: Action, target: Machine, carryOutAction: () => Promise<ActionResult>): Promise<ActionResult>
  /**
   * Starts guests that an interrupted run recorded before it stopped them. Those that do not start are
   * reported in warnings: the tasks of this run may correct the cause.
   */
  restoreGuests(machine: Machine): Promise<void>
  /**
   * At the end of a play: starts the guests of this node, or this container, that the run has stopped and not
   * started, and waits for those whose shutdown goes on after its time limit.
   * @throws HostError `guests-not-started`; UnreachableError
   */
  settleGuests(machine: Machine): Promise<void>
  /** The directory on the machine that records guests to start. */
  record(machine: Machine): Promise<string>
}

export interface PowerOptions {
  readonly emitter: Emitter
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  /** Returns the access with the machine's own privilege. */
  readonly accessOf: (machine: Machine) => Promise<MachineAccess>
  readonly lease: (name: HostName) => number | undefined
  readonly means: Means
  /** Boot id of the machine that gpuplay runs on. */
  readonly ownBootId: () => Promise<string | undefined>
  /** Drops all kept answers of the machine. */
  readonly forget: (machine: Machine) => void
}

/** Seconds, counted after the executor has requested the reboot. */
const defaultRebootTimeout = 600
/** Seconds for a container to accept a shell after its start. */
const containerTimeout = 60
/** Seconds to wait at the end of a play for containers whose shutdown has timed out. */
const shutdownPatience = 60

export function createPower(options: PowerOptions): Power {
  const { emitter, forget } = options
  /** Guests of a node that this run has stopped, or found recorded: `pct 101`. */
  const owed = new Map<Machine, Set<string>>()
  const owedBy = (node: Machine): Set<string> => {
    const present = owed.get(node) ?? new Set()
    owed.set(node, present)
    return present
  }

  const reboot = async (
    action: Reboot,
    target: Machine,
    carryOutAction: () => Promise<ActionResult>,
  ): Promise<ActionResult> => {
    const shell = await target.shell('read', target.privilege)
    const before = shell.greeting.bootId
    // Containers share the boot id of their kernel, so gpuplay runs on that machine or in one of its
    // containers.
    if (before !== '' && before === (await options.ownBootId()))
      return { kind: 'failed', problem: ownMachine(target) }
    const unrecorded = await recordRunning(target)
    if (unrecorded) return { kind: 'failed', problem: unrecorded }
    const rejoin: Rejoin = {
      node: target.name,
      carryOut: (ask) => carryOut(target, ask),
      sleep: (milliseconds) => options.sleep(milliseconds, options.signal),
      warn: (message) => emitter.emit({ type: 'warning', message }),
    }
    const cluster = action.slots.length === 0 ? undefined : await clusterState(rejoin)
    emitter.emit({ type: 'host.waiting', host: target.name, why: `rebooting: ${action.reason}` })
    const asked = await carryOutAction()
    if (asked.kind !== 'done' && asked.kind !== 'lost') return asked
    await target.closeShells()
    try {
      await target.reopen(
        (action.timeout ?? defaultRebootTimeout) * 1000,
        (opened) => opened.greeting.bootId !== before,
      )
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      return { kind: 'failed', problem: didNotComeBack(target, action, error) }
    }
    forget(target)
    if (cluster) await awaitQuorum(cluster, rejoin)
    await restoreGuests(target)
    if (cluster) await awaitCeph(cluster, rejoin)
    return { kind: 'done' }
  }

  const power = async (
    action: ContainerPower,
    target: Machine,
    carryOutAction: () => Promise<ActionResult>,
  ): Promise<ActionResult> => {
    const container = target.containers.find((candidate) => candidate.placement.ctid === action.ctid)
    const endChange = (container ?? target).patience.beginChange()
    try {
      if (container && action.verb !== 'start') await container.closeShells()
      if (action.verb === 'shutdown' || action.verb === 'restart') owedBy(target).add(`pct ${action.ctid}`)
      const result = await carryOutAction()
      if (result.kind === 'done' && action.verb !== 'shutdown') owedBy(target).delete(`pct ${action.ctid}`)
      if (container === undefined) return result
      await container.closeShells()
      forget(container)
      if (result.kind === 'done' && (action.verb === 'start' || action.verb === 'restart'))
        await container.reopen(containerTimeout * 1000)
      return result
    } finally {
      endChange()
    }
  }

  const carryOut = async (target: Machine, action: Action): Promise<string> => {
    const access = await options.accessOf(target)
    const { signal, lease, means } = options
    const [reply] = await carryOutOwn([action], access, { signal, lease, means })
    return reply?.stdout ?? ''
  }

  /**
   * Records the running guests on the node itself, so that a run that is killed during the reboot loses none.
   * Returns the problem if that fails.
   */
  const recordRunning = async (target: Machine): Promise<Problem | undefined> => {
    if (target.node) return undefined
    try {
      await carryOut(target, recordGuests(await target.stateDirectory()))
      return undefined
    } catch (error) {
      if (!(error instanceof HostError)) throw error
      return notRecorded(target, error.problem)
    }
  }

  const start = async (target: Machine, startOptions: StartOptions): Promise<StartedGuests> => {
    const stateDirectory = await target.stateDirectory()
    const guests = startedGuests(
      await carryOut(target, startGuests(stateDirectory, startOptions)),
      target.name,
    )
    for (const message of guests.held) emitter.emit({ type: 'warning', host: target.name, message })
    return guests
  }

  const restoreGuests = async (target: Machine): Promise<void> => {
    if (target.node) return
    const { failed, stopping } = await start(target, { patience: 0 })
    for (const guest of [...failed, ...stopping]) owedBy(target).add(guest.replace(/:.*$/s, ''))
    if (failed.length > 0)
      emitter.emit({
        type: 'warning',
        host: target.name,
        message: `these guests ran before and do not start: ${failed.join('; ')}; gpuplay tries again at the end of the play`,
      })
  }

  const settleGuests = async (machine: Machine): Promise<void> => {
    const node = machine.node ?? machine
    const { ctid } = machine.placement
    const mine = [...owedBy(node)].filter((guest) => ctid === undefined || guest === `pct ${ctid}`)
    if (mine.length === 0) return
    const { started, stopping, failed } = await start(node, {
      patience: shutdownPatience,
      ...defined({ ctid }),
    })
    for (const guest of mine) owedBy(node).delete(guest)
    for (const container of node.containers) {
      if (!started.includes(`pct ${container.placement.ctid ?? ''}`)) continue
      await container.closeShells()
      forget(container)
    }
    if (started.length > 0)
      emitter.emit({
        type: 'warning',
        host: node.name,
        message: `started again, because the run had stopped them: ${started.join(', ')}`,
      })
    if (failed.length === 0 && stopping.length === 0) return
    const why = [...failed, ...stopping.map((guest) => `${guest}: it is still shutting down`)]
    throw new HostError({
      code: 'guests-not-started',
      message: `these guests of ${node.name} ran before and are not started again: ${why.join('; ')}`,
      hint: `the next run tries again; to leave one stopped, remove its file in ${owedStarts(await node.stateDirectory())}`,
    })
  }

  return {
    async around(action, target, carryOutAction) {
      if (action.kind === 'reboot') return reboot(action, target, carryOutAction)
      if (action.kind === 'containerPower') return power(action, target, carryOutAction)
      return carryOutAction()
    },
    restoreGuests,
    settleGuests,
    record: async (machine) => owedStarts(await machine.stateDirectory()),
  }
}

function notRecorded(target: Machine, { message, hint }: Problem): Problem {
  return {
    code: 'guests-not-recorded',
    message: `${target.name} was not rebooted, because gpuplay could not record which guests to start afterwards: ${message}`,
    hint:
      hint ?? `check that \`pct list\` and \`qm list\` work there and that /var is writable, then run again`,
  }
}

function ownMachine(target: Machine): Problem {
  return {
    code: 'own-machine',
    message: `gpuplay does not restart ${target.name}, because it runs there itself; the restart stays pending`,
    hint: 'restart it by hand, then run again',
  }
}

function didNotComeBack(
  target: Machine,
  action: Reboot,
  error: UnreachableError,
): { code: string; message: string; hint: string } {
  return {
    code: 'did-not-come-back',
    message: `${target.name} did not come back within ${action.timeout ?? defaultRebootTimeout} s of its reboot: ${error.problem.message}`,
    hint: 'check its console; once it is up, run again: finished tasks are kept',
  }
}
