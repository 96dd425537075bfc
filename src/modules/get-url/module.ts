/**
 * Downloads a file on the host. Resumes an interrupted download and verifies it before it replaces the file.
 */
import { type NetworkLack, lackFor, waitForNetwork } from '../../apt/network.ts'
import { defined } from '../../base/defined.ts'
import { knownOr } from '../../base/unknown.ts'
import type { Download } from '../../host/action.ts'
import type { SeenFile, Host, HttpAnswer } from '../../host/host.ts'
import { type Login, loginOf as login } from '../../host/login.ts'
import { actions, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { filesAt } from '../support/may-change.ts'
import type { Module } from '../module.ts'
import {
  attributeAction,
  attributeDiffs,
  givenAttributes,
  knowAttributes,
  modeBase,
} from '../support/attributes.ts'
import { join, nameOf, normalized, parentOf } from '../../base/posix-paths.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly dest: string
  readonly status: SeenFile | undefined
  readonly parent: SeenFile | undefined
  readonly wanted: WantedChecksum
  readonly present: string | undefined
  /** Answer to a HEAD request, sent only if a download is due; undefined if a dry run cannot send it. */
  readonly server: HttpAnswer | undefined
  /** What a container still lacks to send a request; read only if one is due. */
  readonly lack?: NetworkLack | undefined
}

/** The requested checksum. */
export type WantedChecksum =
  | { readonly kind: 'any' }
  | { readonly kind: 'sha256'; readonly hex: string }
  | { readonly kind: 'problem'; readonly refusal: Refusal }

