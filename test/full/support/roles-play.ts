/** What the labs of this phase share: playbooks of roles, reboots, and the explanation of a failed run. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import type { Ended } from '../../whole/support/gpuplay.ts'
import { inventoryOf } from '../../whole/support/site-runs.ts'

interface Roles {
  /** Names separated by commas. */
  readonly nodes: string
  /** Run after those of the node. */
  readonly containers?: string
  /** Run on the nodes at the end. */
  readonly last?: string
}

/** Writes a playbook into the lab's state directory. Returns the words that run it, with more of them. */
export function rolesRun(
  lab: Lab,
  { nodes, containers, last }: Roles,
): (...more: readonly string[]) => readonly string[] {
  const play = (hosts: string, roles: string, after = ''): string =>
    `- hosts: ${hosts}\n${after}  gather_facts: false\n  roles: [${roles}]\n`
  const name = [nodes, containers, last].join(' ').trim().replaceAll(/\W+/g, '-')
  const playbook = join(lab.instance.stateDir, `${name}.yml`)
  writeFileSync(
    playbook,
    [
      play('nodes', nodes),
      containers === undefined ? '' : play('containers', containers, '  after: node\n'),
      last === undefined ? '' : play('nodes', last),
    ].join(''),
  )
  return (...more) => ['run', playbook, '-i', inventoryOf(lab), ...more]
}

/** Reboots the node into a kernel, by default the one that it boots next, and waits until its services run. */
export async function boot(lab: Lab, kernel?: string, node = 'pve1'): Promise<void> {
  await lab.reboot(node, kernel)
  await lab.node(node).exec('systemctl is-system-running --wait')
}

/** Boots a node into a kernel without nouveau, so that no run has to reboot it. */
export async function bootWithoutNouveau(lab: Lab, kernel: string, node = 'pve1'): Promise<void> {
  const blacklist = 'echo blacklist nouveau >/etc/modprobe.d/lab.conf; update-initramfs -u -k all >/dev/null'
  await lab.node(node).output(blacklist)
  await boot(lab, kernel, node)
}

/** The warnings and failures of a run, one event per line. */
export function problemsOf({ events }: Ended): string {
  return events
    .filter(({ type }) => type === 'warning' || type === 'task.finished' || type === 'host.unreachable')
    .flatMap((event) =>
      event.type === 'task.finished' && !['failed', 'unreachable'].includes(event.outcome)
        ? []
        : [JSON.stringify(event)],
    )
    .join('\n')
}
