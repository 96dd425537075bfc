import { InputError, exitCodes, type Problem } from '../../base/errors.ts'
import { isSecretName, Secret } from '../../base/secret.ts'
import { Unknown } from '../../base/unknown.ts'
import { ansibleNames } from '../../inventory/connection-variables.ts'
import { type GivenVariables, hostScope } from '../../inventory/host-scope.ts'
import { checkUnlocked, loadInventory } from '../../inventory/inventory.ts'
import type { InventoryHost, Inventory } from '../../inventory/inventory-model.ts'
import { listing, withoutTemplates } from '../../inventory/listing.ts'
import { limitPlace, resolveLimit } from '../../inventory/pattern.ts'
import { hiddenValue, unknownValue } from '../../inventory/program-output.ts'
import { hostName } from '../../base/brand.ts'
import { readExtraVars } from '../../language/extra-vars.ts'
import { blindKeys } from '../../language/encrypted/keyring.ts'
import { diskFiles } from '../../language/read-files.ts'
import type { Value } from '../../language/model.ts'
import type { VariableScope } from '../../language/scope.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { jsonText } from '../../view/json-text.ts'
import { place, table } from '../../view/text.ts'
import { askedClusters } from '../clusters.ts'
import { configured } from '../configuration.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags } from '../flags.ts'
import { keyedFiles } from '../keyed-files.ts'
import { connectionDefaults, inventoriesOf } from '../run-inputs.ts'
import { reportProblems, reportWarnings } from '../show.ts'

export interface InventoryCommandFlags extends InventoryFlags {
  readonly list: boolean
  readonly graph: boolean
  readonly host?: string
  readonly limit?: string
}

