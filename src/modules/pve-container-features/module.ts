/**
 * Turns features of a container on, in its configuration on its node. The file is replaced under Proxmox's
 * lock, and the container has them after its next start (`pve_container_restart`).
 */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { readUnsupported } from '../../nvidia/supported-system.ts'
import { configFile, waitForLock, writeConfig } from '../../proxmox/config-change.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { isUnprivileged } from '../../proxmox/device-entries.ts'
import { withFeatures } from '../../proxmox/features.ts'
import { findGuest, type GuestPlace, missingContainer } from '../../proxmox/find-guest.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** Undefined if the node has no such container. */
  readonly config: string | undefined
  /** Set if its distribution is not supported. */
  readonly unsupported: Refusal | undefined
  /** Where the cluster has it, if the node does not. */
  readonly elsewhere: GuestPlace | undefined
}

export const pveContainerFeatures = {
  name: 'pve_container_features',
  summary: 'Turns features of a container on, such as nesting, and keeps all others.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report: (_, { ctid, config }) => ({
    ctid,
    unprivileged: isUnprivileged(parseContainerConfig(config ?? '')),
  }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = given.ctid === '' ? (placement.ctid ?? '') : String(given.ctid)
  const container = await node.container(ctid)
  const elsewhere = container === undefined ? await findGuest(node, ctid) : undefined
  const unsupported = container && (await readUnsupported(ctid, container, { host, allowed: given.ostypes }))
  return { node: node.name, ctid, config: container?.config, unsupported, elsewhere }
}

function plan(
  { features, lock_timeout: timeout }: Args,
  { node, ctid, config, unsupported, elsewhere }: Seen,
): Plan {
  if (config === undefined) return refuse(missingContainer(node, ctid, elsewhere))
  const parsed = parseContainerConfig(config)
  if (unsupported) return refuse(unsupported)
  const wanted = features.filter((name) => name !== 'keyctl' || isUnprivileged(parsed))
  const text = withFeatures(config, wanted)
  if (text === config) return done()
  return (
    waitForLock(ctid, parsed, timeout) ??
    actions([writeConfig(ctid, { kind: 'text', text }, timeout)], {
      diffs: [{ title: configFile(ctid), before: config, after: text }],
    })
  )
}
