/** One task on one host as a run carries it out: the engine's own fleet, leases, holds and power, without plays around it. */
import type { HostName } from '../../src/base/brand.ts'
import { createReach } from '../../src/cli/reach.ts'
import { converge, type Converged } from '../../src/task/converge.ts'
import type { Fleet, FleetHost } from '../../src/fleet/fleet.ts'
import type { Reach } from '../../src/fleet/machine.ts'
import { createParts } from '../../src/fleet/parts.ts'
import { createRealHost } from '../../src/task/task-host.ts'
import { testWorld } from '../../src/engine/testing/local-run.ts'
import type { Action } from '../../src/host/action.ts'
import { surprises } from '../../src/host/surprises.ts'
import type { Inventory } from '../../src/inventory/model.ts'
import type { Module } from '../../src/modules/module.ts'

export interface Engine {
  /** The task is all that there is of this run; `check` makes it a dry one. */
  go(task: Task, check: boolean): Promise<Went>
  /** Sentences on effects that were foretold and are not seen. */
  surprises(host: HostName, actions: readonly Action[]): Promise<readonly string[]>
  close(): Promise<void>
}

export interface Task {
  readonly host: HostName
  readonly module: Module
  readonly args: unknown
}

export interface Went {
  readonly converged: Converged
  /** Carried out, in order. */
  readonly actions: readonly Action[]
}

export interface EngineOptions {
  readonly inventory: Inventory
  /** Instead of the usual place on every machine. */
  readonly stateDirectory?: string
}

const world = testWorld(process.cwd())

/** Runs share their connections, as a run's hosts do; everything else each of them makes anew. */
export function createEngine(options: EngineOptions): Engine {
  const reach = createReach({ world, killGroup })
  const shared: Reach = { ...reach, close: () => Promise.resolve() }
  const within = async <T>(check: boolean, work: (run: Run) => Promise<T>): Promise<T> => {
    const run = begin(options, shared, check)
    try {
      return await work(run)
    } finally {
      await run.end()
    }
  }
  return {
    go: (task, check) => within(check, (run) => run.go(task)),
    surprises: (host, actions) =>
      within(false, ({ fleet }) => surprises(actions, fleet.host(host).reader().view())),
    close: () => reach.close(),
  }
}

interface Run {
  readonly fleet: Fleet
  go(task: Task): Promise<Went>
  end(): Promise<void>
}

function begin({ inventory, stateDirectory }: EngineOptions, reach: Reach, check: boolean): Run {
  const { signal } = new AbortController()
  const names = [...inventory.hosts.keys()]
  const { fleet, overlay, power, leases, holds, redactor, emitter } = createParts({
    run: 'conformance',
    world,
    sinks: [],
    inventory,
    extra: new Map(),
    facts: [],
    defaults: {},
    reach,
    check,
    reachable: names,
    signal,
    stateDirectory,
  })
  // A node knows its containers once they are there.
  for (const name of names) fleet.host(name)
  const hostOf = (target: FleetHost, { module, args }: Task): ReturnType<typeof createRealHost> =>
    createRealHost({
      machine: target.machine,
      reader: target.reader(),
      overlay,
      module,
      args,
      ref: { id: module.name, name: module.name, module: module.name, handler: false },
      item: undefined,
      environment: {},
      pendingScript: () => Promise.resolve(undefined),
      leases,
      holds,
      power,
      redactor,
      emitter,
      become: target.machine.privilege,
      sleep: world.sleep,
      clock: world.clock,
      signal,
    })
  return {
    fleet,
    // A run's leases end with its connections; these are shared.
    async end() {
      for (const name of names) await fleet.host(name).machine.lease?.release()
      await fleet.close()
    },
    async go(task) {
      const real = hostOf(fleet.host(task.host), task)
      const actions: Action[] = []
      const host: typeof real = {
        ...real,
        async act(action, reading, plan) {
          const outcome = await real.act(action, reading, plan)
          if (outcome.kind === 'done') actions.push(action)
          return outcome
        },
      }
      const { module, args } = task
      return { converged: await converge({ module, args, check, host, first: undefined }), actions }
    },
  }
}

/** It may have ended by itself meanwhile. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
