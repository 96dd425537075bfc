/** The containers of `phoenix_lxc_configs.json`, as hosts of the inventory. */
import { problem } from '../../language/source.ts'
import { literalValue } from '../../language/values.ts'
import { didYouMean } from '../../language/suggest.ts'
import type { InventoryBuilder } from '../builder.ts'
import { mappedVariables, mirror } from './phoenix-container.ts'
import { sourceOf } from './phoenix-lineage.ts'
import { type Given, type PhoenixMap, variableOf } from './phoenix-map.ts'
import { hypervisorName, type PhoenixPair } from './phoenix-pair.ts'
import { withMapped } from './phoenix-variables.ts'

/** All containers of the file; its own values are variables of this group, so a container overrides them. */
const groupName = 'phoenix'

export function readContainers(builder: InventoryBuilder, pair: PhoenixPair): void {
  const { list: file, containers } = pair
  if (file === undefined) return
  const { where } = file
  for (const group of ['templates', 'containers', groupName]) builder.group(group, where)
  const root = file.given('lxc_configs')
  const written = new Map([...file.variables()].filter(([name]) => name !== 'lxc_configs'))
  const mapped = [...(root === undefined ? [] : [variableOf('node', hypervisorName, root)]), ...mirror(file)]
  builder.setVariables('group in inventory', groupName, withMapped(builder, { map: file, written, mapped }))
  const taken = new Map<string, Given<string>>()
  for (const [ctid, container] of containers) {
    const { where: ctidAt } = container
    const parts = {
      map: container,
      written: container.variables(),
      mapped: [
        { name: 'ctid', where: ctidAt, value: literalValue(ctid, ctidAt) },
        ...mappedVariables(container, pair),
      ],
    }
    const variables = withMapped(builder, parts)
    warnOfSize(builder, container, containers)
    const name = nameOf(container, taken)
    if (name === undefined) continue
    const isTemplate = container.given('template_snapshot_name') !== undefined
    for (const group of [isTemplate ? 'templates' : 'containers', groupName])
      builder.addHosts(name, ctidAt, group)
    builder.setVariables('host in inventory', name, variables)
  }
  warnOfFeatures(builder, containers)
}

/** Its name in the inventory; reports a name that is missing or taken. */
function nameOf(container: PhoenixMap, taken: Map<string, Given<string>>): string | undefined {
  const name = container.text('name')
  if (name === undefined) {
    // A wrong name has been reported.
    if (container.isEmpty('name')) {
      container.report('missing-value', `${container.path.join('.')} has no "name"`, {
        where: container.where,
        hint: 'add the host name of the container: "name": "web"',
      })
    }
    return undefined
  }
  const other = taken.get(name.data)
  if (other === undefined && name.data !== hypervisorName) {
    taken.set(name.data, name)
    return name.data
  }
  const message =
    other === undefined
      ? `"${name.path}" is "${name.data}", which is the name of the node`
      : `"${name.path}" and "${other.path}" are both "${name.data}"`
  container.report('duplicate-name', message, {
    where: name.where,
    hint:
      other === undefined
        ? 'give the container another name'
        : `the other one is at ${other.where.file}:${other.where.line}; give one of the containers another name`,
  })
  return undefined
}

/** A clone is enlarged, but cannot be smaller than its source. */
function warnOfSize(
  builder: InventoryBuilder,
  container: PhoenixMap,
  containers: PhoenixPair['containers'],
): void {
  const size = container.given('storage_size_gb')
  const others = sourceOf(container, containers)?.container.given('storage_size_gb')
  if (size === undefined || others === undefined || Number(size.data) >= Number(others.data)) return
  builder.warnings.push(
    problem(
      'clone-size',
      `"${size.path}" is ${String(size.data)}, but "${others.path}" is ${String(others.data)}, and a clone cannot be smaller than its source`,
      { where: size.where, hint: `write ${String(others.data)}` },
    ),
  )
}

/** Features of the scripts for which gpuplay has no role; the names of the others. */
const ofScripts = new Set(
  `vllm portainer dns_server nat_gateway ollama python_api_service step_ca step_cli traefik trusted_ca`.split(
    ' ',
  ),
)
const ofRoles = ['base_setup', 'nvidia', 'docker']

/** One warning for all features that a playbook of the user must install; misspelt ones are mistakes. */
function warnOfFeatures(builder: InventoryBuilder, containers: PhoenixPair['containers']): void {
  const others = [...containers.values()]
    .flatMap((container) => container.texts('features'))
    .filter(({ data }) => !ofRoles.includes(data))
  const known = others.filter((given) => {
    const meant = ofScripts.has(given.data) ? undefined : didYouMean(given.data, ofRoles)
    if (meant !== undefined) {
      builder.report('unknown-feature', `there is no feature "${given.data}"`, {
        where: given.where,
        hint: meant,
      })
    }
    return meant === undefined
  })
  const [first] = known
  if (first === undefined) return
  const names = [...new Set(known.map(({ data }) => data))]
  builder.warnings.push(
    problem('unused-features', `gpuplay has no roles for these features: ${names.join(', ')}`, {
      where: first.where,
      hint: 'the variable "features" has them, for playbooks of your own',
    }),
  )
}
