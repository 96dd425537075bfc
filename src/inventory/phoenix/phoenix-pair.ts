/** The two Phoenix files of one node; each is read with what the other one says. */
import { normalize } from 'node:path'
import { hostName } from '../../base/brand.ts'
import { problem } from '../../language/source.ts'
import type { InventoryBuilder } from '../builder.ts'
import { PhoenixMap } from './phoenix-map.ts'
import { containerSchemas, documentSchemas } from './phoenix-schemas.ts'
import type { PhoenixFile, PhoenixKind } from './phoenix-shape.ts'

/** The name of the node in the inventory: the files have none. */
export const hypervisorName = hostName('hypervisor')

export interface PhoenixPair {
  readonly hypervisor: PhoenixMap | undefined
  /** The file of the containers as a whole. */
  readonly list: PhoenixMap | undefined
  /** The containers, by their CTIDs. */
  readonly containers: ReadonlyMap<string, PhoenixMap>
}

const names: Readonly<Record<PhoenixKind, string>> = {
  containers: 'list of containers (lxc_configs)',
  hypervisor: 'configuration of a hypervisor',
}

/** Reports a second file of the same kind. */
export function phoenixPair(builder: InventoryBuilder, files: readonly PhoenixFile[]): PhoenixPair {
  const only = (kind: PhoenixKind): PhoenixMap | undefined => {
    const [first, ...more] = files.filter((file) => file.kind === kind)
    if (first === undefined) return undefined
    const { where } = first.root
    const other = more.find(({ root }) => normalize(root.where.file) !== normalize(where.file))
    if (other !== undefined) {
      builder.values.problems.push(
        problem('invalid-inventory', `this is a second ${names[kind]}; the first one is ${where.file}`, {
          where: other.root.where,
          hint: 'run gpuplay once for each hypervisor',
        }),
      )
    }
    return new PhoenixMap(first.root, { builder, schemas: documentSchemas })
  }
  const list = only('containers')
  return { hypervisor: only('hypervisor'), list, containers: containersOf(builder, list) }
}

/** Reports keys that are no CTIDs, and values that are no containers. */
function containersOf(builder: InventoryBuilder, list: PhoenixMap | undefined): PhoenixPair['containers'] {
  const found = new Map<string, PhoenixMap>()
  for (const [ctid, { where, value }] of list?.map('lxc_configs', {})?.entries ?? []) {
    if (!/^[1-9][0-9]{2,8}$/.test(ctid)) {
      builder.report('invalid-variable', `"${ctid}" in lxc_configs is not a CTID`, {
        where,
        hint: 'a container id is a number, 100 or higher',
      })
    } else if (value.kind === 'map') {
      const path = ['lxc_configs', ctid]
      found.set(ctid, new PhoenixMap(value, { builder, schemas: containerSchemas, path, where }))
    } else {
      builder.report('invalid-inventory', `lxc_configs.${ctid} must be a map`, {
        where: value.where,
        hint: 'it has the settings of the container: "name", "memory_mb", ...',
      })
    }
  }
  return found
}
