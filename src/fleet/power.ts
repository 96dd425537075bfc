/**
 * Carries out actions that take a machine down: reboots of hosts, starts and stops of containers. Closes
 * shells before the action, waits for the machine after it, and starts guests again that ran before a reboot.
 */
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import type { HostName } from '../base/brand.ts'
import type { Action, ContainerPower, Reboot } from '../host/action.ts'
import type { Means } from '../host/means.ts'
import type { ActionResult, MachineAccess } from '../host/access.ts'
import { carryOutOwn } from '../host/own-actions.ts'
import { guestsLeft, guestsRecord, recordGuests, startGuests } from '../proxmox/guests.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Machine } from './machine.ts'

export interface Power {
  /** Carries out an action, with the steps before and after it. Shows the reason of a reboot. */
  around(action: Action, target: Machine, carryOutAction: () => Promise<ActionResult>): Promise<ActionResult>
  /** Starts guests that an interrupted run recorded before it rebooted this node. */
  restoreGuests(machine: Machine): Promise<void>
  /** The file with the recorded guests. It exists only between a reboot and the start of the guests. */
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

export function createPower(options: PowerOptions): Power {
  const { emitter, forget } = options

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
    await restoreGuests(target)
    return { kind: 'done' }
  }

  const power = async (
    action: ContainerPower,
    target: Machine,
    carryOutAction: () => Promise<ActionResult>,
  ): Promise<ActionResult> => {
    const container = target.containers.find((candidate) => candidate.placement.ctid === action.ctid)
    if (container === undefined) return carryOutAction()
    const endChange = container.patience.beginChange()
    try {
      if (action.verb !== 'start') await container.closeShells()
      const result = await carryOutAction()
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

  const restoreGuests = async (target: Machine): Promise<void> => {
    if (target.node) return
    const stateDirectory = await target.stateDirectory()
    const { held, failed } = guestsLeft(await carryOut(target, startGuests(stateDirectory)), target.name)
    for (const message of held) emitter.emit({ type: 'warning', message })
    if (failed.length === 0) return
    throw new HostError({
      code: 'guests-not-started',
      message: `these guests did not start after the reboot of ${target.name}: ${failed.join('; ')}`,
      hint: `start them by hand (pct start, qm start) and check their logs; then remove ${guestsRecord(stateDirectory)}`,
    })
  }

  return {
    async around(action, target, carryOutAction) {
      if (action.kind === 'reboot') return reboot(action, target, carryOutAction)
      if (action.kind === 'containerPower') return power(action, target, carryOutAction)
      return carryOutAction()
    },
    restoreGuests,
    record: async (machine) => guestsRecord(await machine.stateDirectory()),
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
