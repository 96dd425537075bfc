/** Measures start-up: `startup node|version|debug`. */
import { join } from 'node:path'
import { type Bench, succeeded } from './fleet.ts'
import { measure } from './measure.ts'
import { gpuplayProgram, workload } from './tools.ts'

/** Runs in each round: more than one, because short runs vary most. */
const repeats = 5

export async function measureStartup({ book, runs, signal }: Bench): Promise<void> {
  const debug = ['run', join(workload, 'debug.yml'), '-i', join(workload, 'local.yml'), '--output', 'plain']
  const commands = {
    node: [process.execPath, '-e', '0'],
    version: [gpuplayProgram, '--version'],
    debug: [gpuplayProgram, ...debug],
  }
  for (let round = 0; round < runs * repeats; round += 1) {
    for (const [what, argv] of Object.entries(commands))
      book.add(`startup ${what}`, succeeded(await measure({ argv }, signal), argv.join(' ')).sample)
  }
}
