/** The node of `phoenix_hypervisor_config.json`, as a host of the inventory. */
import type { Variable, Variables } from '../../language/model.ts'
import type { InventoryBuilder } from '../builder.ts'
import { ansibleNames } from '../connection-variables.ts'
import { type Given, type PhoenixMap, variableOf } from './phoenix-map.ts'
import { hypervisorName, type PhoenixPair } from './phoenix-pair.ts'
import { documentSchemas, driverSchemas, interfaceSchemas } from './phoenix-schemas.ts'
import { withMapped } from './phoenix-variables.ts'

/** `nvidia_driver` of the hypervisor. */
export function driverOf({ hypervisor }: PhoenixPair): PhoenixMap | undefined {
  return hypervisor?.map('nvidia_driver', driverSchemas)
}

/** @param ownAddresses Those of this machine: the hypervisor with one of them needs no connection. */
export function readHypervisor(
  builder: InventoryBuilder,
  pair: PhoenixPair,
  ownAddresses: readonly string[],
): void {
  const { hypervisor, list } = pair
  if (hypervisor === undefined) return
  const { where } = hypervisor
  const driver = driverOf(pair)
  builder.group('nodes', where)
  // Without `install`, its driver is somebody else's.
  builder.addHosts(hypervisorName, where, driver?.boolean('install') === false ? 'ungrouped' : 'nodes')
  const version = driver?.text('version') ?? list?.text('nvidia_driver_version')
  const url = driver?.text('runfile_url') ?? list?.text('nvidia_runfile_url')
  const mapped = [
    ...(version === undefined ? [] : [variableOf('nvidia_driver_version', version.data, version)]),
    ...(url === undefined ? [] : [variableOf('nvidia_runfile_url', url.data, url)]),
  ]
  const written = hypervisor.variables()
  builder.setVariables(
    'host in inventory',
    hypervisorName,
    new Map([
      ...reached(hypervisor, written, ownAddresses).map((variable) => [variable.name, variable] as const),
      ...withMapped(builder, { map: hypervisor, written, mapped }),
    ]),
  )
}

/** How to reach it, unless the file says so in gpuplay's or Ansible's words. */
function reached(
  hypervisor: PhoenixMap,
  written: Variables,
  ownAddresses: readonly string[],
): readonly Variable[] {
  const has = (name: string): boolean =>
    [name, ...(ansibleNames[name] ?? [])].some((each) => written.has(each))
  const given = hypervisor
    .map('network', documentSchemas)
    ?.map('interfaces', interfaceSchemas)
    ?.text('address')
  if (has('address') || has('connection')) return []
  const here: Given = given ?? {
    data: undefined,
    value: { kind: 'literal', value: null, where: hypervisor.where },
    keyAt: hypervisor.where,
    where: hypervisor.where,
    path: '',
  }
  const [address = ''] = given?.data.split('/') ?? []
  if (address === '' || ownAddresses.includes(address)) return [variableOf('connection', 'local', here)]
  return [
    variableOf('address', address, here),
    // Its scripts run as root.
    ...(has('user') ? [] : [variableOf('user', 'root', here)]),
  ]
}
