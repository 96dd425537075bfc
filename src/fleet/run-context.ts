/** One run: hosts, what was predicted, who may touch what, and how machines go down and come back; whoever drives it. */
import { setMaxListeners } from 'node:events'
import type { World } from '../base/world.ts'
import { createEmitter, type Emitter } from '../events/emitter.ts'
import type { EventSink } from '../events/events.ts'
import { createRedactor, type Redactor } from '../events/redactor.ts'
import { type Means, scripts } from '../host/means.ts'
import { createOverlay, type Overlay } from '../host/overlay.ts'
import { type Awaited, createAwaited } from './awaited.ts'
import { createControllerFiles } from './controller-files.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'
import { createHolds, type Holds } from './holds.ts'
import { createLeases, type Leases } from './leases.ts'
import { createPower, type Power } from './power.ts'
import { createProfile, noProfile, type Profile } from './profile.ts'

export interface RunContextOptions extends Pick<
  FleetOptions,
  'inventory' | 'extra' | 'facts' | 'defaults' | 'reach' | 'check' | 'reachable' | 'stateDirectory'
> {
  /** Scripts over the shells of the machines when left out. */
  readonly means?: Means | undefined
  /** For events, and for whoever finds a host taken. */
  readonly name: string
  readonly world: World
  readonly sinks: readonly EventSink[]
  /** Every task is planned and sent by itself. */
  readonly stepByStep?: boolean
  /** Counts where the time goes. */
  readonly profile?: boolean
  /** No new actions after this. */
  readonly signal: AbortSignal
  /** Ends everything at once; `signal` where there is no grace. */
  readonly cut?: AbortSignal
}

export interface RunContext {
  readonly name: string
  readonly world: World
  readonly check: boolean
  readonly stepByStep: boolean
  /** No new actions after this. */
  readonly signal: AbortSignal
  readonly redactor: Redactor
  readonly emitter: Emitter
  /** Dry runs only. */
  readonly overlay: Overlay | undefined
  readonly fleet: Fleet
  readonly holds: Holds
  readonly power: Power
  readonly leases: Leases
  readonly means: Means
  readonly profile: Profile
  readonly awaited: Awaited
}

export function createRunContext(options: RunContextOptions): RunContext {
  const { name, world, sinks, check, signal, stepByStep = false, cut = signal, means = scripts } = options
  // Every host of a run listens to these, some of them several times at once: Node takes more than ten listeners for a leak.
  setMaxListeners(0, signal, cut)
  const redactor = createRedactor()
  const emitter = createEmitter({ run: name, now: world.now, sinks, redactor })
  const overlay = check ? createOverlay() : undefined
  const controller = createControllerFiles(world.workingDirectory, () => world.now().getTime())
  const { sleep } = world
  const profile = options.profile === true ? createProfile(world.clock) : noProfile
  const fleet = createFleet({
    ...options,
    profile,
    means,
    signal: cut,
    interruption: signal,
    overlay,
    controller,
    emitter,
    redactor,
    sleep,
  })
  const power = createPower({
    emitter,
    sleep,
    signal: cut,
    means,
    accessOf: (machine) => fleet.accessOf(machine, machine.privilege),
    lease: (host) => leases.token(host),
    ownBootId: async () => (await controller.text('/proc/sys/kernel/random/boot_id'))?.trim(),
    forget: (machine) => fleet.forget(machine),
  })
  const leases = createLeases({
    holder: { run: name, controller: world.hostName, pid: world.pid, user: world.userName },
    means,
    accessOf: (machine, become) => fleet.accessOf(machine, become),
    sleep: (milliseconds) => sleep(milliseconds, signal),
    restore: async (machine) => {
      await power.restoreGuests(machine)
      fleet.forget(machine)
    },
    left: ({ name: host }, { pid, seconds, command }) => {
      emitter.emit({
        type: 'warning',
        host,
        message: `waiting for a program that an interrupted run left running here: ${command} (process ${pid}, for ${seconds} s). To end it now: kill ${pid}`,
      })
    },
  })
  return {
    name,
    world,
    check,
    stepByStep,
    signal,
    redactor,
    emitter,
    overlay,
    fleet,
    holds: createHolds(),
    power,
    leases,
    means,
    profile,
    awaited: createAwaited(),
  }
}
