/** Where the logs of runs are kept on this machine. */
import { readdirSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { World } from '../base/world.ts'
import { sha256Of } from '../host/content.ts'
import { isHostList } from '../inventory/sources.ts'
import { diskFiles } from '../language/read-files.ts'

type Surroundings = Pick<World, 'workingDirectory' | 'environment' | 'home'>

/**
 * The folders for logs of runs with these inventories; each log goes to the first that can be written:
 * `.gpuplay/runs` beside the first inventory that is a file or folder, then one for the same place in the
 * user's state folder (XDG Base Directory Specification), its name the beginning of a SHA-256.
 */
export function runFolders(inventories: readonly string[], world: Surroundings): readonly string[] {
  const path = inventories.find((source) => !isHostList(source, diskFiles))
  const beside = path === undefined ? undefined : dirname(resolve(world.workingDirectory, path))
  const given = world.environment['XDG_STATE_HOME'] ?? ''
  const state = isAbsolute(given) ? given : join(world.home, '.local', 'state')
  const key = sha256Of(beside ?? world.workingDirectory).slice(0, 12)
  return [
    ...(beside === undefined ? [] : [join(beside, '.gpuplay', 'runs')]),
    join(state, 'gpuplay', key, 'runs'),
  ]
}

/** The names of the logs in a folder, oldest first: names of runs begin with their time. */
export function logsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^\d{8}T\d{6}Z-[0-9a-f]+\.jsonl$/.test(name))
    .sort()
}
