/**
 * The packages of NVIDIA's driver in Debian, Ubuntu and NVIDIA's repository, from extracts of their real metadata
 * (test/data/driver-packages), and apt's real answers about them.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../process.ts'

const data = join(import.meta.dirname, '../../data/driver-packages')

export const archives = ['debian-12', 'debian-13', 'ubuntu-22.04', 'ubuntu-24.04', 'nvidia-debian'] as const
export type Archive = (typeof archives)[number]

/** One package of an extract: the fields of its control file by name. */
export type Stanza = Readonly<Record<string, string>> & { readonly Package: string; readonly Version: string }

export function readExtract(archive: Archive): readonly Stanza[] {
  return readFileSync(join(data, `${archive}.txt`), 'utf8')
    .trim()
    .split('\n\n')
    .map(stanza)
}

function stanza(text: string): Stanza {
  const fields = Object.fromEntries(
    text.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    }),
  )
  return { Package: '', Version: '', ...fields }
}

const needs = ['Pre-Depends', 'Depends', 'Recommends']

/**
 * The same packages without dependencies outside the extract and `available`: the C library, X. Nothing depends on a
 * driver through these, so a removal takes the same packages with it.
 */
export function closed(stanzas: readonly Stanza[], available: readonly string[] = []): readonly Stanza[] {
  const provided = stanzas.flatMap((one) => relations(one['Provides']).flat())
  const known = new Set([...stanzas.map((one) => one.Package), ...provided.map(nameOf), ...available])
  return stanzas.map((one) => ({
    ...one,
    ...Object.fromEntries(
      needs.flatMap((field) => {
        const kept = relations(one[field])
          .map((alternatives) =>
            alternatives.filter((each) => !each.includes(':i386') && known.has(nameOf(each))),
          )
          .filter((alternatives) => alternatives.length > 0)
        return one[field] === undefined ? [] : [[field, kept.map((each) => each.join(' | ')).join(', ')]]
      }),
    ),
  }))
}

/** `a | b (>= 1), c` as [['a', 'b (>= 1)'], ['c']]. */
function relations(text: string | undefined): readonly (readonly string[])[] {
  return (text ?? '')
    .split(/,\s*/)
    .filter((item) => item !== '')
    .map((item) => item.split('|').map((each) => each.trim()))
}

function nameOf(relation: string): string {
  return relation.replace(/[ :(].*$/, '')
}

/** A control file's text, without empty fields. */
function controlText(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).filter(([, value]) => value !== '')
  return lines.map(([name, value]) => `${name}: ${value}\n`).join('')
}

/** apt on an empty system whose only source is an archive's extract. */
export class SimulatedApt {
  readonly #directory: string
  readonly #stanzas: readonly Stanza[]

  private constructor(directory: string, stanzas: readonly Stanza[]) {
    this.#directory = directory
    this.#stanzas = stanzas
  }

  static async of(archive: Archive): Promise<SimulatedApt> {
    const directory = mkdtempSync(join(tmpdir(), 'gpuplay-apt-'))
    const apt = new SimulatedApt(directory, closed(readExtract(archive)))
    for (const part of ['lists/partial', 'cache/archives/partial', 'etc/preferences.d', 'repository'])
      mkdirSync(join(directory, part), { recursive: true })
    const index = apt.#stanzas.map((one) => `${controlText({ ...one, ...file(one) })}\n`)
    writeFileSync(join(directory, 'repository/Packages'), index.join(''))
    writeFileSync(join(directory, 'etc/sources.list'), `deb [trusted=yes] file:${directory}/repository ./\n`)
    writeFileSync(join(directory, 'status'), '')
    await run(['apt-get', ...apt.#options(), 'update'])
    return apt
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true })
  }

  /** Names of the packages that are installed after `apt-get install`. */
  async installed(names: readonly string[], { recommends = true } = {}): Promise<readonly string[]> {
    writeFileSync(join(this.#directory, 'status'), '')
    return this.#simulate(['install', ...(recommends ? [] : ['--no-install-recommends']), ...names], 'Inst')
  }

  /** Names of the packages that `apt-get purge NAMES` removes where `installed` and `others` are installed. */
  async purged(
    installed: readonly string[],
    names: readonly string[],
    others: readonly Stanza[] = [],
  ): Promise<readonly string[]> {
    const present = [...this.#stanzas.filter((one) => installed.includes(one.Package)), ...others]
    const status = present.map(
      (one) => `${controlText({ ...one, Status: 'install ok installed', ...described })}\n`,
    )
    writeFileSync(join(this.#directory, 'status'), status.join(''))
    return this.#simulate(['purge', ...names], 'Purg')
  }

  async #simulate(command: readonly string[], verb: 'Inst' | 'Purg'): Promise<readonly string[]> {
    const output = await run(['apt-get', ...this.#options(), '-s', '-q', ...command])
    return [...output.matchAll(new RegExp(`^${verb} (\\S+)`, 'gm'))].map((match) => match[1] ?? '').toSorted()
  }

  #options(): readonly string[] {
    const settings = {
      'Dir::State': this.#directory,
      'Dir::State::status': join(this.#directory, 'status'),
      'Dir::Cache': join(this.#directory, 'cache'),
      'Dir::Etc': join(this.#directory, 'etc'),
      'APT::Architecture': 'amd64',
      'APT::Architectures': 'amd64',
      'APT::Sandbox::User': 'root',
    }
    return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  }
}

const described = { Maintainer: 'lab', Description: 'driver package' }

function file(one: Stanza): Record<string, string> {
  return { Filename: `./${one.Package}.deb`, Size: '1', MD5sum: '0'.repeat(32), ...described }
}
