/** Making the containers of a lab, through the node's own `pct`. */
import { commandLine } from '../../src/base/shell.ts'
import type { LabNode } from './host.ts'
import type { ContainerSpec } from './topology.ts'

/** The one template that the nodes have. */
export const template = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'

/** Makes all containers of a node, and starts those that are to run; returns when they are ready for commands. */
export async function makeContainers(node: LabNode): Promise<void> {
  for (const spec of node.spec.containers) await node.output(createCommand(node, spec))
  await runContainers(
    node,
    node.spec.containers.filter((spec) => spec.running).map((spec) => spec.ctid),
  )
}

/** Starts those of `ctids` that are on this node, and stops the others; returns when the former are ready for commands. */
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

function createCommand(node: LabNode, spec: ContainerSpec): string {
  const { prefix, internet } = node.world.network
  const net = `name=eth0,bridge=vmbr0,gw=${internet},ip=${spec.address}/${prefix},type=veth`
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
    ostype: 'debian',
    rootfs: 'local:8',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  return commandLine(['pct', 'create', String(spec.ctid), template, ...options])
}
