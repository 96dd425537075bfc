/**
 * Reads ssh's configuration files far enough to know which lines could apply to a host (ssh_config(5)). ssh
 * itself interprets the lines, and everything that this reader does not understand.
 */
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { globPattern } from '../base/glob.ts'
import { readIfThere } from '../base/regular-file.ts'

/** Lines that apply to the hosts that match every list of patterns. */
export interface ConfigBlock {
  readonly patterns: readonly (readonly string[])[]
  readonly options: readonly ConfigOption[]
}

export interface ConfigOption {
  /** In lower case. */
  readonly key: string
  readonly value: string
}

/**
 * @returns undefined if only ssh can decide: for `Match`, canonical names, and lines that this reader does
 * not understand
 */
export async function readConfigBlocks(
  files: readonly string[],
  home: string,
): Promise<readonly ConfigBlock[] | undefined> {
  try {
    const blocks: ConfigBlock[] = []
    for (const file of files) {
      const folder = file.startsWith('/etc/ssh/') ? '/etc/ssh' : `${home}/.ssh`
      blocks.push(...(await readBlocks(file, { home, folder, around: [], depth: 0 })))
    }
    return blocks
  } catch (error) {
    if (error instanceof Unclear) return undefined
    throw error
  }
}

export function appliesTo({ patterns }: ConfigBlock, address: string): boolean {
  return patterns.every((list) => {
    if (list.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1), address))) return false
    return list.some((pattern) => fits(pattern, address))
  })
}

function fits(pattern: string, address: string): boolean {
  return globPattern(pattern).test(address)
}

/** Only ssh can decide. */
class Unclear extends Error {}

interface Place {
  readonly home: string
  /** The base directory of `Include` paths. */
  readonly folder: string
  /** The patterns around the `Include` of this file. */
  readonly around: readonly (readonly string[])[]
  readonly depth: number
}

/** The maximum size of a file, in bytes; ssh itself reads larger ones. */
const largest = 1024 * 1024

async function readBlocks(file: string, place: Place): Promise<readonly ConfigBlock[]> {
  if (place.depth > 8) throw new Unclear()
  const bytes = await readIfThere(file, largest).catch(() => {
    throw new Unclear()
  })
  const text = bytes?.toString('utf8') ?? ''
  const blocks: ConfigBlock[] = []
  let patterns = place.around
  for (const line of text.split('\n')) {
    const found = /^\s*(?<key>[A-Za-z0-9]+)(?:\s*=\s*|\s+)(?<value>.*?)\s*$/.exec(line)
    const { key: written, value } = found?.groups ?? {}
    if (written === undefined || value === undefined) {
      if (/^\s*(?:#|$)/.test(line)) continue
      throw new Unclear()
    }
    const key = written.toLowerCase()
    if (key === 'match' || (key.startsWith('canonical') && !/^no$/i.test(value))) throw new Unclear()
    if (key === 'host') patterns = [...place.around, words(value)]
    else if (key === 'include') {
      for (const path of words(value)) {
        for (const included of await filesOf(path, place))
          blocks.push(...(await readBlocks(included, { ...place, around: patterns, depth: place.depth + 1 })))
      }
    } else blocks.push({ patterns, options: [{ key, value }] })
  }
  return blocks
}

function words(text: string): readonly string[] {
  if (/["'\\#]/.test(text)) throw new Unclear()
  return text.split(/\s+/)
}

async function filesOf(written: string, { home, folder }: Place): Promise<readonly string[]> {
  const path = written.startsWith('~/')
    ? join(home, written.slice(2))
    : written.startsWith('/')
      ? written
      : join(folder, written)
  const parent = dirname(path)
  if (/[~%${[*?]/.test(parent) || /[~%${[]/.test(basename(path))) throw new Unclear()
  if (!/[*?]/.test(path)) return [path]
  const names = await readdir(parent).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new Unclear()
  })
  const shown = names.filter((name) => !name.startsWith('.') && fits(basename(path), name))
  return shown.sort().map((name) => join(parent, name))
}
