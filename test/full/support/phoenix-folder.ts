/** The example `inventory/phoenix` with the addresses of a lab. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { root } from '../../whole/support/gpuplay.ts'

interface HypervisorFile {
  readonly network: { readonly interfaces: Readonly<Record<string, unknown>> }
}
interface ContainersFile {
  readonly lxc_configs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Writes both files and returns their paths. The node is `pve1`, which reboots without asking. */
export function phoenixFiles(lab: Lab): readonly string[] {
  const folder = join(lab.instance.stateDir, 'phoenix')
  mkdirSync(folder, { recursive: true })
  const { spec, world } = lab.node('pve1')
  const { prefix, internet } = world.network
  const hypervisor: HypervisorFile = JSON.parse(example('phoenix_hypervisor_config.json'))
  const containers: ContainersFile = JSON.parse(example('phoenix_lxc_configs.json'))
  const address = (ctid: string): string => internet.replace(/\d+$/, String(Number(ctid) - 800))
  const configs = Object.entries(containers.lxc_configs).map(([ctid, container]) => {
    const ip = `${address(ctid)}/${prefix}`
    const network_config = { name: 'eth0', bridge: 'vmbr0', ip, gw: internet, nameservers: internet }
    return [ctid, { ...container, network_config }]
  })
  const interfaces = { ...hypervisor.network.interfaces, address: `${spec.address}/${prefix}` }
  return [
    write('phoenix_hypervisor_config.json', {
      ...hypervisor,
      network: { ...hypervisor.network, interfaces },
      nvidia_host_reboot: 'auto',
    }),
    write('phoenix_lxc_configs.json', { ...containers, lxc_configs: Object.fromEntries(configs) }),
  ]

  function write(name: string, content: object): string {
    const path = join(folder, name)
    writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`)
    return path
  }
}

function example(name: string): string {
  return readFileSync(join(root, 'inventory/phoenix', name), 'utf8')
}
