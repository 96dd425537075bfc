/** The shared state of one run: hosts, predictions, locks, leases and power. */
import { setMaxListeners } from 'node:events'
import type { HostName } from '../base/brand.ts'
import type { World } from '../base/world.ts'
import { createEmitter, type Emitter } from '../events/emitter.ts'
import type { EventSink } from '../events/events.ts'
import type { ExplainedItem } from '../events/explained-item.ts'
import type { Inventory } from '../inventory/inventory-model.ts'
import type { Task } from '../language/model.ts'
import { createSecrets, type Secrets } from '../base/secrets.ts'
import { diskFiles, type Files } from '../language/read-files.ts'
import { type Means, scripts } from '../host/means.ts'
import { createOverlay, type Overlay } from '../host/overlay.ts'
import { type Awaited, createAwaited } from './awaited.ts'
import { createControllerFiles, heard, type ReadsFile } from './controller-files.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'
import { createHolds, type Holds } from './holds.ts'
import { createLeases, type Leases } from './leases.ts'
import { createLiveInventory, type LiveInventory } from './live-inventory.ts'
import type { Planning } from './planning.ts'
import { createPower, type Power } from './power.ts'
import { createProfile, noProfile, type Profile } from './profile.ts'

export interface RunContextOptions extends Pick<
  FleetOptions,
  'extra' | 'facts' | 'defaults' | 'reach' | 'check' | 'reachable' | 'stateDirectory'
> {
  readonly inventory: Inventory
  /** Default: scripts that run in the shells of the machines. */
  readonly means?: Means | undefined
  /** Default: those on disk. */
  readonly files?: Files
  /** Known secrets. A new book by default. */
  readonly secrets?: Secrets | undefined
  /** Appears in events, and in the error of another run that finds a host locked. */
  readonly name: string
  readonly world: World
  readonly sinks: readonly EventSink[]
  /** Plans and sends each task separately. */
  readonly stepByStep?: boolean
  /** Measures times. */
  readonly profile?: boolean
  readonly explain?: Explain | undefined
  readonly planning?: Planning | undefined
  /** Called for each file of the controller that a module reads. */
  readonly readsFile?: ReadsFile | undefined
  /** Aborted when no new actions may start. */
  readonly signal: AbortSignal
  /** Aborts everything at once. Default: `signal`, without a grace period. */
  readonly cut?: AbortSignal
}

export interface RunContext {
  readonly world: World
  readonly check: boolean
  readonly stepByStep: boolean
  /** Aborted when no new actions may start. */
  readonly signal: AbortSignal
  readonly secrets: Secrets
  readonly emitter: Emitter
  /** Dry runs only. */
  readonly overlay: Overlay | undefined
  readonly fleet: Fleet
  readonly liveInventory: LiveInventory
  readonly holds: Holds
  readonly power: Power
  readonly leases: Leases
  readonly means: Means
  readonly profile: Profile
  readonly awaited: Awaited
  readonly explain: Explain | undefined
  /** Absent unless the run makes a plan file or applies one. */
  readonly planning: Planning | undefined
}

/** Receives what a dry run knows of some tasks (`gpuplay explain task`). */
export interface Explain {
  readonly wanted: (task: Task, host: HostName) => boolean
  readonly take: (item: ExplainedItem) => void
}

export function createRunContext(options: RunContextOptions): RunContext {
  const {
    name,
    world,
    sinks,
    check,
    signal,
    stepByStep = false,
    cut = signal,
    means = scripts,
    files = diskFiles,
    secrets = createSecrets(),
  } = options
  // Every host of a run listens to these signals, some several times. Node takes more than ten listeners for
  // a leak.
  setMaxListeners(0, signal, cut)
  const emitter = createEmitter({ run: name, now: world.now, sinks, secrets })
  const overlay = check ? createOverlay() : undefined
  const controller = heard(
    createControllerFiles(world.workingDirectory, () => world.now().getTime()),
    options.readsFile,
  )
  const { sleep } = world
  const profile = options.profile === true ? createProfile(world.clock) : noProfile
  const liveInventory = createLiveInventory(options.inventory, secrets)
  const fleet = createFleet({
    ...options,
    inventory: liveInventory,
    profile,
    means,
    signal: cut,
    interruption: signal,
    overlay,
    controller,
    localSources: { environment: world.environment, files },
    emitter,
    secrets,
    sleep,
    clock: world.clock,
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
    accessOf: (machine, become, forHost) => fleet.accessOf(machine, become, forHost),
    sleep: (milliseconds) => sleep(milliseconds, signal),
    restore: async (machine) => {
      await power.restoreGuests(machine)
      fleet.forget(machine)
    },
    left: ({ name: host }, { pid, seconds, command }) => {
      emitter.emit({
        type: 'warning',
        host,
        message: `waiting for a program that an interrupted run left running here: ${command} (process ${pid}, running for ${seconds} s). To stop it now: kill ${pid}`,
      })
    },
  })
  return {
    world,
    check,
    stepByStep,
    signal,
    secrets,
    emitter,
    overlay,
    fleet,
    liveInventory,
    holds: createHolds(),
    power,
    leases,
    means,
    profile,
    awaited: createAwaited(),
    explain: options.explain,
    planning: options.planning,
  }
}
