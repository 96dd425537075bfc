/** Many seeds, one after the other. */
import { shareValidators } from './shared-validators.ts'
import { simulate } from './simulate.ts'

/** Stops after this many failed seeds. */
const mostFailures = 5

/** The failures by seed, each with the variable that repeats it. Calls `done` after every seed. */
export async function simulateMany(
  first: number,
  count: number,
  done: (seed: number) => void = () => undefined,
): Promise<readonly string[]> {
  shareValidators()
  const failed: string[] = []
  for (let seed = first; seed < first + count && failed.length < mostFailures; seed += 1) {
    const wrong = await wrongIn(seed)
    if (wrong.length > 0) failed.push(`GPUPLAY_SOAK_SEED=${seed}\n  ${wrong.join('\n  ')}`)
    done(seed)
  }
  return failed
}

async function wrongIn(seed: number): Promise<readonly string[]> {
  try {
    return (await simulate(seed)).wrong
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
}
