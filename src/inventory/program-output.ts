/**
 * The JSON of inventory programs, `ansible-inventory --list` and `gpuplay inventory --list`, printed or saved
 * to a file: groups with lists of hosts.
 */
import { type HostName, hostName } from '../base/brand.ts'
import { isNothing } from '../language/fields.ts'
import type { MapEntry, Value, Variable } from '../language/model.ts'
import { problem } from '../language/source.ts'
import { literalNode, unreadable, type ValueReader } from '../language/values.ts'
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from '../language/yaml.ts'
import type { InventoryBuilder } from './builder.ts'

/** Shown by `gpuplay inventory --list` in place of values that it omits. */
export const hiddenValue = '(secret)'
export const unknownValue = '(only known at run)'

const placeholders: readonly string[] = [hiddenValue, unknownValue]

/** Only if it has `_meta`: in a hand-written inventory, lists of hosts are a mistake. */
export function programOutput(root: YamlNode): YamlMap | undefined {
  return root.kind === 'map' && root.entries.get('_meta')?.value.kind === 'map' ? root : undefined
}

/**
 * Reads groups, hosts and variables.
 * @param ask Returns the variables of a host (`--host`), for a program that prints no `_meta`
 */
export function readProgramOutput(
  builder: InventoryBuilder,
  root: YamlMap,
  ask: (host: HostName) => YamlMap | undefined = () => undefined,
): void {
  const hosts = new Set<HostName>()
  const meta = root.entries.get('_meta')?.value
  const all = meta?.kind === 'map' ? meta.entries.get('hostvars')?.value : undefined
  for (const [name, entry] of root.entries) {
    if (name !== '_meta') for (const host of readGroup(builder, name, entry)) hosts.add(host)
    // A host without a group is in `ungrouped`. The first mention determines the order of the hosts.
    else if (all?.kind === 'map')
      for (const [host, { where }] of all.entries) builder.addHosts(host, where, 'ungrouped')
  }
  if (all?.kind !== 'map') {
    for (const host of hosts) {
      const own = ask(host)
      if (own !== undefined) builder.setVariables('host in inventory', host, variablesOf(builder, own))
    }
    return
  }
  for (const [host, entry] of all.entries) {
    if (entry.value.kind !== 'map') continue
    const variables = variablesOf(builder, entry.value)
    builder.setVariables('host in inventory', hostName(host), variables)
  }
}

/** Returns the hosts of the group. */
function readGroup(
  builder: InventoryBuilder,
  name: string,
  { value, where }: YamlEntry,
): readonly HostName[] {
  builder.group(name, where)
  if (value.kind === 'list') return addHosts(builder, name, value)
  if (value.kind !== 'map') {
    if (!isNothing(value)) wrong(builder, `the group "${name}"`, value)
    return []
  }
  const { entries } = value
  if (entries.size > 0 && !['hosts', 'children', 'vars'].some((key) => entries.has(key))) {
    // As in Ansible, a map without these keys is a host of the same name, with its variables.
    builder.setVariables('group in inventory', name, variablesOf(builder, value))
    return builder.addHosts(name, where, name)
  }
  const hosts = entries.get('hosts')?.value
  const found = hosts === undefined ? [] : addHosts(builder, name, hosts)
  const children = entries.get('children')?.value
  if (children?.kind === 'list') {
    for (const child of children.items) {
      if (child.kind !== 'scalar') continue
      builder.group(String(child.value), child.where)
      builder.addChild(name, String(child.value), child.where)
    }
  } else if (children !== undefined) {
    wrong(builder, '"children"', children)
  }
  const vars = entries.get('vars')?.value
  if (vars?.kind === 'map') builder.setVariables('group in inventory', name, variablesOf(builder, vars))
  return found
}

function addHosts(builder: InventoryBuilder, group: string, hosts: YamlNode): readonly HostName[] {
  if (hosts.kind !== 'list') {
    wrong(builder, '"hosts"', hosts)
    return []
  }
  return hosts.items.flatMap((host) => {
    if (host.kind === 'scalar') return builder.addHosts(String(host.value), host.where, group)
    wrong(builder, 'a host', host)
    return []
  })
}

function wrong(builder: InventoryBuilder, what: string, { where }: YamlNode): void {
  builder.report('invalid-inventory', `${what} does not match the output format of inventory programs`, {
    where,
    hint: 'a group has lists under "hosts" and "children", and a map under "vars"',
  })
}

function variablesOf(builder: InventoryBuilder, map: YamlMap): ReadonlyMap<string, Variable> {
  const { values } = builder
  const variables = new Map<string, Variable>()
  for (const [name, { where, value }] of map.entries) {
    if (!values.checkName(name, where)) continue
    variables.set(name, { name, where, value: hidden(name, value) ?? valueOf(values, value) })
  }
  return variables
}

/** The key of a map that stands for a text that is no template, in the JSON of Ansible and gpuplay. */
export const unsafeKey = '__ansible_unsafe'

function valueOf(values: ValueReader, node: YamlNode): Value {
  if (!hasUnsafe(node)) return values.value(node)
  switch (node.kind) {
    case 'scalar':
      return values.value(node)
    case 'list':
      return { kind: 'list', items: node.items.map((item) => valueOf(values, item)), where: node.where }
    case 'map': {
      const text = unsafeText(node)
      if (text !== undefined) return literalNode(text)
      const entries = [...node.entries].map(([key, { where, value }]): [string, MapEntry] => [
        key,
        { where, value: valueOf(values, value) },
      ])
      return { kind: 'map', entries: new Map(entries), where: node.where }
    }
  }
}

function unsafeText({ entries }: YamlMap): YamlScalar | undefined {
  const text = entries.get(unsafeKey)?.value
  return text?.kind === 'scalar' && entries.size === 1 ? text : undefined
}

function hasUnsafe(node: YamlNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return false
    case 'list':
      return node.items.some(hasUnsafe)
    case 'map':
      return (
        unsafeText(node) !== undefined || [...node.entries.values()].some(({ value }) => hasUnsafe(value))
      )
  }
}

/** An omitted value, anywhere in a variable, is a mistake where the variable is used. */
function hidden(name: string, value: YamlNode): Value | undefined {
  const node = scalarsOf(value).find((scalar) => placeholders.includes(scalar.source))
  if (node === undefined) return undefined
  const message =
    node.source === hiddenValue
      ? `this list omits the value of "${name}" because it is secret`
      : `this list omits the value of "${name}" because it is known only during a run`
  return unreadable(node, [
    problem('missing-value', message, {
      where: node.where,
      hint: 'set it in host_vars next to this file, or with -e',
    }),
  ])
}

function scalarsOf(node: YamlNode): readonly YamlScalar[] {
  switch (node.kind) {
    case 'scalar':
      return [node]
    case 'list':
      return node.items.flatMap(scalarsOf)
    case 'map':
      return [...node.entries.values()].flatMap((entry) => scalarsOf(entry.value))
  }
}
