import { stat } from 'node:fs/promises'
import { readIfThere } from '../base/regular-file.ts'
import { entriesFor, type KnownHost, largestKnownHosts, parseKnownHosts } from './known-hosts.ts'

/** The known_hosts files of a run. Each is parsed when it has changed, and the lines of a host are found by its name, not one by one. */
export class KnownHostsFiles {
  readonly #files = new Map<string, { readonly stamp: string; readonly lines: Promise<Lines> }>()

  /**
   * The lines that speak of one of these names (from `knownHostName`), in the order of the files. A file that does not exist holds nothing.
   * @throws the file system's error for one that exists and cannot be read: nothing may be trusted then.
   */
  async entries(files: readonly string[], names: readonly string[]): Promise<KnownHost[]> {
    const found: KnownHost[] = []
    for (const file of files) {
      try {
        found.push(...linesOf(await this.#read(file), names))
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      }
    }
    return found
  }

  async #read(file: string): Promise<Lines> {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true })
    const stamp = `${ino} ${size} ${mtimeNs}`
    const known = this.#files.get(file)
    if (known?.stamp === stamp) return known.lines
    const lines = readIfThere(file, largestKnownHosts).then((bytes) =>
      index(parseKnownHosts(file, bytes?.toString('utf8') ?? '')),
    )
    this.#files.set(file, { stamp, lines })
    lines.catch(() => this.#files.delete(file))
    return lines
  }
}

interface Lines {
  /** Lines that name hosts in plain, by each name. */
  readonly plain: ReadonlyMap<string, readonly KnownHost[]>
  /** Wildcards, negations and hashes, which have to be tried. */
  readonly others: readonly KnownHost[]
}

function index(hosts: readonly KnownHost[]): Lines {
  const plain = new Map<string, KnownHost[]>()
  const others: KnownHost[] = []
  for (const host of hosts) {
    if (host.patterns.some((pattern) => /^[|!]|[*?]/.test(pattern))) others.push(host)
    else {
      for (const pattern of host.patterns) {
        const name = pattern.toLowerCase()
        const there = plain.get(name)
        if (there === undefined) plain.set(name, [host])
        else there.push(host)
      }
    }
  }
  return { plain, others }
}

function linesOf({ plain, others }: Lines, names: readonly string[]): readonly KnownHost[] {
  const found = names.flatMap((name) => [...(plain.get(name) ?? []), ...entriesFor(others, name)])
  return [...new Set(found)].sort((one, other) => one.line - other.line)
}
