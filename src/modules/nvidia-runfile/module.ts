/**
 * Downloads the `.run` of one driver version to a node's cache, verifies its sha256, and keeps the last few
 * versions.
 *
 * Next to each file is `NAME.run.sha256`, written after the file was verified: other modules compare the file
 * with it, and a converged run sends no request.
 */
import { defined } from '../../base/defined.ts'
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Host, HttpAnswer } from '../../host/host.ts'
import type { Action } from '../../host/action.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { loadedVersionFile } from '../../nvidia/proc.ts'
import {
  cachedRunfile,
  checksumRecord,
  checksumUrl,
  runfileName,
  runfileUrls,
  sha256FromFile,
  versionOfRunfile,
} from '../../nvidia/runfile.ts'
import { compareVersions } from '../../base/version.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** sha256 of the cached file; undefined if there is none, `unknown` if a dry run cannot know. */
  readonly cached: string | undefined
  /** The expected sha256; undefined if neither set nor published. */
  readonly expected: string | undefined
  /** File names in the cache directory. */
  readonly names: readonly string[]
  readonly loaded: string | undefined
  /** Read only if the file must be downloaded. */
  readonly offer: RunfileOffer | undefined
  readonly free: number
}

interface UrlOffer {
  readonly kind: 'url'
  readonly url: string
  readonly size: number | undefined
  readonly status: number
  readonly error: string | undefined
}

export type RunfileOffer =
  | UrlOffer
  | {
      readonly kind: 'controllerFile'
      readonly path: string
      readonly found: { readonly sha256: string; readonly size: number } | undefined
    }

