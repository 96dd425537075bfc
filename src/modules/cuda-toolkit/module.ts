/**
 * Has a CUDA toolkit in a container from NVIDIA's apt repository, and no driver with it: that one comes from the node.
 *
 * The repository stands in apt's sources exactly once. What apt would do is simulated before it may do it.
 */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse, settle } from '../../host/plan.ts'
import {
  cudaRepository,
  type CudaSource,
  findCudaSources,
  type SourceFile,
} from '../../nvidia/cuda-sources.ts'
import { repositoryName, toolkitHome, versionedPackage } from '../../nvidia/cuda.ts'
import type { Module } from '../module.ts'
import { addRepository, install, refresh } from './actions.ts'
import { args, type Args, result } from './args.ts'
import { compatibilityOf, noCandidate, refusalOf, wouldBringDriver } from './refusals.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** The driver that the node has loaded. */
  readonly driver: string | undefined
  /** undefined: the container does not run. */
  readonly inside: Inside | undefined
}

export interface Inside {
  /** As NVIDIA's repositories are called: `debian12`; undefined for a system that they do not serve. */
  readonly distribution: string | undefined
  readonly osName: string
  readonly system: string | undefined
  readonly files: readonly SourceFile[]
  readonly sources: readonly CudaSource[]
  /** The one source that is used and whose key is there; undefined when the repository has to be added. */
  readonly good: CudaSource | undefined
  /** Asked for packages, with their version in the name, that are not installed. */
  readonly missing: readonly string[]
  /** Read only when something is missing. Undefined in a dry run, where the repository is only predicted. */
  readonly offer: Offer | undefined
}

export interface Offer {
  /** Whether apt has the repository's list. */
  readonly listed: boolean
  /** Packages without a candidate. */
  readonly unavailable: readonly string[]
  readonly available: readonly string[]
  readonly installs: readonly string[]
  readonly removes: readonly string[]
  /** What apt said when it would not even simulate. */
  readonly failure: string | undefined
}

export const cudaToolkit = {
  name: 'cuda_toolkit',
  summary: "Has a CUDA toolkit from NVIDIA's apt repository, without a driver.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: ({ version }, { inside }) => ({ running: inside !== undefined, home: toolkitHome(version) }),
  message: (_, { inside }) =>
    inside === undefined ? 'CUDA toolkit pending: the container is stopped' : undefined,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = placement.ctid ?? ''
  const [container, driver] = await Promise.all([node.container(ctid), node.kernelModule('nvidia')])
  const here = { node: node.name, ctid, driver: driver.loaded ? driver.version : undefined }
  if (container?.status !== 'running') return { ...here, inside: undefined }
  return { ...here, inside: await readInside(given, host) }
}

async function readInside(given: Args, host: Host): Promise<Inside> {
  const wanted = given.packages.map((name) => versionedPackage(name, given.version))
  const [release = '', names, system, ...packages] = await Promise.all([
    host.text('/etc/os-release'),
    host.list('/etc/apt/sources.list.d'),
    host.maybe(host.ask(['systemctl', 'is-system-running'])),
    ...wanted.map((name) => host.maybe(host.package(name))),
  ])
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)`, 'm').exec(release)?.[1] ?? ''
  const distribution = repositoryName(field('ID'), field('VERSION_ID'))
  const files = await readFiles(host, names ?? [])
  const sources = findCudaSources(files)
  // Unknown only in a dry run, in which another task is to install it.
  const missing = wanted.filter((_, index) => {
    const status = packages[index]
    return status?.known === true && status.value.installed === undefined
  })
  const good = distribution === undefined ? undefined : await goodSource(host, sources, distribution)
  return {
    distribution,
    osName: field('PRETTY_NAME') || field('ID'),
    system: system.known ? system.value.stdout.trim() : undefined,
    files,
    sources,
    good,
    missing,
    offer: missing.length > 0 && good ? await readOffer(given, host, missing, good) : undefined,
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

/** One entry alone, for this distribution, signed by a key that is there. */
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
  return !key.known || key.value?.kind === 'file' ? source : undefined
}

async function readOffer(
  given: Args,
  host: Host,
  missing: readonly string[],
  source: CudaSource,
): Promise<Offer | undefined> {
  // apt's names for its lists: the address with _ for / and %5f for _.
  const list = source.url
    .replace(/^https:\/\//, '')
    .replaceAll('_', '%5f')
    .replaceAll('/', '_')
  const [lists, known, simulated] = await Promise.all([
    host.maybe(host.list('/var/lib/apt/lists')),
    host.maybe(host.ask(['apt-cache', 'pkgnames', `${given.packages[0] ?? 'cuda-toolkit'}-`])),
    host.maybe(
      host.ask(['apt-get', '-s', '--no-install-recommends', 'install', ...missing], {
        environment: { LC_ALL: 'C' },
      }),
    ),
  ])
  if (!lists.known || !known.known || !simulated.known) return undefined
  const available = known.value.stdout.split('\n').filter((name) => name !== '')
  const { code, stdout, stderr } = simulated.value
  const names = (verb: string): readonly string[] =>
    [...stdout.matchAll(new RegExp(`^${verb} (\\S+)`, 'gm'))].map(([, name = '']) => name)
  return {
    listed: (lists.value ?? []).some((name) => name.startsWith(list) && /_Packages(\.|$)/.test(name)),
    unavailable: missing.filter((name) =>
      new RegExp(`Unable to locate package ${name}$|'${name}' has no installation candidate`, 'm').test(
        stderr,
      ),
    ),
    available,
    installs: names('Inst'),
    removes: [...names('Remv'), ...names('Purg')],
    failure: code === 0 ? undefined : (/^E: (.+)$/m.exec(stderr)?.[1] ?? `status ${code}`),
  }
}

function plan(given: Args, seen: Seen): Plan {
  const { inside } = seen
  if (inside === undefined) return done()
  const compatible = compatibilityOf(given, seen)
  if (typeof compatible === 'object') return refuse(compatible)
  const warnings = compatible === undefined ? [] : [compatible]
  if (inside.missing.length === 0 && inside.sources.length <= 1) return done(warnings)
  const refusal = refusalOf(given, seen, inside)
  if (refusal) return refuse(refusal)
  if (inside.system !== undefined && /^(initializing|starting|stopping|maintenance)$/.test(inside.system))
    return settle(`the container is not ready: ${inside.system}`, given.wait)
  if (inside.good === undefined)
    return actions(addRepository(given, inside), { stage: 'add the repository', warnings })
  if (inside.missing.length === 0) return done(warnings)
  const { offer, missing } = inside
  if (offer === undefined) return actions([install(given, missing)], { warnings })
  if (!offer.listed) return actions([refresh(given)], { stage: 'refresh the package lists', warnings })
  const problem = noCandidate(given, inside, offer) ?? wouldBringDriver(missing, offer)
  return problem ? refuse(problem) : actions([install(given, missing)], { warnings })
}