/** `gpuplay inventory -i INV --list|--graph|--host NAME` */
export async function inventoryCommand(this: Context, flags: InventoryCommandFlags): Promise<void> {
  try {
    const views = viewsOf(flags)
    if (views.length > 1) throw new InputError([oneView(views)])
    const configuration = configured(this, flags)
    const files = await keyedFiles(this, { ...flags, ...configuration })
    const { variables: extra, problems } = readExtraVars(flags.extraVars ?? [], files)
    if (problems.length > 0) throw new InputError(problems)
    const { environment, addresses: ownAddresses } = this.world
    const sources = inventoriesOf(this, configuration)
    const defaults = await connectionDefaults(this, {
      ...configuration,
      askPass: false,
      askBecomePass: false,
    })
    const clusters = await askedClusters(this, { inventories: sources, extra, files, defaults })
    const loaded = loadInventory(sources, { extra, environment, ownAddresses, files, clusters })
    reportWarnings(this, loaded.warnings)
    const chosen = chosenHosts(loaded, flags.limit)
    // Without keys: no value is decrypted.
    const localSources = { environment, files: { ...files, keys: blindKeys }, folders: ['.'] }
    const given = { extra, localSources }
    if (flags.host !== undefined) this.output.write(hostText(loaded, flags.host, given))
    else if (flags.list) {
      checkUnlocked(loaded, chosen)
      const listed = listing(loaded, chosen, (host) => valuesOf(host, given))
      this.output.write(`${jsonText(listed, 2)}\n`)
    } else this.output.write(graphText(loaded, new Set(chosen.map((host) => host.name))))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

function viewsOf(flags: InventoryCommandFlags): readonly string[] {
  const given = { '--list': flags.list, '--graph': flags.graph, '--host': flags.host !== undefined }
  return Object.entries(given).flatMap(([name, isGiven]) => (isGiven ? [name] : []))
}

function oneView(views: readonly string[]): Problem {
  return {
    code: 'exclusive-options',
    message: `${views.join(' and ')} exclude each other`,
    hint: 'give one of --list, --graph and --host',
  }
}

function chosenHosts(inventory: Inventory, limit: string | undefined): readonly InventoryHost[] {
  if (limit === undefined) return [...inventory.hosts.values()]
  const { hosts, problems } = resolveLimit(inventory, limit, { files: diskFiles, where: limitPlace })
  if (problems.length > 0) throw new InputError(problems)
  return hosts
}

/** The variables that a host would have if it were read from the list. */
function valuesOf(host: InventoryHost, given: GivenVariables): Readonly<Record<string, unknown>> {
  const scope = hostScope(host, given)
  const { ansible, settings } = host.connection
  const port = settings.get('port')
  const ours = [...settings.values()].some(
    ({ name }) => name !== port?.name && Object.hasOwn(ansibleNames, name),
  )
  return Object.fromEntries(
    [...host.variables.keys(), ...given.extra.keys()].map((name) => {
      // `ansible_port`, from `NAME:PORT`, would turn settings with gpuplay's names into ordinary variables.
      const renamed = name === port?.name && !ansible && ours ? 'port' : name
      return [renamed, shown(name, scope, withoutTemplates)]
    }),
  )
}

/** Shows values that depend on facts or on other hosts as they are written. Never shows passwords. */
function shown(
  name: string,
  scope: VariableScope,
  adapted: (value: unknown) => unknown = (value) => value,
): unknown {
  if (isSecretName(name)) return hiddenValue
  try {
    const value = scope.get(name)
    if (value instanceof Secret) return hiddenValue
    return value instanceof Unknown ? unknownValue : adapted(value)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const written = scope.origin(name)?.variable?.value
    return written === undefined ? unknownValue : asWritten(written)
  }
}

function asWritten(value: Value): unknown {
  switch (value.kind) {
    case 'literal':
      return value.value
    case 'list':
      return value.items.map(asWritten)
    case 'map':
      return Object.fromEntries([...value.entries].map(([key, entry]) => [key, asWritten(entry.value)]))
    case 'template':
      return value.source
    case 'sealed':
      return hiddenValue
    case 'expression':
      // An inventory that is read back cannot contain expressions.
      return unknownValue
  }
}

function graphText(inventory: Inventory, chosen: ReadonlySet<string>): string {
  const lines: string[] = []
  const walk = (name: string, depth: number): void => {
    const group = inventory.groups.get(name)
    if (group === undefined) return
    lines.push(`${'  '.repeat(depth)}@${name}`)
    for (const child of group.children) walk(child, depth + 1)
    for (const host of group.ownHosts) if (chosen.has(host)) lines.push(`${'  '.repeat(depth + 1)}${host}`)
  }
  const all = inventory.groups.get('all')
  const nested = new Set([...inventory.groups.values()].flatMap((group) => [...group.children]))
  lines.push('@all')
  const tops = [...inventory.groups.values()].filter(
    (group) =>
      group.name !== 'all' && (!nested.has(group.name) || all?.children.includes(group.name) === true),
  )
  for (const group of tops) if (group.hosts.length > 0 || group.name !== 'ungrouped') walk(group.name, 1)
  return `${lines.join('\n')}\n`
}

function hostText(inventory: Inventory, name: string, given: GivenVariables): string {
  const { extra } = given
  const host = inventory.hosts.get(hostName(name))
  if (host === undefined) {
    throw new InputError([
      problem('unknown-host', `there is no host ${JSON.stringify(name)} in the inventory`, {
        hint: didYouMean(name, [...inventory.hosts.keys()], 'see `gpuplay inventory --graph`'),
      }),
    ])
  }
  checkUnlocked(inventory, [host])
  const scope = hostScope(host, given)
  const names = [...new Set([...host.variables.keys(), ...extra.keys()])].sort()
  const rows = names.map((variable) => {
    const where = (extra.get(variable) ?? host.variables.get(variable))?.where
    return [variable, jsonText(shown(variable, scope)), where === undefined ? '' : place(where)]
  })
  const head = `${host.name}  ${host.groups.map((group) => `@${group}`).join(' ')}`
  return `${[head.trimEnd(), ...table(rows).map((line) => `  ${line}`)].join('\n')}\n`
}
