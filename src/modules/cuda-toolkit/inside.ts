/** Reads the sources and packages of a container that gets a CUDA toolkit, and simulates apt. */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { aptSimulation, packageNames } from '../../host/questions/packages.ts'
import { systemState } from '../../host/questions/system.ts'
import {
  cudaRepository,
  type CudaSource,
  findCudaSources,
  type SourceFile,
} from '../../nvidia/cuda-sources.ts'
import {
  compilerRelease,
  keyringDownload,
  repositoryName,
  toolkitPrograms,
  versionedPackage,
} from '../../nvidia/cuda.ts'
import type { Args } from './args.ts'

export interface Inside {
  /**
   * The distribution's name in NVIDIA's repositories, `debian12`; undefined if NVIDIA does not support it.
   */
  readonly distribution: string | undefined
  readonly osName: string
  readonly system: string | undefined
  readonly files: readonly SourceFile[]
  readonly sources: readonly CudaSource[]
  /** The only enabled source, with an installed key; undefined if the repository must be added. */
  readonly good: CudaSource | undefined
  /** Undefined if everything is installed. */
  readonly todo: Todo | undefined
  /** Read only if there is something to do. Undefined in a dry run that only predicts the repository. */
  readonly offer: Offer | undefined
  /** Download tools that the container lacks. */
  readonly tools: Tools | undefined
  /** A download left by a killed run. */
  readonly leftover: boolean
}

/** Packages with the toolkit's version in their names. */
export interface Todo {
  readonly names: readonly string[]
  /** dpkg lists it as installed, but its compiler does not run. */
  readonly reinstall: boolean
}

export interface Tools {
  readonly names: readonly string[]
  /** Undefined if a dry run cannot ask apt. */
  readonly simulated: Simulated | undefined
}

/** What apt would do. */
export interface Simulated {
  /** Packages without a candidate. */
  readonly unavailable: readonly string[]
  readonly installs: readonly string[]
  readonly removes: readonly string[]
  /** apt's error if the simulation failed. */
  readonly failure: string | undefined
  /** Whether apt has the list of any repository. */
  readonly anyLists: boolean
}

export interface Offer extends Simulated {
  /** Whether apt has the repository's list. */
  readonly listed: boolean
  readonly available: readonly string[]
}

export async function readInside(given: Args, host: Host): Promise<Inside> {
  const wanted = given.packages.map((name) => versionedPackage(name, given.version))
  const [release = '', names, system, leftover, ...packages] = await Promise.all([
    host.text('/etc/os-release'),
    host.list('/etc/apt/sources.list.d'),
    host.maybe(host.ask(systemState)),
    host.stat(keyringDownload),
    ...wanted.map((name) => host.maybe(host.package(name))),
  ])
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(release)?.[1] ?? ''
  const distribution = repositoryName(field('ID'), field('VERSION_ID'))
  const files = await readFiles(host, names ?? [])
  const sources = findCudaSources(files)
  // Unknown only in a dry run in which another task installs it.
  const missing = wanted.filter((_, index) => {
    const status = packages[index]
    return status !== undefined && !isUnknown(status) && status.installed === undefined
  })
  const good = distribution === undefined ? undefined : await goodSource(host, sources, distribution)
  const todo = missing.length > 0 ? { names: missing, reinstall: false } : await lostCompiler(given, host)
  const fetches = todo !== undefined || sources.length > 1
  const [offer, tools] = await Promise.all([
    todo && good ? readOffer(given, host, todo, good) : undefined,
    fetches ? readTools(host, good) : undefined,
  ])
  return {
    distribution,
    osName: field('PRETTY_NAME') || field('ID'),
    system: knownOr(system, undefined),
    files,
    sources,
    leftover: leftover !== undefined,
    good,
    todo,
    offer,
    tools,
  }
}

async function readFiles(host: Host, names: readonly string[]): Promise<readonly SourceFile[]> {
  const listed = names.filter((name) => /^[A-Za-z0-9_.-]+\.(list|sources)$/.test(name))
  const paths = ['/etc/apt/sources.list', ...listed.map((name) => `/etc/apt/sources.list.d/${name}`)]
  const texts = await Promise.all(paths.map((path) => host.text(path)))
  return paths.flatMap((path, index) => {
    const text = texts[index]
    return text === undefined ? [] : [{ path, text }]
  })
}

