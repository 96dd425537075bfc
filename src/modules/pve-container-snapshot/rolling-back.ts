/** The plan of a rollback. It says what will be lost. */
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { configFile } from '../../proxmox/config-change.ts'
import { type ContainerConfig, rewriteContainerConfig } from '../../proxmox/container-config.ts'
import { lockOf } from '../../proxmox/device-entries.ts'
import { configBecomes, longPct } from '../../proxmox/pct-actions.ts'
import { pendingNames } from '../../proxmox/pending-changes.ts'
import {
  rollbackDirectory,
  rollbackRecord,
  type RollbackRequest,
  rollbackScript,
  rollbackState,
} from '../../proxmox/rollbacks.ts'
import { lostVolumes, rolledBack, snapshotsOf, type TakenSnapshot } from '../../proxmox/snapshots.ts'
import { rollsBackOnlyToLast, volumesOf } from '../../proxmox/storages.ts'
import { Unknown } from '../../base/unknown.ts'
import type { Args } from './args.ts'
import type { Seen } from './seen.ts'
import type { Present } from './taking.ts'

export function planRollback(given: Args, seen: Seen, { config, snapshot }: Present): Plan {
  const { ctid, rollbacks, container } = seen
  if (snapshot === undefined) return refuse(snapshotMissing(given, seen, config))
  const request: RollbackRequest = { snapshot: given.name, time: snapshot.time, request: given.request }
  const state = rollbackState(rollbacks, request)
  if (state === 'done') return done()
  const interrupted = lockOf(config) === 'rollback'
  if (interrupted && state === undefined) return refuse(foreignRollback(seen))
  if (!interrupted && state === 'begun') return refuse(unclear(given, seen))
  const problem = hindrance(seen, { config, snapshot })
  if (problem) return refuse(problem)
  const power = (verb: 'shutdown' | 'start'): readonly Action[] =>
    container?.status === 'running'
      ? [{ kind: 'containerPower', on: 'node', ctid, verb, timeout: given.timeout, force: given.force }]
      : []
  const after = rolledBack(config, given.name)
  const text = after && rewriteContainerConfig(after)
  return actions(
    [...power('shutdown'), roll(given, seen, { request, interrupted, text }), ...power('start')],
    {
      warnings: losses(config, snapshot, ctid),
      diffs: [
        {
          title: configFile(ctid),
          before: container?.config ?? '',
          after: text ?? '(known only in the run: volumes that the snapshot does not have become unused)\n',
        },
      ],
    },
  )
}

interface Rolling {
  readonly request: RollbackRequest
  readonly interrupted: boolean
  readonly text: string | undefined
}

function roll(
  { copy_timeout: timeout, name }: Args,
  { ctid, container, rollbackDirectory: hasDirectory }: Seen,
  { request, interrupted, text }: Rolling,
): Action {
  const why = `only the run rolls container ${ctid} back`
  return longPct({
    ctid,
    argv: ['sh', '-c', rollbackScript(ctid, request, { interrupted })],
    label: `roll container ${ctid} back to the snapshot ${name}${interrupted ? ' again, because that was interrupted' : ''}`,
    work: ['rollback', name, String(request.time), request.request, sha256Of(container?.config ?? '')],
    timeout,
    effects: [
      ...configBecomes(ctid, text, why),
      ...(hasDirectory
        ? []
        : [{ kind: 'file', name: rollbackDirectory, becomes: { kind: 'directory', mode: '0700' } } as const]),
      { kind: 'file', name: rollbackRecord(ctid), becomes: new Unknown(why) },
    ],
  })
}

/** Sentences for people, before anything is changed. */
function losses(config: ContainerConfig, snapshot: TakenSnapshot, ctid: string): readonly string[] {
  const volumes = volumesOf(snapshot.section)
  const kept = volumesOf(config.current).filter(
    ({ storage, key }) => storage === undefined && !key.startsWith('unused'),
  )
  const unused = lostVolumes(config, snapshot.name)
  const pending = pendingNames(config)
  const later = snapshotsOf(config).filter(({ time, name }) => time > snapshot.time && name !== snapshot.name)
  const since = new Date(snapshot.time * 1000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC')
  const keys = volumes.filter(({ storage }) => storage !== undefined).map(({ key }) => key)
  return [
    `the rollback of container ${ctid} to ${snapshot.name} discards everything that was written to ${keys.join(', ')} since ${since}`,
    ...(unused.length === 0
      ? []
      : [
          `the snapshot has no ${unused.join(', ')}: these volumes stay, as unused volumes of container ${ctid}`,
        ]),
    ...(kept.length === 0
      ? []
      : [`the rollback does not change ${kept.map(({ id }) => id).join(', ')} of the node`]),
    ...(pending.length === 0 ? [] : [`its pending changes are discarded: ${pending.join(', ')}`]),
    ...(later.length === 0 ? [] : [`later snapshots stay: ${later.map(({ name }) => name).join(', ')}`]),
  ]
}

function hindrance(
  { ctid, managedByHa, storages }: Seen,
  { config, snapshot }: { readonly config: ContainerConfig; readonly snapshot: TakenSnapshot },
): Refusal | undefined {
  if (snapshot.incomplete !== undefined)
    return {
      code: 'snapshot-incomplete',
      message: `the snapshot ${snapshot.name} of container ${ctid} is incomplete (snapstate: ${snapshot.incomplete})`,
      hint: 'choose another one',
    }
  if (managedByHa)
    return {
      code: 'managed-by-ha',
      message: `container ${ctid} must be stopped for a rollback, but HA manages it and decides when`,
      hint: `suspend HA for it: ha-manager set ct:${ctid} --state ignored`,
    }
  const later = snapshotsOf(config).filter(({ time, name }) => time > snapshot.time && name !== snapshot.name)
  if (later.length > 0 && rollsBackOnlyToLast(volumesOf(snapshot.section), storages))
    return {
      code: 'not-last-snapshot',
      message: `container ${ctid} has later snapshots than ${snapshot.name}, and ZFS only rolls back to the last: ${later.map(({ name }) => name).join(', ')}`,
      hint: 'delete the later ones first (state: absent)',
    }
  return undefined
}

function snapshotMissing({ name }: Args, { ctid }: Seen, config: ContainerConfig): Refusal {
  const names = snapshotsOf(config).map((each) => each.name)
  return {
    code: 'snapshot-missing',
    message: `container ${ctid} has no snapshot ${name}`,
    hint: names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`,
  }
}

function foreignRollback({ ctid }: Seen): Refusal {
  return {
    code: 'foreign-rollback',
    message: `a rollback of container ${ctid} that gpuplay did not begin was interrupted (lock: rollback)`,
    hint: `finish it by hand: pct unlock ${ctid} && pct rollback ${ctid} SNAPSHOT`,
  }
}

function unclear({ name, request }: Args, { ctid, node }: Seen): Refusal {
  return {
    code: 'rollback-unclear',
    message: `an earlier run began this rollback of container ${ctid} to ${name}, and was killed just before its start or just after its end`,
    hint: `look at the task log of ${node}; to roll back (again), set request to a text other than ${JSON.stringify(request)}; otherwise remove this task`,
  }
}
