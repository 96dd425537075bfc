/** Creates the containers of a lab, with the node's own `pct`. */
import { commandLine, quote } from '../../src/base/shell.ts'
import type { LabNode } from './host.ts'
import type { ContainerSpec } from './topology.ts'

/** The templates on the nodes. */
export const template = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
const ubuntuTemplate = 'local:vztmpl/ubuntu-24.04-standard_24.04-2_amd64.tar.zst'

/** Creates all containers of a node and starts those with `running`; returns when they accept commands. */
export async function makeContainers(node: LabNode): Promise<void> {
  const leases = node.spec.containers.filter((spec) => spec.addressAfter !== undefined)
  if (leases.length > 0)
    await node.output(`echo ${quote(JSON.stringify(dhcp(node, leases)))} >/etc/lab/dhcp.json`)
  for (const spec of node.spec.containers) await node.output(createCommand(node, spec))
  await runContainers(
    node,
    node.spec.containers.filter((spec) => spec.running).map((spec) => spec.ctid),
  )
}

/**
 * Starts those of `ctids` that are on this node, and stops the others; returns when the former are ready for
 * commands.
 */
export async function runContainers(node: LabNode, ctids: readonly number[]): Promise<void> {
  if (node.spec.containers.length === 0) return
  // the node starts those with onboot itself
  await node.exec('systemctl is-system-running --wait')
  const running = await runningContainers(node)
  await Promise.all(
    node.spec.containers.map(async ({ ctid }) => {
      const wanted = ctids.includes(ctid)
      if (wanted !== running.includes(ctid)) await node.output(`pct ${wanted ? 'start' : 'stop'} ${ctid}`)
      if (wanted) await node.output(untilReady(ctid))
    }),
  )
}

/** The containers of a node that run. */
export async function runningContainers(node: LabNode): Promise<readonly number[]> {
  const lines = (await node.output('lxc-ls --running -1')).split('\n')
  return lines.filter((line) => line !== '').map(Number)
}

/** Right after its start a container's systemd does not answer yet. */
function untilReady(ctid: number): string {
  return `for i in $(seq 200); do
    case $(pct exec ${ctid} -- systemctl is-system-running 2>/dev/null) in running | degraded) exit 0 ;; esac
    sleep 0.1
  done
  echo 'still not ready' >&2
  exit 1`
}

/** The addresses that the lab's DHCP server (pve/dhcp.ts) gives to containers, with the delay of each. */
function dhcp(node: LabNode, specs: readonly ContainerSpec[]): Record<string, unknown> {
  const { prefix, internet } = node.world.network
  return Object.fromEntries(
    specs.map(({ ctid, address, addressAfter }) => [
      ctid,
      { address: `${address}/${prefix}`, gateway: internet, seconds: addressAfter },
    ]),
  )
}

function createCommand(node: LabNode, spec: ContainerSpec): string {
  const { prefix, internet } = node.world.network
  const address = spec.addressAfter === undefined ? `gw=${internet},ip=${spec.address}/${prefix}` : 'ip=dhcp'
  const net = `name=eth0,bridge=vmbr0,${address},type=veth`
  const settings = {
    hostname: spec.hostname,
    cores: '1',
    memory: '512',
    swap: '512',
    net0: net,
    nameserver: internet,
    searchdomain: 'lab.test',
    unprivileged: spec.unprivileged ? '1' : '0',
    onboot: spec.running ? '1' : '0',
    ostype: spec.os === undefined ? 'debian' : 'ubuntu',
    rootfs: 'local:8',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  return commandLine([
    'pct',
    'create',
    String(spec.ctid),
    spec.os === undefined ? template : ubuntuTemplate,
    ...options,
  ])
}
