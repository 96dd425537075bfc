/** The plan for a container that does not exist, or that an earlier run left half-made. */
import { isUnknown, type Unknown } from '../../base/unknown.ts'
import type { Action, Effect } from '../../host/action.ts'
import { type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { matchingLine } from '../../proxmox/config-lines.ts'
import { configFile } from '../../proxmox/config-change.ts'
import {
  type ConfigEntry,
  type ConfigSection,
  type ContainerConfig,
  parseContainerConfig,
} from '../../proxmox/container-config.ts'
import { lockOf } from '../../proxmox/device-entries.ts'
import { makingRecord, makingScript, recordDirectory, removalScript } from '../../proxmox/half-made.ts'
import { configBecomes, longPct, rewritten } from '../../proxmox/pct-actions.ts'
import { waitForTasks, waitForWork } from '../../proxmox/running-copies.ts'
import { type Storage, volumesOf } from '../../proxmox/storages.ts'
import type { Args } from './args.ts'
import { growth } from './growth.ts'
import { archiveProblem, cloneProblem, nameProblem, originProblem, storageProblem } from './refusals.ts'
import type { Seen } from './seen.ts'
import { type Setting, changedSettings, wantedSettings } from './wanted-settings.ts'

const onlyRun = 'only the run creates the container'

/** Then the caller changes its settings and its state; `settings` are those that still differ. */
export interface Creation {
  readonly actions: readonly Action[]
  readonly settings: readonly Setting[]
  /** Set if a dry run cannot promise it. */
  readonly doubt?: Unknown
  /** Whether the clone gets lines of its source that it must not keep. */
  readonly unwanted?: boolean
}

/** Creates the container, after the remains of an interrupted creation are removed. */
export function planCreation(given: Args, seen: Seen): Creation | Plan {
  const problem = nameProblem(given, seen) ?? originProblem(given, seen)
  if (problem) return refuse(problem)
  const busy = waitForCreation(given, seen)
  if (busy) return busy
  const creation = given.clone === undefined ? fromArchive(given, seen) : asClone(given, seen, given.clone)
  if ('warnings' in creation) return creation
  return { ...creation, actions: [...removal(given, seen), ...creation.actions] }
}

/** Whether a creation by gpuplay ended before the container was complete; if so, `removal` removes what is left. */
export function isHalfMade({ container, record }: Seen, config: ContainerConfig): boolean {
  return record !== undefined && (container === undefined || lockOf(config) === 'create')
}

/** Waits for tasks of Proxmox that may be the very creation, started by a run that was killed. */
export function waitForCreation(given: Args, { ctid, record, tasks }: Seen): Plan | undefined {
  return record === undefined || tasks.length === 0 ? undefined : waitForTasks(ctid, tasks, given)
}

/** Removes what an interrupted creation has left. */
export function removal(
  { copy_timeout: timeout }: Args,
  { ctid, record, container }: Seen,
): readonly Action[] {
  if (record === undefined) return []
  return [
    longPct({
      ctid,
      argv: ['sh', '-c', removalScript(ctid)],
      label: `remove the half-made container ${ctid} that an interrupted run left`,
      work: ['remove', container?.config ?? ''],
      timeout,
      effects: [
        { kind: 'container', name: ctid, becomes: { exists: false } },
        { kind: 'file', name: configFile(ctid), becomes: { kind: 'absent' } },
        { kind: 'file', name: makingRecord(ctid), becomes: { kind: 'absent' } },
        ...(record.source === undefined
          ? []
          : [
              {
                kind: 'unknown',
                resources: [`container:${record.source}`, `file:${configFile(record.source)}`],
                why: 'a lock of the interrupted clone may be removed from it',
              } as const,
            ]),
      ],
    }),
  ]
}

function fromArchive(given: Args, seen: Seen): Creation | Plan {
  const { ctid, storages } = seen
  const { ostemplate = '', hostname = '', disk = 8, unprivileged = true } = given
  const storage = given.storage ?? onlyStorage(storages)
  const problem = archiveProblem(given, seen) ?? storageProblem(storage, seen)
  if (problem || storage === undefined) return refuse(problem ?? storageMissing(storages))
  const options = Object.entries({
    hostname,
    rootfs: `${storage}:${disk}`,
    unprivileged: unprivileged ? '1' : '0',
    ...Object.fromEntries(wantedSettings(given).map(({ key, value }) => [key, value])),
    // Removed when it is complete.
    lock: 'create',
  })
  const command = [
    'pct',
    'create',
    ctid,
    ostemplate,
    ...options.flatMap(([key, value]) => [`--${key}`, value]),
  ]
  const label = `create container ${ctid} (${hostname}) from ${ostemplate} on ${storage}`
  return { actions: [making(given, seen, { label, command, storages: [storage] })], settings: [] }
}

function asClone(given: Args, seen: Seen, clone: string | number): Creation | Plan {
  const { ctid, source } = seen
  const { hostname = '', snapshot, storage } = given
  const problem = cloneProblem(given, seen)
  if (problem || source === undefined)
    return refuse(problem ?? { code: 'container-missing', message: onlyRun })
  const of = `${String(clone)}${snapshot === undefined ? '' : `, snapshot ${snapshot}`}`
  if (isUnknown(source))
    return doubtful(given, seen, { source, label: `clone container ${of} to ${ctid} (${hostname})` })
  const config = parseContainerConfig(source.config)
  const locked = waitForWork({ ctid: String(clone), config, tasks: seen.tasks }, given)
  if (locked && seen.record === undefined) return locked
  const from = snapshot === undefined ? config.current : config.snapshots.get(snapshot)
  const full = given.full ?? isCopied(given, seen, config.current)
  const command = [
    'pct',
    'clone',
    String(clone),
    ctid,
    '--hostname',
    hostname,
    '--full',
    full ? '1' : '0',
    ...(snapshot === undefined ? [] : ['--snapname', snapshot]),
    ...(storage === undefined ? [] : ['--storage', storage]),
  ]
  const volumes = from === undefined ? [] : volumesOf(from).filter(({ key }) => !key.startsWith('unused'))
  const targets = storage === undefined ? volumes.flatMap((volume) => volume.storage ?? []) : [storage]
  return {
    actions: [
      making(given, seen, {
        label: `clone container ${of} to ${ctid} (${hostname})${full ? '' : ', sharing unchanged blocks'}`,
        command,
        storages: [...new Set(targets)],
        source: String(clone),
        // Proxmox locks the source meanwhile, and so writes its configuration.
        effects: configBecomes(String(clone), rewritten(source.config), onlyRun),
      }),
      ...growth(given, ctid, { config: { ...config, current: from ?? config.current }, exists: false })
        .actions,
    ],
    settings: changedSettings(wantedSettings(given), withoutAddresses(from?.entries ?? [])),
    unwanted: from?.entries.some(matchingLine(given.without)) === true,
  }
}

/** Only in a dry run that creates the source first: later tasks see that there will be a clone. */
function doubtful(
  given: Args,
  seen: Seen,
  { source, label }: { readonly source: Unknown; readonly label: string },
): Creation {
  const command = ['pct', 'clone', String(given.clone), seen.ctid]
  return { actions: [making(given, seen, { label, command, storages: [] })], settings: [], doubt: source }
}

/** Each interface of a clone gets a hardware address of its own. */
function withoutAddresses(entries: readonly ConfigEntry[]): readonly ConfigEntry[] {
  return entries.map((entry) =>
    entry.key.startsWith('net') ? { ...entry, value: entry.value.replace(/,?hwaddr=[^,]*/, '') } : entry,
  )
}

/** Whether a clone without `full` is a copy: always, unless it is one of a template that can be shared. */
function isCopied(given: Args, seen: Seen, { settings }: ConfigSection): boolean {
  if (settings.get('template') !== '1' || given.storage !== undefined) return true
  return cloneProblem({ ...given, full: false }, seen) !== undefined
}

interface Work {
  readonly label: string
  readonly command: readonly string[]
  readonly storages: readonly string[]
  readonly source?: string
  readonly effects?: readonly Effect[]
}

/** Whether the record stays until the container has its settings and its first start. */
export function isFinishedLater({
  only_create: onlyCreate,
  without,
}: Pick<Args, 'only_create' | 'without'>): boolean {
  return onlyCreate || without.length > 0
}

function making({ hostname = '', copy_timeout: timeout, ...given }: Args, seen: Seen, work: Work): Action {
  const { ctid } = seen
  const { label, command, storages, source, effects = [] } = work
  const keepsRecord = isFinishedLater(given)
  return longPct({
    ctid,
    argv: ['sh', '-c', makingScript({ ctid, hostname, source, storages, command, keepsRecord })],
    label,
    work: command,
    timeout,
    effects: [
      { kind: 'unknown', resources: [`container:${ctid}`], why: onlyRun },
      { kind: 'container', name: ctid, becomes: { exists: true, status: 'stopped' } },
      { kind: 'file', name: configFile(ctid), becomes: { kind: 'file' } },
      ...(seen.recordDirectory
        ? []
        : [{ kind: 'file', name: recordDirectory, becomes: { kind: 'directory', mode: '0700' } } as const]),
      ...(keepsRecord
        ? [{ kind: 'file', name: makingRecord(ctid), becomes: { kind: 'file' } } as const]
        : []),
      ...effects,
    ],
  })
}

function onlyStorage(storages: readonly Storage[]): string | undefined {
  const able = storages.filter(({ content }) => content.includes('rootdir'))
  return able.length === 1 ? able[0]?.name : undefined
}

function storageMissing(storages: readonly Storage[]): Refusal {
  const able = storages.filter(({ content }) => content.includes('rootdir')).map(({ name }) => name)
  return able.length === 0
    ? {
        code: 'no-storage',
        message: 'no storage of the node can have volumes of containers',
        hint: 'allow the content "rootdir" for one: pvesm set STORAGE --content rootdir,...',
      }
    : {
        code: 'no-storage',
        message: `several storages can have volumes of containers: ${able.join(', ')}`,
        hint: 'set storage to one of them',
      }
}
