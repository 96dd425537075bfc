/** Making the containers of a lab, through the node's own `pct`. */
import { commandLine } from '../../src/base/shell.ts'
import type { LabNode } from './host.ts'
import type { ContainerSpec } from './topology.ts'

/** The one template that the nodes have. */
export const template = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'

/** Makes all containers of a node, and starts those that are to run; returns when they are ready for commands. */
export async function makeContainers(node: LabNode): Promise<void> {
  if ((await node.exec('command -v pct')).code !== 0) return
  for (const spec of node.spec.containers) await node.output(createCommand(node, spec))
  const running = node.spec.containers.filter((spec) => spec.running)
  await Promise.all(
    running.map(async ({ ctid }) => {
      await node.output(`pct start ${ctid}`)
      // right after the start its systemd does not answer yet
      await node.output(
        `for i in $(seq 200); do
          case $(pct exec ${ctid} -- systemctl is-system-running 2>/dev/null) in running | degraded) exit 0 ;; esac
          sleep 0.1
        done
        exit 1`,
      )
    }),
  )
}

function createCommand(node: LabNode, spec: ContainerSpec): string {
  const { prefix, internet } = node.world.network
  const net = `name=eth0,bridge=vmbr0,gw=${internet},ip=${spec.address}/${prefix},type=veth`
  return commandLine([
    ...['pct', 'create', String(spec.ctid), template],
    ...['--hostname', spec.hostname, '--cores', '1', '--memory', '512', '--swap', '512'],
    ...['--net0', net, '--nameserver', internet, '--searchdomain', 'lab.test'],
    ...['--unprivileged', spec.unprivileged ? '1' : '0', '--onboot', spec.running ? '1' : '0'],
    ...['--ostype', 'debian', '--rootfs', 'local:8'],
  ])
}
