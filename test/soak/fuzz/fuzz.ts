/** A coverage-guided fuzzer: it keeps inputs that reach new code and mutates them further. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { randomNumbers } from '../../whole/support/random.ts'
import { Coverage } from './coverage.ts'
import { mutated } from './mutate.ts'
import { type Target, targets } from './targets.ts'

/** Inputs that failed once, in a folder for each target. They are kept and tried first. */
const findings = fileURLToPath(new URL('findings', import.meta.url))
/** Time limit of an input in milliseconds. */
const tooLong = 2000

export interface Fuzzed {
  readonly runs: number
  readonly blocks: number
  /** Undefined if no input failed. */
  readonly failure: string | undefined
}

/**
 * Runs a target with all earlier failing inputs, then with new ones until the time limit or a failure. Saves
 * a failing input.
 */
export async function fuzz(
  name: string,
  { seed, milliseconds }: { readonly seed: number; readonly milliseconds: number },
): Promise<Fuzzed> {
  const target = targets[name]
  if (target === undefined) throw new Error(`no target ${name}`)
  for (const [file, bytes] of findingsOf(name)) {
    const why = await failureOf(target, bytes)
    if (why !== undefined) return { runs: 0, blocks: 0, failure: `${file} fails again: ${why}` }
  }
  const random = randomNumbers(seed)
  const words = target.words.map((word) => (word === '\u00ff' ? Buffer.from([0xff]) : Buffer.from(word)))
  const corpus = [
    Buffer.alloc(0),
    Buffer.from(target.words.join('')),
    ...findingsOf(name).map(([, bytes]) => bytes),
  ]
  const coverage = new Coverage()
  const until = performance.now() + milliseconds
  let runs = 0
  try {
    while (performance.now() < until) {
      const bytes = mutated(corpus, words, random)
      const why = await failureOf(target, bytes)
      runs += 1
      if (why !== undefined)
        return { runs, blocks: coverage.blocks, failure: `${written(name, bytes)}: ${why}` }
      if (coverage.news()) corpus.push(bytes)
    }
    return { runs, blocks: coverage.blocks, failure: undefined }
  } finally {
    coverage.end()
  }
}

async function failureOf(target: Target, bytes: Buffer): Promise<string | undefined> {
  const since = performance.now()
  try {
    await target.run(bytes)
  } catch (error) {
    return inspect(error)
  }
  const took = performance.now() - since
  return took > tooLong ? `took ${Math.round(took)} ms` : undefined
}

function findingsOf(name: string): readonly (readonly [file: string, bytes: Buffer])[] {
  try {
    return readdirSync(`${findings}/${name}`).map((file) => [
      `${name}/${file}`,
      readFileSync(`${findings}/${name}/${file}`),
    ])
  } catch {
    return []
  }
}

function written(name: string, bytes: Buffer): string {
  const file = `${name}/${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`
  mkdirSync(`${findings}/${name}`, { recursive: true })
  writeFileSync(`${findings}/${file}`, bytes)
  return file
}
