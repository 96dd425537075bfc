/** HA may move a container to a node that lacks its GPUs; only a strict rule about nodes prevents this. */
import type { Host } from '../../host/host.ts'
import { managedGuests, readAffinities, resourcesFile } from '../../nvidia/high-availability.ts'

/** Undefined if HA does not manage the container, or keeps it on this node. */
export async function readHaMove(node: Host, ctid: string): Promise<string | undefined> {
  const resources = await node.text(resourcesFile)
  if (!managedGuests(resources ?? '').includes(ctid)) return undefined
  const [affinities, local] = await Promise.all([readAffinities(node), node.stat('/etc/pve/local')])
  const name = local?.target?.replace(/^.*\//, '') ?? node.name
  const rules = affinities(ctid)
  const says = rules.map((rule) => rule.says).join('; ')
  const strict = rules.filter(({ strict: binds, nodes }) => binds && nodes !== undefined)
  if (strict.some(({ nodes }) => !(nodes ?? []).includes(name)))
    return `HA moves container ${ctid} away from ${name} and its GPUs: ${says}`
  if (strict.some(({ nodes }) => nodes?.length === 1)) return undefined
  return `HA may move container ${ctid} to a node without its GPUs: ${says === '' ? `no rule keeps it on ${name}` : says}`
}
