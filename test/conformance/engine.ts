/**
 * Runs one task on one host as a run does, with the engine's fleet, leases, holds and power, but without
 * plays.
 */
import type { HostName } from '../../src/base/brand.ts'
import { createReach } from '../../src/cli/reach.ts'
import type { Converged } from '../../src/task/unit.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Reach } from '../../src/fleet/machine.ts'
import { createPending } from '../../src/fleet/pending.ts'
import { createRunContext } from '../../src/fleet/run-context.ts'
import { createTaskHost } from '../../src/task/task-host.ts'
import { settleUnit } from '../../src/task/testing/one-unit.ts'
import { unitOf } from '../../src/task/testing/test-units.ts'
import { Progress } from '../../src/task/unit.ts'
import { testWorld } from '../../src/engine/testing/local-run.ts'
import type { Action } from '../../src/host/action.ts'
import { surprises } from '../../src/host/surprises.ts'
import type { Inventory } from '../../src/inventory/inventory-model.ts'
import type { Module } from '../../src/modules/module.ts'

export interface Engine {
  /** The run consists only of this task; with `check` it is a dry run. */
  go(task: Task, check: boolean): Promise<Went>
  /** Messages about declared effects that are missing. */
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
  /** Actions that were carried out, in order. */
  readonly actions: readonly Action[]
}

export interface EngineOptions {
  readonly inventory: Inventory
  /** Replaces the default state directory on every machine. */
  readonly stateDirectory?: string
}

const world = testWorld(process.cwd())

/** Runs share connections, as the hosts of a run do; each creates everything else anew. */
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
  const run = createRunContext({
    name: 'conformance',
    world,
    sinks: [],
    inventory,
    extra: new Map(),
    facts: [],
    defaults: {},
    reach,
    check,
    reachable: (name) => names.includes(name),
    signal,
    stateDirectory,
  })
  const { fleet } = run
  // A node knows its containers after they were added.
  for (const name of names) fleet.host(name)
  return {
    fleet,
    // Normally, leases end with the connections of their run; here the connections are shared.
    async end() {
      for (const name of names) await fleet.host(name).machine.lease?.release()
      await fleet.close()
    },
    async go({ host: name, module, args }) {
      const host = fleet.host(name)
      const progress = new Progress()
      const pending = createPending(host, undefined, run.leases)
      const { converged, acted } = await settleUnit(
        () => unitOf(module, progress, {}, args),
        createTaskHost({ run, host, pending, connection: {} }),
        run.overlay,
      )
      return { converged, actions: acted.map(({ action }) => action) }
    },
  }
}

/** It may have exited in the meantime. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
