/** A source with `plugin: proxmox`: nodes and containers of a cluster, asked over SSH with pvesh or over HTTPS. */
import { defined, mapped } from '../../base/defined.ts'
import type { Position, Problem } from '../../base/errors.ts'
import { hostVariableSchemas } from '../connection-variables.ts'
import { FieldReader } from '../../language/fields.ts'
import type { LocalSources } from '../../language/evaluation.ts'
import type { Expression, Value, Variable, Variables } from '../../language/model.ts'
import { SchemaChecker } from '../../language/schema.ts'
import { didYouMean } from '../../language/suggest.ts'
import { literalValue } from '../../language/values.ts'
import type { YamlMap, YamlNode } from '../../language/yaml.ts'
import type { InventoryBuilder } from '../builder.ts'
import { answeredKeys, apiEnvironment, apiKeys, pluginNames, sharedKeys, shellKeys } from './cluster-keys.ts'

export interface ClusterSource {
  /** Where the way to the cluster is written. */
  readonly where: Position
  readonly way: 'https' | 'pvesh'
  /** The settings of the way as they are written: a secret is still encrypted. */
  readonly settings: Variables
  readonly verifies: boolean
  /** Seconds for one answer. */
  readonly timeout: number
  /** Whether to read the configurations of containers, and the cards of nodes. */
  readonly wantsFacts: boolean
  /** Whether nodes get the address that Proxmox VE knows. */
  readonly setsAddresses: boolean
  readonly prefix: string
  /** The names of containers in the inventory; by default those in Proxmox VE. */
  readonly containerName: Value | undefined
  /** Conditions that a container must meet. */
  readonly filters: readonly Expression[]
}

type Environment = LocalSources['environment']

/** Returns the root of such a file. */
export function clusterFile(root: YamlNode | undefined): YamlMap | undefined {
  const plugin = root?.kind === 'map' ? root.entries.get('plugin')?.value : undefined
  return root?.kind === 'map' && plugin?.kind === 'scalar' && pluginNames.includes(String(plugin.value))
    ? root
    : undefined
}

/** Returns nothing if the file has a mistake, which is reported. */
export function readClusterSource(
  builder: InventoryBuilder,
  root: YamlMap,
  environment: Environment,
): ClusterSource | undefined {
  const known = builder.values.problems.length
  const fields = new FieldReader(root, builder.values)
  const way = wayOf(builder, root, environment)
  if (way === undefined) return undefined
  checkKeys(builder, root, way)
  const where = placeOf(root, way)
  const settings = settingsOf(builder, root, { way, where, environment })
  const source = {
    where,
    way,
    settings,
    verifies: fields.boolean('validate_certs') ?? true,
    timeout: fields.integer('api_timeout', 1, 600) ?? 30,
    wantsFacts: fields.boolean('want_facts') ?? true,
    setsAddresses: fields.boolean('want_proxmox_nodes_ansible_host') ?? true,
    prefix: fields.text('group_prefix') ?? 'proxmox_',
    containerName: mapped(fields.node('lxc_hostname'), (node) => builder.values.value(node)),
    filters: fields.conditions('filters') ?? [],
  }
  if (way === 'https') checkApi(builder, source)
  return builder.values.problems.length === known ? source : undefined
}

function wayOf(
  builder: InventoryBuilder,
  { entries, where }: YamlMap,
  environment: Environment,
): ClusterSource['way'] | undefined {
  const url = entries.get('url')
  const connection = entries.get('connection')
  const isLocal = connection?.value.kind === 'scalar' && connection.value.value === 'local'
  const shell = entries.get('address') ?? (isLocal ? connection : undefined)
  if (url !== undefined && shell !== undefined) {
    builder.report('exclusive-keywords', '"url" and "address" exclude each other', {
      where: shell.where,
      hint: 'write "url" to ask the API over HTTPS, or "address" to log in to a node and run pvesh',
    })
    return undefined
  }
  if (shell !== undefined) return 'pvesh'
  if (url !== undefined || (environment['PROXMOX_URL'] ?? '') !== '') return 'https'
  builder.report('missing-keyword', 'this source does not say how to reach the cluster', {
    where: entries.get('plugin')?.where ?? where,
    hint: 'write "address: pve1" to log in to a node and run pvesh, "connection: local" on a node itself, or "url: https://pve1:8006" for the API',
  })
  return undefined
}

function placeOf({ entries, where }: YamlMap, way: ClusterSource['way']): Position {
  const names = way === 'https' ? ['url'] : ['address', 'connection']
  return (
    names.flatMap((name) => entries.get(name)?.where ?? []).at(0) ?? entries.get('plugin')?.where ?? where
  )
}

function keysOf(way: ClusterSource['way']): readonly string[] {
  return way === 'https' ? apiKeys : shellKeys
}

/** What is written here in place of a key of Ansible's plugin, for its HTTPS API; undefined for an unknown one. */
export function insteadOfClusterKey(key: string): string | undefined {
  const allowed: readonly string[] = [...apiKeys, ...sharedKeys]
  return allowed.includes(key) ? 'the same' : hintFor(key, 'https', allowed)
}

