/** Asks the clusters that the inventory names: each once, before the inventory is read. */
import { join } from 'node:path'
import { hostName } from '../../base/brand.ts'
import { defined } from '../../base/defined.ts'
import { HostError, InputError, type Problem, UnreachableError } from '../../base/errors.ts'
import { readRegularFile } from '../../base/regular-file.ts'
import { isSecretName, Secret } from '../../base/secret.ts'
import type { Secrets } from '../../base/secrets.ts'
import { createHttpsClient, type HttpsTrust } from '../../connection/https-client.ts'
import { InventoryBuilder } from '../../inventory/builder.ts'
import type {
  AskedClusters,
  ClusterAnswer,
  ClusterListing,
} from '../../inventory/clusters/cluster-listing.ts'
import {
  type ClusterSource,
  readClusterSource,
  settingProblems,
} from '../../inventory/clusters/cluster-source.ts'
import { type GivenVariables, hostScope } from '../../inventory/host-scope.ts'
import { clusterParts } from '../../inventory/sources.ts'
import { renderValue } from '../../language/render.ts'
import { problem } from '../../language/source.ts'
import type { Reach } from '../machine.ts'
import {
  type ConnectionDefaults,
  defaultPrivilege,
  secretInConnection,
  targetOf,
  withPrivilege,
} from '../targets.ts'
import { httpsWay } from './ask-over-https.ts'
import { shellWay } from './ask-over-shell.ts'
import { readCluster } from './cluster-reader.ts'

export interface ClusterAsking extends GivenVariables {
  readonly secrets: Pick<Secrets, 'add'>
  /** The home of the user, for `~/`. */
  readonly home: string
  readonly defaults: ConnectionDefaults
  /** Makes connections for the questions, which are closed afterwards. */
  readonly reach: () => Reach
  /** Called before a cluster is asked. */
  readonly contacting: () => void
  readonly signal: AbortSignal
}

/** Never fails: problems are answers, which `readInventory` reports with those of the inventory. */
export async function askClusters(
  sources: readonly string[],
  options: ClusterAsking,
): Promise<AskedClusters> {
  const { files, environment } = options.localSources
  const answers = new Map<string, ClusterAnswer>()
  for (const { path, root } of clusterParts(sources, files)) {
    // Mistakes in the file are reported when the inventory is read.
    const source = readClusterSource(new InventoryBuilder(), root, environment)
    if (source !== undefined) answers.set(path, await ask(source, options))
  }
  return (path) => answers.get(path) ?? { kind: 'not asked' }
}

async function ask(source: ClusterSource, options: ClusterAsking): Promise<ClusterAnswer> {
  try {
    const settings = rendered(source, options)
    options.contacting()
    const listing = await (source.way === 'https' ? overHttps : overShell)(source, { ...options, settings })
    return { kind: 'listing', listing }
  } catch (error) {
    if (error instanceof InputError) return { kind: 'failed', problems: error.problems }
    if (options.signal.aborted) return { kind: 'failed', problems: [interrupted(source)] }
    if (!(error instanceof HostError || error instanceof UnreachableError)) throw error
    const { code, message, hint } = error.problem
    const { where } = source
    return {
      kind: 'failed',
      problems: [problem(code, `cannot ask the cluster: ${message}`, { where, hint })],
    }
  }
}

function interrupted({ where }: ClusterSource): Problem {
  return problem('interrupted', 'interrupted while asking the cluster', { where })
}

type Settings = ReadonlyMap<string, unknown>
type Asking = ClusterAsking & { readonly settings: Settings }

/** The values of the settings; secrets are in the book. @throws InputError */
function rendered({ settings, way }: ClusterSource, options: ClusterAsking): Settings {
  const scope = hostScope({ name: hostName('localhost'), groups: [], variables: new Map() }, options)
  const values = new Map<string, unknown>()
  for (const { name, value } of settings.values()) {
    const data = renderValue(value, scope)
    const isPlain = typeof data === 'string' || typeof data === 'number'
    const hidden = isSecretName(name) && isPlain ? new Secret(String(data)) : data
    if (hidden instanceof Secret) options.secrets.add(hidden)
    const isShown = !isSecretName(name) && way === 'pvesh'
    const problems =
      hidden instanceof Secret && isShown
        ? secretInConnection(name).problems.map(({ code, message, hint }) =>
            problem(code, message, { where: value.where, hint }),
          )
        : settingProblems(way, { name, value }, hidden)
    if (problems.length > 0) throw new InputError(problems)
    values.set(name, hidden)
  }
  return values
}

