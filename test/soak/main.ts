/**
 * `npm run soak`: runs generated playbooks with this machine's shell, simulations, and a fuzzer for the
 * parsers of answers, all from a new seed. Prints each failure with the seed that repeats it, and writes
 * failing inputs to `fuzz/findings`.
 *
 * Environment: `GPUPLAY_SOAK_PLAYBOOKS` (default 2,000) and `GPUPLAY_SOAK_SIMULATIONS` (10,000) set the
 * number of runs, `GPUPLAY_SOAK_FUZZ` (120) the seconds for each target of the fuzzer, `GPUPLAY_SOAK_SEED`
 * the first seed.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { simulateMany } from './simulation/many.ts'

const playbooks = Number(process.env['GPUPLAY_SOAK_PLAYBOOKS'] ?? 2000)
const simulations = Number(process.env['GPUPLAY_SOAK_SIMULATIONS'] ?? 10_000)
const fuzzing = Number(process.env['GPUPLAY_SOAK_FUZZ'] ?? 120)
const seed = Number(process.env['GPUPLAY_SOAK_SEED'] ?? Date.now() % 1_000_000)

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Runs a test file in a separate process and returns its exit status. */
function runTests(name: string): Promise<number> {
  const file = fileURLToPath(new URL(name, import.meta.url))
  const env = {
    ...process.env,
    GPUPLAY_SOAK_PLAYBOOKS: String(playbooks),
    GPUPLAY_SOAK_FUZZ: String(fuzzing),
    GPUPLAY_SOAK_SEED: String(seed),
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit', env })
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
}

async function runSimulations(): Promise<number> {
  print(`${simulations} simulations, from seed ${seed}`)
  const failed = await simulateMany(seed, simulations, (done) => {
    if ((done - seed + 1) % 1000 === 0) print(`${done - seed + 1} simulations finished`)
  })
  for (const one of failed) print(one)
  print(
    failed.length === 0 ? `${simulations} simulations, none failed` : `${failed.length} simulations failed`,
  )
  return failed.length
}

const [inPlaybooks, inFuzzer, inSimulations] = await Promise.all([
  runTests('playbooks.test.ts'),
  runTests('fuzz.test.ts'),
  runSimulations(),
])
process.exitCode = inPlaybooks === 0 && inFuzzer === 0 && inSimulations === 0 ? 0 : 1