function checkKeys(builder: InventoryBuilder, root: YamlMap, way: ClusterSource['way']): void {
  const allowed = [...keysOf(way), ...sharedKeys]
  for (const [key, { where }] of root.entries) {
    if (allowed.includes(key)) continue
    builder.report('unknown-keyword', `there is no "${key}" here`, {
      where,
      hint: hintFor(key, way, allowed),
    })
  }
}

function hintFor(key: string, way: ClusterSource['way'], allowed: readonly string[]): string | undefined {
  const answer = Object.hasOwn(answeredKeys, key) ? answeredKeys[key] : undefined
  if (answer !== undefined) return answer
  if (way === 'https' && key === 'password')
    return 'create an API token, and write "token_id" and "token_secret": passwords are not supported'
  const other: readonly string[] = keysOf(way === 'https' ? 'pvesh' : 'https')
  if (other.includes(key))
    return way === 'https'
      ? '"url" asks the API, which needs no login; set it for the nodes in group_vars/proxmox_nodes.yml'
      : 'this is for "url"; "address" logs in to a node as in "connection variables"'
  return didYouMean(key, allowed, `the keys are ${allowed.join(', ')}`)
}

function settingsOf(
  builder: InventoryBuilder,
  { entries }: YamlMap,
  {
    way,
    where,
    environment,
  }: { readonly way: ClusterSource['way']; readonly where: Position; readonly environment: Environment },
): Variables {
  const settings = new Map<string, Variable>()
  for (const name of keysOf(way)) {
    const entry = entries.get(name)
    const variable = way === 'https' ? apiEnvironment[name] : undefined
    const text = mapped(variable, (key) => environment[key]) ?? ''
    if (entry !== undefined)
      settings.set(name, { name, where: entry.where, value: builder.values.value(entry.value) })
    else if (text !== '') settings.set(name, { name, where, value: literalValue(text, where) })
  }
  builder.values.problems.push(...[...settings.values()].flatMap((setting) => settingProblems(way, setting)))
  return settings
}

const text = { type: 'string', minLength: 1 } as const

const apiSchemas: Readonly<Record<string, object>> = {
  url: {
    type: 'string',
    pattern: '^https://[^/?#@]+/?$',
    description: 'the address of a node with its port: "https://pve1.example.com:8006"',
  },
  user: { type: 'string', pattern: '^[^@!\\s]+@[^@!\\s]+$', description: 'user and realm: "monitor@pve"' },
  token_id: text,
  token_secret: text,
  validate_certs: { type: 'boolean' },
  ca_path: text,
  fingerprint: {
    type: 'string',
    pattern: '^([0-9A-Fa-f]{2}:?){32}$',
    description: 'the SHA-256 fingerprint of the certificate: 64 hexadecimal digits, with or without colons',
  },
}

const shellSchemas: Readonly<Record<string, object>> = {
  ...hostVariableSchemas,
  connection: { enum: ['ssh', 'openssh', 'local'] },
}

/** @param data The rendered value; by default the value as it is written is checked. */
export function settingProblems(
  way: ClusterSource['way'],
  { name, value }: Pick<Variable, 'name' | 'value'>,
  data?: unknown,
): readonly Problem[] {
  const schema = (way === 'https' ? apiSchemas : shellSchemas)[name]
  if (schema === undefined) return []
  const checker = new SchemaChecker()
  const subject = { label: `"${name}"`, where: value.where, code: 'invalid-variable' } as const
  return data === undefined
    ? checker.checkValue(schema, value, subject)
    : checker.complete(schema, data, { value, subject }).problems
}

function checkApi(builder: InventoryBuilder, { settings, where, verifies }: ClusterSource): void {
  const id = settings.get('token_id')?.value
  const needed = [
    ...(id?.kind === 'literal' && String(id.value).includes('!') ? [] : ['user']),
    'token_id',
    'token_secret',
  ]
  const missing = needed.filter((name) => !settings.has(name))
  if (missing.length > 0) {
    const names = missing.map((name) => `"${name}"`).join(' and ')
    builder.report('missing-keyword', `the API needs ${names}`, {
      where,
      hint: `write ${missing.length === 1 ? 'it' : 'them'} here, or set ${missing.map((name) => apiEnvironment[name]).join(' and ')}; "pveum user token add USER TOKEN_ID" on a node creates a token`,
    })
  }
  const [first, second] = [
    ...(verifies ? [] : ['validate_certs: false']),
    ...['ca_path', 'fingerprint'].filter((name) => settings.has(name)),
  ]
  if (second === undefined) return
  builder.report('exclusive-keywords', `"${first}" and "${second}" exclude each other`, {
    ...defined({ where: settings.get(second)?.where }),
    hint: 'keep "fingerprint" for one certificate, or "ca_path" for all that an authority has signed',
  })
}
