/** Inventories in YAML: groups with `hosts`, `children` and `vars`. */
import { isNothing } from '../language/fields.ts'
import type { SourceFile } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../language/yaml.ts'
import type { InventoryBuilder } from './builder.ts'
import { programOutput, readProgramOutput } from './program-output.ts'

export function readYamlInventory(builder: InventoryBuilder, source: SourceFile, root: YamlNode): void {
  const plugin = root.kind === 'map' ? root.entries.get('plugin') : undefined
  if (plugin?.value.kind === 'scalar') {
    builder.report('not-yet-supported', 'Ansible inventory plugins are not supported', {
      where: plugin.where,
      hint: `save its hosts to a file: ansible-inventory -i ${source.file} --list > hosts.json; then -i hosts.json`,
    })
    return
  }
  const output = programOutput(root)
  if (output !== undefined) {
    readProgramOutput(builder, output)
    return
  }
  if (root.kind !== 'map') {
    builder.report('invalid-inventory', 'an inventory must be a map of groups', {
      where: root.where,
      hint: 'start it with "all:", and put "hosts:" below it',
    })
    return
  }
  const schema = root.entries.get('$schema')
  if (schema !== undefined) {
    builder.report('invalid-inventory', 'this file has a JSON Schema, as no inventory does', {
      where: schema.where,
      hint: 'remove "$schema" if the file has groups of hosts; otherwise remove its -i',
    })
    return
  }
  for (const [name, entry] of root.entries) readGroup(builder, name, entry)
}

const groupKeys = ['hosts', 'children', 'vars']

function readGroup(builder: InventoryBuilder, name: string, entry: YamlEntry): void {
  builder.group(name, entry.where)
  const map = mapOf(builder, entry, `the group "${name}"`)
  if (map === undefined) return
  for (const [key, part] of map.entries) {
    const content = groupKeys.includes(key) ? mapOf(builder, part, `"${key}"`) : undefined
    switch (key) {
      case 'hosts':
        for (const [host, variables] of content?.entries ?? [])
          readHost(builder, { host, group: name }, variables)
        break
      case 'children':
        for (const [child, childEntry] of content?.entries ?? []) {
          builder.addChild(name, child, childEntry.where)
          readGroup(builder, child, childEntry)
        }
        break
      case 'vars':
        if (content !== undefined) {
          builder.setVariables('group in inventory', name, builder.values.variables(content))
        }
        break
      default:
        builder.report('unknown-keyword', `a group has no key "${key}", only hosts, children and vars`, {
          where: part.where,
          hint: didYouMean(
            key,
            groupKeys,
            `if "${key}" is a group, put it under "children"; if it is a variable, under "vars"`,
          ),
        })
    }
  }
}

function readHost(
  builder: InventoryBuilder,
  { host, group }: { readonly host: string; readonly group: string },
  entry: YamlEntry,
): void {
  const names = builder.addHosts(host, entry.where, group)
  const map = mapOf(builder, entry, `the host "${host}"`)
  if (map === undefined) return
  const variables = builder.values.variables(map)
  for (const name of names) builder.setVariables('host in inventory', name, variables)
}

function mapOf(builder: InventoryBuilder, entry: YamlEntry, what: string): YamlMap | undefined {
  const { value } = entry
  if (value.kind === 'map') return value
  // `hosts: web1` is one host, as in Ansible.
  if (value.kind === 'scalar' && typeof value.value === 'string' && /^"(hosts|children)"$/.test(what)) {
    const { where } = value
    const nothing: YamlNode = { kind: 'scalar', value: null, source: '', cel: false, where, at: () => where }
    return { kind: 'map', entries: new Map([[value.value, { where, value: nothing }]]), where }
  }
  if (isNothing(value)) return undefined
  builder.report('invalid-inventory', `${what} must be a map`, {
    where: value.where,
    hint:
      value.kind === 'list' ? 'write each name as a key: "pve1:"' : 'put a colon after each name: "pve1:"',
  })
  return undefined
}