async function overHttps(source: ClusterSource, asking: Asking): Promise<ClusterListing> {
  const { settings, signal, home } = asking
  const { where, timeout, wantsFacts, verifies } = source
  const url = new URL(plain(settings.get('url')))
  const client = createHttpsClient({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 443 : Number(url.port),
    trust: trustOf(source, settings, home),
  })
  try {
    const way = httpsWay(client, { token: tokenOf(source, settings), timeout: timeout * 1000, signal })
    const listing = await readCluster(way, { wantsFacts, where })
    if (verifies) return listing
    const warning = problem('unverified-certificate', `the certificate of ${url.host} is not verified`, {
      where,
      hint: `write fingerprint: ${client.fingerprint ?? ''} in place of validate_certs, if "pvenode cert info" on the node shows the same`,
    })
    return { ...listing, warnings: [warning, ...listing.warnings] }
  } finally {
    client.close()
  }
}

/** @throws InputError for an authority that cannot be read */
function trustOf(
  { settings: written, verifies }: ClusterSource,
  settings: Settings,
  home: string,
): HttpsTrust {
  if (!verifies) return { kind: 'anybody' }
  const fingerprint = settings.get('fingerprint')
  if (fingerprint !== undefined) return { kind: 'fingerprint', sha256: plain(fingerprint) }
  const path = settings.get('ca_path')
  if (path === undefined) return { kind: 'authorities' }
  const file = plain(path).startsWith('~/') ? join(home, plain(path).slice(2)) : plain(path)
  const read = readRegularFile(file, largestAuthority)
  const pem = read.kind === 'bytes' ? read.bytes.toString('latin1') : ''
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return { kind: 'authorities', pem }
  const why =
    read.kind === 'missing'
      ? 'it does not exist'
      : read.kind === 'unreadable'
        ? read.why
        : 'it has no certificate'
  throw new InputError([
    problem('unreadable-file', `cannot read the authority "${file}": ${why}`, {
      ...defined({ where: written.get('ca_path')?.value.where }),
      hint: 'copy /etc/pve/pve-root-ca.pem of a node to this file',
    }),
  ])
}

/** Bytes. */
const largestAuthority = 1024 * 1024

/** @throws InputError for a secret that no header can hold */
function tokenOf({ settings: written }: ClusterSource, settings: Settings): { id: string; secret: Secret } {
  const name = plain(settings.get('token_id')).trim()
  const id = name.includes('!') ? name : `${plain(settings.get('user')).trim()}!${name}`
  const secret = plain(settings.get('token_secret')).trim()
  const wrongOnes = Object.entries({ token_id: id, token_secret: secret }).filter(
    ([, text]) => !/^[!-~]+$/.test(text),
  )
  if (wrongOnes.length === 0) return { id, secret: new Secret(secret) }
  throw new InputError(
    wrongOnes.map(([key]) =>
      problem('invalid-variable', `"${key}" is empty or has characters that no token has`, {
        ...defined({ where: written.get(key)?.value.where }),
        hint: '"pveum user token add USER TOKEN_ID" prints both',
      }),
    ),
  )
}

function plain(value: unknown): string {
  return value instanceof Secret ? value.reveal() : typeof value === 'string' ? value : ''
}

async function overShell(source: ClusterSource, asking: Asking): Promise<ClusterListing> {
  const { settings, defaults, signal } = asking
  const { where, timeout, wantsFacts } = source
  const read = (name: string): unknown => settings.get(name)
  const address = settings.get('address')
  const name = hostName(typeof address === 'string' ? address : 'localhost')
  const target = targetOf(name, { defaults, variablesOf: () => read })
  const reach = asking.reach()
  try {
    const connection = await reach.connect(withPrivilege(target, defaultPrivilege(read, defaults)), signal)
    const way = shellWay(reach, connection, { timeout: timeout * 1000, signal })
    return await readCluster(way, { wantsFacts, where })
  } finally {
    await reach.close()
  }
}