export const getUrl = {
  name: 'get_url',
  summary: 'Downloads a file to the host.',
  mayChange: ({ dest }) => filesAt(dest),
  args,
  result,
  exitCode: 5,
  mayBeSecret: ['proxy', 'password', 'headers'],
  probe,
  plan,
  report: ({ url }, { dest, wanted }) => ({
    dest,
    url,
    ...defined({ checksum: wanted.kind === 'sha256' ? wanted.hex : undefined }),
  }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  if (hasLogin(given.url) || hasLogin(given.checksum?.slice('sha256:'.length) ?? '')) return refused
  const asksEarly = given.force || given.checksum?.startsWith('sha256:http') === true
  const early = asksEarly ? await readLack(given, host) : undefined
  if (early !== undefined) return { ...nothing, wanted: { kind: 'any' }, lack: early }
  const [atDest, asked] = await Promise.all([
    host.stat(given.dest, { follow: true }),
    wantedChecksum(given, host),
  ])
  const directory = atDest?.kind === 'directory' || given.dest.endsWith('/')
  const dest = directory ? join(given.dest, remoteName(given.url)) : normalized(given.dest)
  const [status, parent] = await Promise.all([
    directory ? host.stat(dest, { follow: true }) : atDest,
    host.stat(parentOf(dest), { follow: true }),
  ])
  knowAttributes(given, status)
  const compares = given.force && asked.kind === 'any' && status?.kind === 'file'
  const wanted = compares ? await servedChecksum(given, host) : asked
  const present = status?.kind === 'file' && wanted.kind === 'sha256' ? await host.hash(dest) : undefined
  const fetches = status === undefined || (wanted.kind === 'sha256' && present !== wanted.hex)
  const lack = fetches ? await readLack(given, host) : undefined
  const head =
    fetches && lack === undefined
      ? await host.maybe(host.http(given.url, { method: 'HEAD', ...proxyOf(given), ...loginOf(given) }))
      : undefined
  return { dest, status, parent, wanted, present, server: knownOr(head, undefined), lack }
}

/** Undefined also if a dry run cannot know. */
async function readLack({ url, proxy }: Args, host: Host): Promise<NetworkLack | undefined> {
  return knownOr(await host.maybe(lackFor(url, proxy, host)), undefined)
}

const nothing = { dest: '', status: undefined, parent: undefined, present: undefined, server: undefined }

/** Refuses a URL that contains credentials before any request is sent. */
const refused: Seen = {
  ...nothing,
  wanted: {
    kind: 'problem',
    refusal: {
      code: 'secret-in-url',
      message: 'the URL contains a user or a password, which process lists and server logs show',
      hint: 'use `username` and `password`, or a token in `headers`; curl reads those from its standard input',
    },
  },
}

function hasLogin(url: string): boolean {
  return /^[a-z]+:\/\/[^/?#]*@/i.test(url)
}

async function wantedChecksum(given: Args, host: Host): Promise<WantedChecksum> {
  const { checksum, url } = given
  if (checksum === undefined) return { kind: 'any' }
  const value = checksum.slice('sha256:'.length)
  if (!value.startsWith('http')) return { kind: 'sha256', hex: value.toLowerCase() }
  const answer = await host.http(value, { method: 'GET', ...proxyOf(given), ...checksumLogin(given, value) })
  const hex = answer.status === 200 ? checksumIn(answer.body, remoteName(url)) : undefined
  if (hex !== undefined) return { kind: 'sha256', hex }
  const said = answer.status === 0 ? (answer.error ?? 'no answer') : `status ${answer.status}`
  return {
    kind: 'problem',
    refusal: {
      code: 'no-checksum',
      message:
        answer.status === 200
          ? `${value} has no sha256 for ${remoteName(url)}`
          : `cannot download the checksums from ${value}: ${said}`,
      hint: 'set the checksum itself: `sha256:` and 64 hex digits',
    },
  }
}

/** The checksum of the server's file, which the host downloads for this and does not keep. */
async function servedChecksum(given: Args, host: Host): Promise<WantedChecksum> {
  const { url, timeout = longestComparison } = given
  const answer = await host.http(url, {
    method: 'GET',
    digest: true,
    timeout,
    ...proxyOf(given),
    ...loginOf(given),
  })
  if (answer.status === 200) return { kind: 'sha256', hex: answer.body }
  const refusal = refusalOf(url, answer) ?? {
    code: 'http-status',
    message: `cannot download ${url}: the server answered ${answer.status}`,
    hint: 'check the URL and the login',
  }
  return { kind: 'problem', refusal }
}

/** Seconds. */
const longestComparison = 3600

/** Reads the output of sha256sum, or a file that contains only the checksum. */
export function checksumIn(text: string, name: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  for (const line of lines) {
    const [, hex, file] = /^([0-9A-Fa-f]{64})\s+\*?(\S.*)$/.exec(line.trim()) ?? []
    if (hex !== undefined && file !== undefined && nameOf(file) === name) return hex.toLowerCase()
  }
  const [only = '', ...more] = lines
  return more.length === 0 && /^[0-9A-Fa-f]{64}$/.test(only.trim()) ? only.trim().toLowerCase() : undefined
}

function remoteName(url: string): string {
  return nameOf(new URL(url).pathname) || 'index.html'
}

function proxyOf({ proxy }: Args): { readonly proxy?: string } {
  return proxy === '' ? {} : { proxy }
}

function loginOf({ username, password, headers }: Args): { readonly login?: Login } {
  return defined({ login: login({ username, password, headers }) })
}

/** Credentials are sent only to the server of the URL, never to another one. */
function checksumLogin(args: Args, url: string): { readonly login?: Login } {
  return new URL(url).origin === new URL(args.url).origin ? loginOf(args) : {}
}

function plan(given: Args, seen: Seen): Plan {
  const { dest, status, wanted, present, server, parent, lack } = seen
  if (lack !== undefined) return waitForNetwork(lack)
  if (wanted.kind === 'problem') return refuse(wanted.refusal)
  if (status !== undefined && status.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${dest} is a ${status.kind}, not a file` })
  if (status !== undefined && (wanted.kind === 'any' || present === wanted.hex))
    return actions([attributeAction(dest, given, status)], { diffs: attributeDiffs(dest, given, status) })
  const problem = refusalOf(given.url, server)
  if (problem) return refuse(problem)
  const { mode, ...owners } = givenAttributes(given, modeBase(status))
  const download: Download = {
    kind: 'download',
    url: given.url,
    path: dest,
    ...defined({ sha256: wanted.kind === 'sha256' ? wanted.hex : undefined, mode }),
    ...proxyOf(given),
    ...loginOf(given),
    ...defined({ size: server?.status === 200 ? server.length : undefined, timeout: given.timeout }),
  }
  return actions(
    [
      parent === undefined && given.dest.endsWith('/')
        ? { kind: 'makeDirectory', path: parentOf(dest) }
        : undefined,
      download,
      Object.keys(owners).length === 0 ? undefined : { kind: 'setAttributes', path: dest, ...owners },
    ],
    {
      diffs: [
        {
          title: dest,
          before: status === undefined ? 'absent\n' : `sha256 ${present ?? 'unknown'}\n`,
          after: wanted.kind === 'sha256' ? `sha256 ${wanted.hex}\n` : `from ${given.url}\n`,
        },
      ],
    },
  )
}

/** Refuses on clear HEAD answers; servers that do not support HEAD are left to the download. */
function refusalOf(url: string, server: HttpAnswer | undefined): Refusal | undefined {
  if (server === undefined) return undefined
  const { status, error } = server
  if (status === 0)
    return {
      code: 'download-unreachable',
      message: `the host cannot reach ${url}: ${error ?? 'no answer'}`,
      hint: "check the host's network and DNS, or set `proxy`",
    }
  if (status === 404 || status === 410)
    return {
      code: 'download-not-found',
      message: `there is nothing at ${url} (status ${status})`,
      hint: 'check the URL',
    }
  if (status === 401 || status === 407)
    return {
      code: 'download-refused',
      message: `the server requires authentication for ${url} (status ${status})`,
      hint: status === 407 ? 'check `proxy`' : 'set `username` and `password`, or `headers`',
    }
  if (status >= 500 && status !== 501)
    return {
      code: 'download-unavailable',
      message: `the server failed on ${url} (status ${status})`,
      hint: 'try again later, or use a mirror',
    }
  return undefined
}