export const nvidiaRunfile = {
  name: 'nvidia_runfile',
  summary: 'Downloads the `.run` installer of an NVIDIA driver version to a node once, and verifies it.',
  args,
  result,
  files: { file: 'files' },
  exitCode: 5,
  probe,
  plan,
  report: (given, { cached, expected }) => ({
    path: cachedRunfile(given.directory, given.version),
    version: given.version,
    sha256: cached !== undefined && cached !== 'unknown' ? cached : (expected ?? null),
  }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const path = cachedRunfile(given.directory, given.version)
  const [hash, record, names, loaded] = await Promise.all([
    host.maybe(host.hash(path)),
    host.maybe(host.text(checksumRecord(path))),
    host.maybe(host.list(given.directory)),
    host.maybe(host.text(loadedVersionFile)),
  ])
  const recorded = !isUnknown(record) ? sha256FromFile(record ?? '', runfileName(given.version)) : undefined
  const wanted = given.sha256 === '' ? recorded : given.sha256.toLowerCase()
  const cached = !isUnknown(hash) ? hash : 'unknown'
  const here = {
    cached,
    names: knownOr(names, undefined) ?? [],
    loaded: !isUnknown(loaded) ? loaded?.trim() : undefined,
  }
  // A converged host, or a dry run that has predicted the download: no request is needed.
  if (cached === 'unknown' || (wanted !== undefined && cached === wanted))
    return { ...here, expected: wanted, offer: undefined, free: Infinity }
  const [offer, free] = await Promise.all([readOffer(given, host), host.space(given.directory)])
  const published = given.sha256 === '' ? await readPublished(given, offer, host) : undefined
  return { ...here, expected: given.sha256 === '' ? published : wanted, offer, free }
}

async function readOffer(given: Args, host: Host): Promise<RunfileOffer> {
  if (given.source === 'controller') {
    const path = given.file ?? ''
    return {
      kind: 'controllerFile',
      path,
      found: path === '' ? undefined : await host.controller.file(path),
    }
  }
  const [first, ...others] = addressesOf(given)
  let offer = await readHead(first, given, host)
  for (const url of others) {
    if (offer.status !== 404) return offer
    const other = await readHead(url, given, host)
    // If none of them has it, the first place is named.
    if (other.status === 200) offer = other
  }
  return offer
}

async function readHead(url: string, given: Args, host: Host): Promise<UrlOffer> {
  const answer = await host.http(url, { method: 'HEAD', ...proxyOf(given) })
  return { kind: 'url', url, size: answer.length, status: answer.status, error: answer.error }
}

async function readPublished(given: Args, offer: RunfileOffer, host: Host): Promise<string | undefined> {
  const name = runfileName(given.version)
  if (offer.kind === 'controllerFile') {
    const beside = given.file === undefined ? undefined : await host.controller.text(checksumUrl(given.file))
    return sha256FromFile(beside ?? '', name)
  }
  const { url } = offer
  const answer: HttpAnswer = await host.http(checksumUrl(url), { method: 'GET', ...proxyOf(given) })
  const published = url.slice(url.lastIndexOf('/') + 1)
  return answer.status === 200
    ? (sha256FromFile(answer.body, published) ?? sha256FromFile(answer.body, name))
    : undefined
}

function plan(given: Args, seen: Seen): Plan {
  const named = versionOfRunfile(given.url)
  if (given.url !== '' && named !== undefined && named !== given.version)
    return refuse(disagreement(given, named))
  const path = cachedRunfile(given.directory, given.version)
  const surplus = surplusFiles(given, seen)
  if (seen.offer === undefined) return surplus.length === 0 ? done() : actions(surplus)
  const problem =
    seen.cached === seen.expected && seen.cached !== undefined
      ? undefined
      : problemWithOffer(given, seen, seen.offer)
  if (problem) return refuse(problem)
  if (seen.expected === undefined) return refuse(noChecksum(given))
  const record: Action = {
    kind: 'writeFile',
    path: checksumRecord(path),
    content: { kind: 'text', text: `${seen.expected}  ${runfileName(given.version)}\n` },
    mode: '0644',
    label: `record the sha256 of ${runfileName(given.version)}`,
  }
  if (seen.cached === seen.expected) return actions([record, ...surplus])
  return actions([
    seen.names.length === 0 ? { kind: 'makeDirectory', path: given.directory, mode: '0755' } : undefined,
    fetch(given, seen.expected, seen.offer),
    record,
    ...surplus,
  ])
}

function fetch(given: Args, sha256: string, offer: RunfileOffer): Action {
  const path = cachedRunfile(given.directory, given.version)
  if (offer.kind === 'controllerFile')
    return {
      kind: 'writeFile',
      path,
      content: { kind: 'controllerFile', path: offer.path, sha256, size: offer.found?.size ?? 0 },
      mode: '0644',
      label: `upload ${runfileName(given.version)} to the node`,
    }
  return {
    kind: 'download',
    url: offer.url,
    path,
    sha256,
    mode: '0644',
    ...proxyOf(given),
    ...defined({ size: offer.size }),
    label: `download ${runfileName(given.version)}`,
  }
}

function problemWithOffer(given: Args, { expected, free }: Seen, offer: RunfileOffer): Refusal | undefined {
  if (offer.kind === 'controllerFile') {
    if (offer.found === undefined)
      return {
        code: 'runfile-not-found',
        message: `there is no file ${offer.path || '(no name given)'} to upload`,
        hint: 'set runfile_cache_file to the path of the `.run`, or let the node download it with runfile_cache_source: node',
      }
    if (expected !== undefined && offer.found.sha256 !== expected)
      return {
        code: 'runfile-checksum-mismatch',
        message: `${offer.path} has sha256 ${offer.found.sha256}, not ${expected}`,
        hint: 'the file is damaged or the wrong one: download it again, or correct runfile_cache_sha256',
      }
  } else if (offer.status !== 200) {
    const said = offer.status === 0 ? (offer.error ?? 'no answer') : `status ${offer.status}`
    const missing = `check the version: the server has no ${runfileName(given.version)}; see nvidia_driver_version and nvidia_runfile_url`
    return {
      code: 'runfile-not-available',
      message: `the node cannot download ${offer.url}: ${said}`,
      hint:
        offer.status === 404 ? missing : "check the node's network; set gpuplay_proxy if it needs a proxy",
    }
  }
  const size = offer.kind === 'url' ? (offer.size ?? 0) : (offer.found?.size ?? 0)
  if (size > free)
    return {
      code: 'no-space',
      message: `${given.directory} has ${mebibytes(free)} free, but the file needs ${mebibytes(size)}`,
      hint: 'free some space, or move the cache with runfile_cache_dir',
    }
  return undefined
}

/** Versions to delete beyond `keep`. Keeps the loaded version first, to roll back to it, then the newest. */
function surplusFiles(given: Args, { names, loaded }: Seen): readonly Action[] {
  const versions = names.flatMap((name) => {
    const version = /^NVIDIA-.*\.run$/.test(name) ? versionOfRunfile(name) : undefined
    return version !== undefined && version !== given.version && name === runfileName(version)
      ? [version]
      : []
  })
  const ranked = versions.sort((a, b) => {
    if (a === loaded || b === loaded) return a === loaded ? -1 : 1
    return compareVersions(b, a)
  })
  const leaving = ranked.slice(given.keep - 1).map(runfileName)
  return names
    .filter((name) => leaving.some((old) => name === old || name.startsWith(`${old}.`)))
    .map((name) => ({ kind: 'remove', path: `${given.directory}/${name}` }))
}

/** In the order in which they are tried. */
function addressesOf({ version, url, source }: Args): readonly [string, ...string[]] {
  if (url !== '') return [url]
  if (source === 'node') return runfileUrls(version)
  return [`${source.replace(/\/+$/, '')}/${version}/${runfileName(version)}`]
}

function proxyOf({ proxy }: Args): { readonly proxy?: string } {
  return proxy === '' ? {} : { proxy }
}

function disagreement({ version, url }: Args, named: string): Refusal {
  return {
    code: 'version-and-url-disagree',
    message: `nvidia_driver_version is ${version}, but nvidia_runfile_url names ${named}: ${url}`,
    hint: 'remove nvidia_runfile_url, or make both name the same version',
    exitCode: 2,
  }
}

function noChecksum(given: Args): Refusal {
  return {
    code: 'no-checksum',
    message: `no sha256 is known for ${runfileName(given.version)}: none is set, and none is published next to it`,
    hint: 'set runfile_cache_sha256, from a source that you trust',
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`
}
