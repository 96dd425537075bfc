/** Reads the sources and packages of a container that gets a CUDA toolkit, and asks apt about them. */
import { lackFor } from '../../apt/network.ts'
import { readWork, targetOf } from '../../apt/package-request.ts'
import { readSources } from '../../apt/source-files.ts'
import { defined } from '../../base/defined.ts'
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { readOsRelease } from '../../host/questions/os-release.ts'
import { packageNames } from '../../host/questions/packages.ts'
import { systemState } from '../../host/questions/system.ts'
import { cudaRepository, type CudaSource, findCudaSources, isFor } from '../../nvidia/cuda-sources.ts'
import {
  compilerRelease,
  keyringDownload,
  keyringPackage,
  repositoryName,
  toolkitPrograms,
  versionedPackage,
} from '../../nvidia/cuda.ts'
import { toolkitRequest, toolsRequest } from './actions.ts'
import type { Args } from './args.ts'
import type { Inside, Todo, Tools } from './seen.ts'

export async function readInside(given: Args, host: Host): Promise<Inside> {
  const wanted = given.packages.map((name) => versionedPackage(name, given.version))
  const [os, files, system, leftover, programs, ...packages] = await Promise.all([
    readOsRelease(host),
    readSources(host),
    host.maybe(host.ask(systemState)),
    host.stat(keyringDownload),
    host.maybe(host.stat(toolkitPrograms(given.version), { follow: true })),
    ...wanted.map((name) => host.maybe(host.package(name))),
  ])
  const distribution = os && repositoryName(os.id, os.version)
  const sources = findCudaSources(files, given.mirror)
  // Unknown only in a dry run in which another task installs it.
  const missing = wanted.filter((_, index) => {
    const status = packages[index]
    return status !== undefined && !isUnknown(status) && status.installed === undefined
  })
  const good =
    distribution === undefined
      ? undefined
      : await goodSource(host, sources, cudaRepository(distribution, given.mirror))
  const lost = missing.length > 0 ? undefined : await lostCompiler(given, host)
  const names = lost === undefined ? missing : [lost]
  const due = names.length > 0
  const fetches = distribution !== undefined && good === undefined && (due || sources.length > 1)
  const [lack, todo, tools] = await Promise.all([
    fetches ? host.maybe(lackFor(cudaRepository(distribution, given.mirror), given.proxy, host)) : undefined,
    due ? readTodo(given, { names, reinstall: lost !== undefined, good, distribution }, host) : undefined,
    given.install && (due || sources.length > 1) ? readTools(given, good, host) : undefined,
  ])
  return {
    distribution,
    osName: os?.name,
    system: knownOr(system, undefined),
    lack: knownOr(lack, undefined),
    files,
    sources,
    leftover: leftover !== undefined,
    programs: isUnknown(programs) ? programs : programs?.kind === 'directory',
    good,
    todo,
    tools,
    unpublished: fetches && due && lack === undefined && (await isUnpublished(given, distribution, host)),
  }
}

/** Asked from the node if the container has no program that downloads. Other errors show when the run downloads. */
async function isUnpublished({ mirror, proxy }: Args, distribution: string, host: Host): Promise<boolean> {
  const machine = (await canDownload(host)) ? host : host.node
  if (machine !== host && !(await canDownload(machine))) return false
  const url = `${cudaRepository(distribution, mirror)}/${keyringPackage}`
  const options = { method: 'HEAD', ...defined({ proxy: proxy === '' ? undefined : proxy }) } as const
  const answer = await host.maybe(machine.http(url, options))
  return !isUnknown(answer) && answer.status === 404
}

async function canDownload(host: Host): Promise<boolean> {
  const paths = await Promise.all(['curl', 'wget'].map((name) => host.maybe(host.command(name))))
  return paths.some((path) => !isUnknown(path) && path !== undefined)
}

/** The only entry, for this distribution, signed by an installed key. */
async function goodSource(
  host: Host,
  sources: readonly CudaSource[],
  repository: string,
): Promise<CudaSource | undefined> {
  const [source] = sources
  if (source === undefined || sources.length > 1) return undefined
  if (!isFor(source, repository)) return undefined
  const { signedBy } = source.entry
  if (signedBy === undefined) return undefined
  if (!signedBy.startsWith('/')) return source
  const key = await host.maybe(host.stat(signedBy, { follow: true }))
  return isUnknown(key) || key?.kind === 'file' ? source : undefined
}

/**
 * The compiler's package if it is installed but does not run: dpkg does not notice deleted files.
 */
async function lostCompiler({ version }: Args, host: Host): Promise<string | undefined> {
  const name = versionedPackage('cuda-nvcc', version)
  const [status, release] = await Promise.all([
    host.maybe(host.package(name)),
    host.maybe(host.ask(compilerRelease({ directory: toolkitPrograms(version) }))),
  ])
  if (isUnknown(status) || isUnknown(release) || status.installed === undefined) return undefined
  return release === version ? undefined : name
}

async function readTodo(
  given: Args,
  {
    good,
    distribution = '',
    ...wanted
  }: Pick<Todo, 'names' | 'reinstall'> & Pick<Inside, 'good' | 'distribution'>,
  host: Host,
): Promise<Todo> {
  const todo = { ...wanted, available: [], work: undefined }
  if (good === undefined || !given.install) return todo
  const prefix = `${given.packages[0] ?? 'cuda-toolkit'}-`
  const [available, work] = await Promise.all([
    host.maybe(host.ask(packageNames({ prefix }))),
    readWork(toolkitRequest(given, distribution, todo), { targets: wanted.names.map(targetOf) }, host),
  ])
  return { ...todo, available: knownOr(available, []), work }
}

/** Downloading the key needs curl or wget, and https needs certificates. */
async function readTools(given: Args, good: CudaSource | undefined, host: Host): Promise<Tools | undefined> {
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
  if (names.length === 0) return undefined
  return { names, work: await readWork(toolsRequest(given, names), { targets: names.map(targetOf) }, host) }
}
