/** A cache of build results, each in a folder named after the hash of its inputs. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { cacheRoot } from './instance.ts'
import { LabError, until } from './process.ts'

export interface Recipe {
  /** First part of the folder's name: `image`. */
  readonly kind: string
  /** Input files and folders. */
  readonly inputs: readonly string[]
  /** Any other input. */
  readonly salt?: string
  /** Fills an empty folder. */
  build(directory: string): Promise<void>
}

/** Returns the folder with the recipe's result. Builds it if it is missing. Several processes can build it at the same time. */
export async function cached(recipe: Recipe, say: (line: string) => void): Promise<string> {
  const directory = join(cacheRoot, `${recipe.kind}-${hash(recipe)}`)
  if (existsSync(directory)) {
    const now = new Date()
    utimesSync(directory, now, now)
    return directory
  }
  mkdirSync(cacheRoot, { recursive: true })
  const lock = `${directory}.lock`
  const unfinished = `${directory}.new`
  await until(`another lab to finish building ${directory}`, () => claim(lock), {
    within: 600_000,
    every: 200,
  })
  try {
    if (existsSync(directory)) return directory
    say(`building the ${recipe.kind} (once; cached in ${cacheRoot})`)
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished, { mode: 0o755 })
    await recipe.build(unfinished)
    renameSync(unfinished, directory)
    prune(recipe.kind)
    return directory
  } catch (error) {
    throw new LabError(
      `cannot build the lab's ${recipe.kind}: ${error instanceof Error ? error.message : String(error)}`,
      `The unfinished folder is ${unfinished}`,
      error,
    )
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Removes results of older recipes that no lab has used for a week. */
function prune(kind: string): void {
  const week = 7 * 24 * 3600 * 1000
  for (const entry of readdirSync(cacheRoot)) {
    const path = join(cacheRoot, entry)
    if (!entry.startsWith(`${kind}-`) || entry.endsWith('.lock')) continue
    if (Date.now() - statSync(path).mtimeMs > week) rmSync(path, { recursive: true, force: true })
  }
}

function hash(recipe: Recipe): string {
  const digest = createHash('sha256')
    .update(recipe.kind)
    .update(recipe.salt ?? '')
  for (const input of recipe.inputs) addTree(digest, input)
  return digest.digest('hex').slice(0, 16)
}

function addTree(digest: ReturnType<typeof createHash>, path: string): void {
  const stats = statSync(path)
  if (stats.isDirectory()) {
    for (const entry of readdirSync(path).sort()) {
      digest.update(`${entry}\0`)
      addTree(digest, join(path, entry))
    }
  } else digest.update(String(stats.mode & 0o111)).update(readFileSync(path))
}

function claim(lock: string): true | undefined {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const owner = existsSync(lock) ? readFileSync(lock, 'utf8') : ''
    if (owner !== '' && !existsSync(`/proc/${owner}`)) rmSync(lock, { force: true })
    return undefined
  }
}
