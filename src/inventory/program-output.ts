/**
 * Saved output of inventory programs, `ansible-inventory --list` or `gpuplay inventory --list`: JSON with
 * lists of hosts.
 */
import { hostName } from '../base/brand.ts'
import { isNothing } from '../language/fields.ts'
import type { Value, Variable } from '../language/model.ts'
import { problem } from '../language/source.ts'
import { unreadable } from '../language/values.ts'
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

export function readProgramOutput(builder: InventoryBuilder, root: YamlMap): void {
  for (const [name, entry] of root.entries) if (name !== '_meta') readGroup(builder, name, entry)
  const meta = root.entries.get('_meta')?.value
  const hostvars = meta?.kind === 'map' ? meta.entries.get('hostvars')?.value : undefined
  if (hostvars?.kind !== 'map') return
  for (const [host, entry] of hostvars.entries) {
    if (entry.value.kind !== 'map') continue
    const variables = variablesOf(builder, entry.value)
    if (!builder.hosts.has(hostName(host))) builder.addHosts(host, entry.where, 'ungrouped')
    builder.setVariables('host in inventory', hostName(host), variables)
  }
}

function readGroup(builder: InventoryBuilder, name: string, { value, where }: YamlEntry): void {
  builder.group(name, where)
  if (value.kind === 'list') {
    addHosts(builder, name, value)
    return
  }
  if (value.kind !== 'map') {
    if (!isNothing(value)) wrong(builder, `the group "${name}"`, value)
    return
  }
  const { entries } = value
  const hosts = entries.get('hosts')?.value
  if (hosts !== undefined) addHosts(builder, name, hosts)
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
}

function addHosts(builder: InventoryBuilder, group: string, hosts: YamlNode): void {
  if (hosts.kind !== 'list') {
    wrong(builder, '"hosts"', hosts)
    return
  }
  for (const host of hosts.items) {
    if (host.kind === 'scalar') builder.addHosts(String(host.value), host.where, group)
    else wrong(builder, 'a host', host)
  }
}

function wrong(builder: InventoryBuilder, what: string, { where }: YamlNode): void {
  builder.report('invalid-inventory', `${what} does not match the output format of inventory programs`, {
    where,
    hint: 'a group has lists under "hosts" and "children", and a map under "vars"',
  })
}

function variablesOf(builder: InventoryBuilder, map: YamlMap): ReadonlyMap<string, Variable> {
  const variables = builder.values.variables(map)
  return new Map(
    [...variables].map(([name, variable]) => {
      const written = map.entries.get(name)?.value
      return [name, { ...variable, value: hidden(name, written) ?? variable.value }]
    }),
  )
}

/** An omitted value, anywhere in a variable, is a mistake where the variable is used. */
function hidden(name: string, value: YamlNode | undefined): Value | undefined {
  const node =
    value === undefined ? undefined : scalarsOf(value).find((scalar) => placeholders.includes(scalar.source))
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
