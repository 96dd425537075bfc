/** The name of the host, now and after the next boot (hostname(5), hostname(7)). */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly current: string
  /** The text of /etc/hostname. */
  readonly boot: string | undefined
  /** Whether this is a node of Proxmox VE. */
  readonly node: boolean
  /** Whether Proxmox VE sets the name of this container at each start. */
  readonly ruled: boolean
}

export const hostname = {
  name: 'hostname',
  summary: 'Sets the name of the host, now and at every boot.',
  mayChange: () => [`file:${kernelFile}`, `file:${bootFile}`],
  args,
  result,
  probe,
  plan,
  report: (_, { current }) => ({ name: current }),
} satisfies Module<Args, Seen>

const kernelFile = '/proc/sys/kernel/hostname'
const bootFile = '/etc/hostname'
/** pct(1), GUEST OPERATING SYSTEM CONFIGURATION: Proxmox VE does not change a file with such a file beside it. */
const ignoreFile = '/etc/.pve-ignore.hostname'

async function probe(_: Args, host: Host): Promise<Seen> {
  const [current = '', boot, nodes, ignored] = await Promise.all([
    host.text(kernelFile),
    host.text(bootFile),
    host.stat('/etc/pve/nodes'),
    host.stat(ignoreFile),
  ])
  const container = host.placement.ctid !== undefined
  return {
    current: current.trim(),
    boot,
    node: nodes !== undefined,
    ruled: container && ignored === undefined,
  }
}

function plan({ name }: Args, { current, boot, node, ruled }: Seen): Plan {
  const [now, later] = [current !== name, boot?.trim() !== name]
  if (!now && !later) return done()
  if (node)
    return refuse({
      code: 'name-of-node',
      message: `cannot rename the Proxmox VE node ${current}: its guests and its membership in a cluster belong to its name`,
      hint: 'follow "Renaming a PVE node" in the wiki of Proxmox VE, on an empty node',
    })
  if (ruled)
    return refuse({
      code: 'name-of-container',
      message: 'Proxmox VE sets the name of a container at each start',
      hint: `set \`hostname\` of the container on its node, or create ${ignoreFile} in the container first`,
    })
  const text = `${name}\n`
  return actions(
    [
      later
        ? { kind: 'writeFile', path: bootFile, content: { kind: 'text', text }, mode: '0644' }
        : undefined,
      now
        ? {
            kind: 'run',
            argv: ['hostname', name],
            timeout: 30,
            label: `set the host name to ${name}`,
            effects: [{ kind: 'file', name: kernelFile, becomes: { kind: 'file', text } }],
          }
        : undefined,
    ],
    {
      diffs: [
        ...(later ? [contentDiff({ title: bootFile, before: boot, after: text })] : []),
        ...(now ? [{ title: 'host name', before: `${current}\n`, after: text }] : []),
      ],
    },
  )
}
