/**
 * Simulates one seed: runs a playbook on machines several times with faults, then twice without, and checks
 * the results.
 */
import { runPlaybooks } from '../../../src/engine/run-playbooks.ts'
import { defined } from '../../../src/base/defined.ts'
import type { Event } from '../../../src/events/events.ts'
import { memoryFiles } from '../../../src/language/testing/memory-files.ts'
import { modules } from '../../../src/modules/catalogue.ts'
import type { Module } from '../../../src/modules/module.ts'
import { ofHandlers, ofMachines, ofRun, ofSecondRun, type RunRecord } from './checks.ts'
import { Chance, VirtualClock } from './clock.ts'
import { Controller } from './controller.ts'
import { type Deed, type Program, SimulatedMachine } from './machine.ts'
import { simulatedModules } from './modules.ts'
import { type Case, makeCase } from './playbook.ts'
import { disturb, type Trouble, troubleOf } from './trouble.ts'
import { noFaults, type FaultRates } from './fault-rates.ts'

export interface Simulated {
  /** The violations, as sentences. */
  readonly wrong: readonly string[]
  readonly made: Case
  readonly runs: readonly RunRecord[]
  readonly deeds: readonly Deed[]
}

export async function simulate(seed: number): Promise<Simulated> {
  const chance = new Chance(seed)
  const clock = new VirtualClock()
  const made = makeCase(chance)
  const machines = makeMachines(made, clock)
  const deeds: Deed[] = []
  const runs: RunRecord[] = []
  const wrong: string[] = []
  const run = async (trouble: Trouble | undefined): Promise<number | undefined> => {
    const record = new Recording({
      run: runs.length,
      clock,
      chance,
      machines,
      deeds,
      faultRates: trouble?.faultRates ?? noFaults,
    })
    runs.push(record)
    const exitCode = await record.play(made, trouble)
    wrong.push(...ofRun(record, made, deeds).map((one) => `run ${record.run}: ${one}`))
    return exitCode
  }
  for (let disturbed = chance.whole(1, 3); disturbed > 0; disturbed -= 1) {
    const trouble = troubleOf(chance)
    disturb(made, machines, { chance, clock, trouble })
    await run(trouble)
    if (chance.happens(0.6)) await clock.drain()
  }
  await clock.drain()
  for (const machine of machines.values()) {
    machine.downUntil = 0
    machine.failNext = false
  }
  const exitCode = await run(undefined)
  if (exitCode !== 0)
    wrong.push(`the undisturbed run ended with ${exitCode ?? 'nothing'}: ${failuresOf(runs.at(-1))}`)
  wrong.push(...ofMachines(made, machines), ...ofHandlers(made, deeds))
  const again = await run(undefined)
  if (again !== 0) wrong.push(`the second run ended with ${again ?? 'nothing'}: ${failuresOf(runs.at(-1))}`)
  const last = runs.at(-1)
  if (last !== undefined) wrong.push(...ofSecondRun(last, made, deeds), ...ofMachines(made, machines))
  return { wrong, made, runs, deeds }
}

function failuresOf(record: RunRecord | undefined): string {
  return (record?.events ?? [])
    .flatMap(({ event }) => {
      if (event.type === 'host.unreachable') return [`${event.host}: ${event.problem.message}`]
      return event.type === 'task.finished' && event.outcome === 'failed'
        ? [`${event.host}: ${event.task.name}: ${event.detail.problem?.message ?? ''}`]
        : []
    })
    .join('; ')
}

interface RecordingOptions {
  readonly run: number
  readonly clock: VirtualClock
  readonly chance: Chance
  readonly machines: ReadonlyMap<string, SimulatedMachine>
  readonly deeds: Deed[]
  readonly faultRates: FaultRates
}

class Recording implements RunRecord {
  readonly run: number
  readonly controller: Controller
  readonly events: { at: number; event: Event }[] = []
  killed = false
  readonly #clock: VirtualClock

  constructor(options: RecordingOptions) {
    this.run = options.run
    this.#clock = options.clock
    this.controller = new Controller(options)
  }

  /** The exit code; undefined if the run was killed. */
  async play(made: Case, trouble: Trouble | undefined): Promise<number | undefined> {
    const { controller } = this
    const interruption = new AbortController()
    const ended = runPlaybooks(
      {
        playbooks: ['/play/site.yml'],
        inventories: ['/play/hosts.yml'],
        extraVars: [],
        limit: undefined,
        tags: { tags: [], skipTags: [] },
        check: false,
        stepByStep: made.stepByStep,
        profile: false,
        failOnChange: false,
        forks: made.forks,
        connection: {},
        rolesPaths: [],
        version: 'simulation',
      },
      {
        world: controller.world(),
        files: memoryFiles(made.files),
        modules: usedModules,
        facts: [],
        reach: controller.reach(),
        means: controller.means(),
        sinks: [
          (event) => {
            if (controller.alive) this.events.push({ at: this.#clock.now, event })
          },
        ],
        signal: interruption.signal,
      },
    )
    const killed = new Promise<undefined>((resolve) => {
      if (trouble?.killedAfter === undefined) return
      this.#clock.in(trouble.killedAfter, () => {
        if (!this.#over) {
          this.killed = true
          controller.kill()
          resolve(undefined)
        }
      })
    })
    if (trouble?.interruptedAfter !== undefined)
      this.#clock.in(trouble.interruptedAfter, () => interruption.abort(new Error('interrupted')))
    const exitCode = await this.#clock.drive(Promise.race([ended, killed]))
    this.#over = true
    return exitCode
  }

  #over = false
}

/** Only these modules, because each run compiles the schemas of all. */
const usedModules: readonly Module[] = [
  ...modules.filter(({ name }) =>
    ['command', 'copy', 'file', 'kernel_module', 'lineinfile', 'set_fact', 'stat', 'debug', 'fail'].includes(
      name,
    ),
  ),
  ...simulatedModules,
]

const programs: Readonly<Record<string, Program>> = {
  count: () => 0,
  fails: () => 1,
  // The engine's own script when it takes the lease of a node: no guest is recorded.
  sh: () => 0,
  put: ({ disk }, [path = '', text = '']) => (disk.write(path, text, undefined) === undefined ? 0 : 1),
  mark: ({ disk }, [path = '', other = '']) => {
    // Only while the other file differs from its declaration: a later task without actions would not notice
    // an undeclared change.
    if (disk.text(other) !== 'wanted\n') disk.write(other, 'undeclared\n', undefined)
    return disk.write(path, 'mark', undefined) === undefined ? 0 : 1
  },
  start: ({ disk, later }, [path = '']) => {
    later(1500, () => disk.write(path, 'started\n', undefined))
    return disk.write(`${path}.started`, 'started', undefined) === undefined ? 0 : 1
  },
  modprobe: ({ modules: loaded }, [, name = '']) => {
    loaded.add(name)
    return 0
  },
}

function makeMachines({ hosts, before }: Case, clock: VirtualClock): ReadonlyMap<string, SimulatedMachine> {
  const machines = new Map<string, SimulatedMachine>()
  for (const { name, node } of hosts) {
    const parent = node === undefined ? undefined : machines.get(node)
    const machine = new SimulatedMachine({
      name,
      programs,
      ...defined({ node: parent }),
      later: (milliseconds, then) => clock.in(milliseconds, then),
    })
    for (const path of before) machine.disk.write(path, 'old\n', undefined)
    machines.set(name, machine)
  }
  return machines
}
