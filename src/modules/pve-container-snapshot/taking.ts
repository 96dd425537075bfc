/** Plans that take and delete snapshots. */
import { commandLine } from '../../base/shell.ts'
import { sha256Of } from '../../host/content.ts'
import { actions, type Plan, refuse } from '../../host/plan.ts'
import { type ContainerConfig, rewriteContainerConfig } from '../../proxmox/container-config.ts'
import { longPct, withCurrent } from '../../proxmox/pct-actions.ts'
import { type TakenSnapshot, withoutSnapshot, withSnapshot } from '../../proxmox/snapshots.ts'
import { lackingFeature, volumesOf } from '../../proxmox/storages.ts'
import type { Args } from './args.ts'
import type { Seen } from './seen.ts'

export interface Present {
  readonly config: ContainerConfig
  /** The snapshot of the given name. */
  readonly snapshot: TakenSnapshot | undefined
  /** An interrupted task has left its lock. */
  readonly locked: boolean
}

/** The snapshot is missing, incomplete, or has another description. */
export function planTaking(given: Args, seen: Seen, { config, snapshot, locked }: Present): Plan {
  const { ctid, storages } = seen
  const { name, description } = given
  if (config.current.settings.get('template') === '1')
    return refuse({
      code: 'is-template',
      message: `container ${ctid} is a template, which has no snapshots`,
      hint: 'take a snapshot of a clone of it',
    })
  const [lacking] = lackingFeature(volumesOf(config.current), storages, 'snapshot')
  if (lacking)
    return refuse({
      code: 'no-snapshots',
      message: `container ${ctid} cannot have snapshots, because of ${lacking.key}: ${lacking.id}`,
      hint: 'move the volume to a storage with snapshots (pct move-volume), or make a backup instead',
    })
  const taken = withSnapshot(withoutSnapshot(unlocked(config), name), name, description)
  return change(given, seen, {
    commands: [
      ...(locked ? [['pct', 'unlock', ctid]] : []),
      ...(snapshot === undefined ? [] : [deletion(ctid, snapshot)]),
      ['pct', 'snapshot', ctid, name, ...(description === '' ? [] : ['--description', description])],
    ],
    label: `take the snapshot ${name} of container ${ctid}${snapshot === undefined ? '' : ` again: ${whyAgain(snapshot)}`}`,
    becomes: taken,
  })
}

/** An incomplete one is only deleted if that is forced. */
function deletion(ctid: string, { name, incomplete }: TakenSnapshot): readonly string[] {
  return ['pct', 'delsnapshot', ctid, name, ...(incomplete === undefined ? [] : ['--force', '1'])]
}

function whyAgain({ incomplete, description }: TakenSnapshot): string {
  return incomplete === undefined ? `it is described as "${description}"` : 'it is incomplete'
}

export function planDeletion(given: Args, seen: Seen, { config, locked }: Present): Plan {
  const { ctid } = seen
  const { name } = given
  return change(given, seen, {
    commands: [
      ...(locked ? [['pct', 'unlock', ctid]] : []),
      ['pct', 'delsnapshot', ctid, name, ...(locked ? ['--force', '1'] : [])],
    ],
    label: `delete the snapshot ${name} of container ${ctid}`,
    becomes: withoutSnapshot(unlocked(config), name),
  })
}

interface SnapshotChange {
  /** One after another, until one fails. */
  readonly commands: readonly (readonly string[])[]
  readonly label: string
  readonly becomes: ContainerConfig
}

function change(given: Args, { ctid, container }: Seen, { commands, label, becomes }: SnapshotChange): Plan {
  const [only, ...others] = commands
  const before = container?.config ?? ''
  return actions([
    longPct({
      ctid,
      argv:
        only !== undefined && others.length === 0
          ? only
          : ['sh', '-c', commands.map((argv) => commandLine(argv)).join(' && ')],
      label,
      work: [label, sha256Of(before)],
      timeout: given.copy_timeout,
      // The file as a whole is not predicted: it has the time of a new snapshot.
      effects: [{ kind: 'container', name: ctid, becomes: { config: rewriteContainerConfig(becomes) } }],
    }),
  ])
}

function unlocked(config: ContainerConfig): ContainerConfig {
  return withCurrent(config, [['lock', undefined]])
}
