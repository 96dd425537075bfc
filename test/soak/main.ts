/**
 * `npm run soak`: made-up playbooks against the real shell of this machine, simulations, and a fuzzer over what takes the answers of hosts apart, all from a
 * fresh seed. A failure is printed with the seed that replays it; an input that fails is written to `fuzz/findings`.
 *
 * `GPUPLAY_SOAK_PLAYBOOKS` (2,000) and `GPUPLAY_SOAK_SIMULATIONS` (10,000) say how many, `GPUPLAY_SOAK_FUZZ` (120) for how many seconds each target of the
 * fuzzer runs; `GPUPLAY_SOAK_SEED` where they begin.
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

/** The exit status of a file of tests, in a process of its own. */
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
    if ((done - seed + 1) % 1000 === 0) print(`${done - seed + 1} simulations are over`)
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
