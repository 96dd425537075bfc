/** What every run is made of, whoever drives it: hosts, what was predicted, who may touch what, and how machines go down and come back. */
import { createOverlay, type Overlay } from '../host/overlay.ts'
import type { World } from '../base/world.ts'
import { createEmitter, type Emitter } from '../events/emitter.ts'
import type { EventSink } from '../events/events.ts'
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts'
import { createControllerFiles } from './controller-files.ts'
import { createHolds, type Holds } from './holds.ts'
import { createLeases, type Leases } from './leases.ts'
import { createPower, type Power } from './power.ts'
import { createRedactor, type Redactor } from '../events/redactor.ts'

export interface PartsOptions extends Pick<
  FleetOptions,
  'inventory' | 'extra' | 'facts' | 'defaults' | 'reach' | 'check' | 'reachable' | 'signal' | 'stateDirectory'
> {
  /** The name of the run, for events and for whoever finds a host taken. */
  readonly run: string
  readonly world: World
  readonly sinks: readonly EventSink[]
}

export interface Parts {
  readonly redactor: Redactor
  readonly emitter: Emitter
  /** Dry runs only. */
  readonly overlay: Overlay | undefined
  readonly fleet: Fleet
  readonly holds: Holds
  readonly power: Power
  readonly leases: Leases
}

export function createParts(options: PartsOptions): Parts {
  const { run, world, sinks, signal, check } = options
  const redactor = createRedactor()
  const emitter = createEmitter({ run, now: world.now, sinks, redactor })
  const overlay = check ? createOverlay() : undefined
  const controller = createControllerFiles(world.workingDirectory)
  const fleet = createFleet({ ...options, overlay, controller, emitter, redactor, sleep: world.sleep })
  const power = createPower({
    emitter,
    sleep: world.sleep,
    signal,
    accessOf: (machine) => fleet.accessOf(machine, machine.privilege),
    lease: (name) => leases.token(name),
    ownBootId: async () => (await controller.text('/proc/sys/kernel/random/boot_id'))?.trim(),
    forget: (machine) => {
      machine.epoch.value += 1
      for (const { name } of [machine, ...machine.containers]) fleet.host(name).variables.forgetFacts()
    },
  })
  const leases = createLeases({
    holder: { run, controller: world.hostName, pid: world.pid, user: world.userName },
    accessOf: (machine, become) => fleet.accessOf(machine, become),
    sleep: (milliseconds) => world.sleep(milliseconds, signal),
    taken: (machine) => power.restoreGuests(machine),
  })
  return { redactor, emitter, overlay, fleet, holds: createHolds(), power, leases }
}
