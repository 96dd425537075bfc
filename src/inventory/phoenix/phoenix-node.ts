/** The node of `phoenix_hypervisor_config.json`, as a host of the inventory. */
import type { Variable, Variables } from '../../language/model.ts'
import type { InventoryBuilder } from '../builder.ts'
import { ansibleNames } from '../connection-variables.ts'
import { type PhoenixMap, variableOf } from './phoenix-map.ts'
import { hypervisorName, type PhoenixPair } from './phoenix-pair.ts'
import { documentSchemas, driverSchemas, interfaceSchemas } from './phoenix-schemas.ts'
import { withMapped } from './phoenix-variables.ts'

/** `nvidia_driver` of the hypervisor. */
export function driverOf({ hypervisor }: PhoenixPair): PhoenixMap | undefined {
  return hypervisor?.map('nvidia_driver', driverSchemas)
}

export function readHypervisor(builder: InventoryBuilder, pair: PhoenixPair): void {
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
  const interfaces = interfacesOf(hypervisor)
  // A wrong address has been reported.
  if (interfaces?.text('address') !== undefined || interfaces?.isEmpty('address') !== false)
    builder.hypervisorAt = interfaces?.where ?? where
  builder.setVariables(
    'host in inventory',
    hypervisorName,
    new Map([
      ...reached(hypervisor, written).map((variable) => [variable.name, variable] as const),
      ...withMapped(builder, { map: hypervisor, written, mapped }),
    ]),
  )
}

function interfacesOf(hypervisor: PhoenixMap): PhoenixMap | undefined {
  return hypervisor.map('network', documentSchemas)?.map('interfaces', interfaceSchemas)
}

/** Its address, as root like the scripts, unless the file has one in gpuplay's or Ansible's words. */
function reached(hypervisor: PhoenixMap, written: Variables): readonly Variable[] {
  const address = interfacesOf(hypervisor)?.text('address')
  if (address === undefined || isSet('address', written) || isSet('connection', written)) return []
  return [
    variableOf('address', address.data.replace(/\/.*/, ''), address),
    ...(isSet('user', written) ? [] : [variableOf('user', 'root', address)]),
  ]
}

function isSet(setting: string, variables: Variables): boolean {
  return [setting, ...(ansibleNames[setting] ?? [])].some((name) => variables.has(name))
}

/**
 * Connects locally to a hypervisor whose address is one of this machine; call it when all variables are known. Reports
 * one without an address, because nothing says that it is this machine.
 * @param variables All that apply to the hypervisor, those of the command line included.
 */
export function placeHypervisor(
  builder: InventoryBuilder,
  variables: Variables,
  ownAddresses: readonly string[],
): void {
  const { hypervisorAt: where } = builder
  if (where === undefined || isSet('connection', variables)) return
  const address = variables.get('address')
  if (address?.value.kind === 'literal' && ownAddresses.includes(String(address.value.value))) {
    const value = { kind: 'literal', value: 'local', where: address.value.where } as const
    const local: Variable = { name: 'connection', where: address.where, value }
    builder.setVariables('host in inventory', hypervisorName, new Map([[local.name, local]]))
  } else if (!isSet('address', variables)) {
    builder.report('missing-address', 'this hypervisor has no address', {
      where,
      hint: 'add "network": { "interfaces": { "address": "192.0.2.11/24" } }, or "connection": "local" if it is this machine',
    })
  }
}