/** The only entry, for this distribution, signed by an installed key. */
async function goodSource(
  host: Host,
  sources: readonly CudaSource[],
  distribution: string,
): Promise<CudaSource | undefined> {
  const [source] = sources
  if (source === undefined || sources.length > 1) return undefined
  if (source.url !== cudaRepository(distribution) || source.signedBy === undefined) return undefined
  if (!source.signedBy.startsWith('/')) return source
  const key = await host.maybe(host.stat(source.signedBy, { follow: true }))
  return isUnknown(key) || key?.kind === 'file' ? source : undefined
}

/** dpkg does not notice deleted files, so the check is whether the compiler runs. */
async function lostCompiler({ version }: Args, host: Host): Promise<Todo | undefined> {
  const name = versionedPackage('cuda-nvcc', version)
  const [status, release] = await Promise.all([
    host.maybe(host.package(name)),
    host.maybe(host.ask(compilerRelease({ directory: toolkitPrograms(version) }))),
  ])
  if (isUnknown(status) || isUnknown(release) || status.installed === undefined) return undefined
  return release === version ? undefined : { names: [name], reinstall: true }
}

/** Downloading the key needs curl or wget, and https needs certificates. */
async function readTools(host: Host, good: CudaSource | undefined): Promise<Tools | undefined> {
  const [curl, wget, certificates] = await Promise.all([
    host.maybe(host.command('curl')),
    host.maybe(host.command('wget')),
    host.maybe(host.stat('/etc/ssl/certs/ca-certificates.crt')),
  ])
  // Unknown only in a dry run that installs it first.
  const lacks = (tool: unknown): boolean => tool === undefined
  const names = [
    ...(good === undefined && lacks(curl) && lacks(wget) ? ['curl'] : []),
    ...(lacks(certificates) ? ['ca-certificates'] : []),
  ]
  return names.length === 0 ? undefined : { names, simulated: await simulate(host, names, []) }
}

async function readOffer(
  given: Args,
  host: Host,
  { names, reinstall }: Todo,
  source: CudaSource,
): Promise<Offer | undefined> {
  // apt's names for its lists: the address with _ for / and %5f for _.
  const list = source.url
    .replace(/^https:\/\//, '')
    .replaceAll('_', '%5f')
    .replaceAll('/', '_')
  const [lists, known, simulated] = await Promise.all([
    host.maybe(host.list(listsDirectory)),
    host.maybe(host.ask(packageNames({ prefix: `${given.packages[0] ?? 'cuda-toolkit'}-` }))),
    simulate(host, names, reinstall ? ['--reinstall'] : []),
  ])
  if (isUnknown(lists) || isUnknown(known) || !simulated) return undefined
  return {
    ...simulated,
    listed: (lists ?? []).some((name) => name.startsWith(list) && isPackageList(name)),
    available: known,
  }
}

const listsDirectory = '/var/lib/apt/lists'

function isPackageList(name: string): boolean {
  return /_Packages(\.|$)/.test(name)
}

async function simulate(
  host: Host,
  names: readonly string[],
  options: readonly '--reinstall'[],
): Promise<Simulated | undefined> {
  const [lists, simulated] = await Promise.all([
    host.maybe(host.list(listsDirectory)),
    host.maybe(
      host.ask(aptSimulation({ options: ['--no-install-recommends', ...options], verb: 'install', names })),
    ),
  ])
  if (isUnknown(lists) || isUnknown(simulated)) return undefined
  const { code, stdout, stderr, installs, removes } = simulated
  return {
    unavailable: names.filter((name) =>
      new RegExp(
        `Unable to locate package ${name}$|'${name}' has no installation candidate|^Reinstallation of ${name} is not possible`,
        'm',
      ).test(stdout + stderr),
    ),
    installs: installs.map(({ name }) => name),
    removes,
    failure: code === 0 ? undefined : (/^E: (.+)$/m.exec(stderr)?.[1] ?? `status ${code}`),
    anyLists: (lists ?? []).some(isPackageList),
  }
}
