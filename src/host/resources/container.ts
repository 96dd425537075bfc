import { defined } from '../../base/defined.ts'
import { UnknownError } from '../../base/unknown.ts'
import { sha256Of } from '../content.ts'
import { invalidName } from '../names.ts'
import { container } from '../queries/container-query.ts'
import type { ContainerStatus } from '../status.ts'
import type { Difference, ResourceKind } from './kind.ts'

export interface ContainerBecomes {
  /** True: created, with a configuration that only the run shows unless `config` is set. False: destroyed. */
  readonly exists?: boolean
  readonly status?: 'running' | 'stopped'
  /** The file `/etc/pve/lxc/CTID.conf`. */
  readonly config?: string
}

/** The file in which Proxmox VE keeps the configuration of a container of this node. */
export function configFile(ctid: string): string {
  return `/etc/pve/lxc/${ctid}.conf`
}

/** A container, as its node sees it. */
export const containerKind: ResourceKind<'container', ContainerStatus | undefined, ContainerBecomes> = {
  kind: 'container',
  word: 'container',
  key(ctid) {
    if (!/^[1-9][0-9]{0,8}$/.test(ctid)) throw invalidName('container', ctid)
    return ctid
  },
  query: container,
  nothing: undefined,
  isNothing: () => false,
  // No plan depends on a pid.
  essence: (seen) => seen && [seen.status, seen.config],
  files: (ctid, seen) => [{ path: configFile(ctid), text: seen?.config, lossyLine: seen?.lossyLine }],
  restsOn: (ctid) => [`file:${configFile(ctid)}`],
  partial: () => true,
  saysAll: () => false,
  foresee({ exists, status, config }, before, rest) {
    if (exists === false) return undefined
    // The rest of the reading is needed as a whole: its configuration is its content.
    if (rest && config === undefined) throw new UnknownError(rest)
    const now: ContainerStatus = before ?? { status: 'stopped', config: '', pid: undefined }
    return {
      status: status ?? now.status,
      config: config ?? now.config,
      pid: status === 'stopped' ? undefined : now.pid,
      ...defined({ lossyLine: config === undefined ? now.lossyLine : undefined }),
    }
  },
  look: (reads, name) => reads.read(containerKind, name),
  differences({ exists, status, config }, seen) {
    const found: Difference[] = []
    if (exists !== undefined && exists !== (seen !== undefined))
      return [{ field: 'existence', wanted: exists, seen: seen !== undefined }]
    if (exists === false) return found
    if (status !== undefined && seen?.status !== status)
      found.push({ field: 'status', wanted: status, seen: seen?.status ?? 'absent' })
    const [wanted, there] = [config, seen?.config].map((text) =>
      text === undefined ? undefined : sha256Of(withoutTimes(text)),
    )
    if (wanted !== undefined && wanted !== there) found.push({ field: 'configuration', wanted, seen: there })
    return found
  },
  concerns: (ctid) => [`file:${configFile(ctid)}`],
  held: false,
}

/** Proxmox notes in each snapshot when it was taken, which no dry run can know and no plan depends on. */
function withoutTimes(config: string): string {
  return config.replace(/^snaptime: *[0-9]+\n/gm, '')
}
