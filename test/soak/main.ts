/**
 * `npm run soak`: made-up playbooks against the real shell of this machine, and simulations, both from a fresh seed. A failure is printed with the seed that
 * replays it.
 *
 * `GPUPLAY_SOAK_PLAYBOOKS` (2,000) and `GPUPLAY_SOAK_SIMULATIONS` (10,000) say how many; `GPUPLAY_SOAK_SEED` where they begin.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { simulateMany } from './simulation/many.ts'

const playbooks = Number(process.env['GPUPLAY_SOAK_PLAYBOOKS'] ?? 2000)
const simulations = Number(process.env['GPUPLAY_SOAK_SIMULATIONS'] ?? 10_000)
const seed = Number(process.env['GPUPLAY_SOAK_SEED'] ?? Date.now() % 1_000_000)

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** The exit status of the tests with playbooks, in a process of their own. */
function runPlaybooks(): Promise<number> {
  const file = fileURLToPath(new URL('playbooks.test.ts', import.meta.url))
  const env = { ...process.env, GPUPLAY_SOAK_PLAYBOOKS: String(playbooks), GPUPLAY_SOAK_SEED: String(seed) }
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

const [inPlaybooks, inSimulations] = await Promise.all([runPlaybooks(), runSimulations()])
process.exitCode = inPlaybooks === 0 && inSimulations === 0 ? 0 : 1
