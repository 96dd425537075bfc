/** A run on many machines in memory that answer at once and do not fail. */
import type { ExitCode } from '../../../src/base/errors.ts'
import { runPlaybooks } from '../../../src/engine/run-playbooks.ts'
import type { EventSink } from '../../../src/events/events.ts'
import { memoryFiles } from '../../../src/language/testing/memory-files.ts'
import { modules } from '../../../src/modules/catalogue.ts'
import { Chance, VirtualClock } from './clock.ts'
import { Controller } from './controller.ts'
import { noFaults } from './fault-rates.ts'
import { SimulatedMachine } from './machine.ts'
import { shareValidators } from './shared-validators.ts'

/** Every third task writes a file, the others look at files. */
export async function runFleet(hosts: number, tasks: number, sink: EventSink): Promise<ExitCode | undefined> {
  shareValidators()
  const chance = new Chance(1)
  const clock = new VirtualClock()
  const names = Array.from({ length: hosts }, (_, index) => `gpu${String(index + 1).padStart(3, '0')}`)
  const later = (milliseconds: number, then: () => void): void => clock.in(milliseconds, then)
  const machines = new Map(
    names.map((name) => [name, new SimulatedMachine({ name, programs: { sh: () => 0 }, later })]),
  )
  const controller = new Controller({ run: 0, clock, chance, machines, deeds: [], faultRates: noFaults })
  const play = {
    name: 'Fleet',
    hosts: 'all',
    gather_facts: false,
    tasks: Array.from({ length: tasks }, (_, index) => {
      const name = `Task ${index}`
      return index % 3 === 0
        ? { name, copy: { dest: `/s/${index}`, content: `text ${index}\n` } }
        : { name, stat: { path: `/s/${index}` } }
    }),
  }
  const run = runPlaybooks(
    {
      playbooks: ['/play/site.yml'],
      inventories: ['/play/hosts.yml'],
      extraVars: [],
      limit: undefined,
      tags: { tags: [], skipTags: [] },
      check: false,
      stepByStep: false,
      profile: false,
      failOnChange: false,
      forks: hosts,
      connection: {},
      rolesPaths: [],
      version: 'simulation',
    },
    {
      world: controller.world(),
      files: memoryFiles({
        '/play/site.yml': JSON.stringify([play]),
        '/play/hosts.yml': JSON.stringify({
          all: { hosts: Object.fromEntries(names.map((name) => [name, {}])) },
        }),
      }),
      modules: modules.filter(({ name }) => name === 'copy' || name === 'stat'),
      facts: [],
      reach: controller.reach(),
      means: controller.means(),
      sinks: [sink],
      signal: new AbortController().signal,
    },
  )
  return clock.drive(run)
}
