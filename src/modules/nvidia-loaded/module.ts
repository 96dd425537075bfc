/**
 * Loads the installed NVIDIA driver and creates its device nodes. Changes the version, or the type of the kernel modules,
 * without a reboot: the containers that have a GPU are stopped, the modules reloaded, and the containers started again. If the new
 * driver cannot be loaded, the node's helper installs and loads the one before it, and the task fails; the
 * engine starts the containers.
 *
 * Also starts containers that could not start with the node, because it booted without a driver.
 */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Action, Effect } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { readCards } from '../../nvidia/cards.ts'
import { drmDirectory } from '../../nvidia/drm.ts'
import { type GpuContainer, readGpuContainers } from '../../nvidia/gpu-containers.ts'
import { readNodeGpus } from '../../nvidia/gpus.ts'
import { managedGuests, resourcesFile } from '../../nvidia/high-availability.ts'
import type { ModuleType } from '../../nvidia/installer.ts'
import { readReplacedType } from '../../nvidia/loaded-type.ts'
import { type MissedStart, readMissedStarts } from '../../nvidia/missed-starts.ts'
import {
  type DeviceNode,
  devicesFile,
  gpuNode,
  loadedVersionFile,
  modesetNode,
  parseCharacterMajors,
  sharedNodes,
} from '../../nvidia/proc.ts'
import { failedReloadFile, helper, notesAfterLoad, reloadFailed } from '../../nvidia/reload.ts'
import { readNotedUserspace } from '../../nvidia/userspace-notes.ts'
import { waitForLocks } from '../../proxmox/locks.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly loaded: string | undefined
  /** The type of the loaded modules if they have the wanted version and another type. */
  readonly replacedType: ModuleType | undefined
  readonly unifiedMemory: boolean
  /** Those of nvidia_modeset and nvidia_drm that are required and not loaded. */
  readonly missingModules: readonly string[]
  /** PCI addresses of the cards for which nvidia_drm creates device nodes, if it is required. */
  readonly drmCards: readonly string[]
  readonly nouveau: boolean
  /** Paths of device nodes that are missing or have wrong numbers; empty if a dry run cannot know. */
  readonly wrongNodes: readonly string[]
  readonly containers: readonly GpuContainer[]
  /** Of the stopped ones among them: CTID -> version of its user-space driver, if known. */
  readonly userspaces: ReadonlyMap<string, string>
  /** Stopped containers that could not start with the node, because no driver was loaded. */
  readonly missedStarts: readonly MissedStart[]
  /** IDs of guests that HA manages. */
  readonly managedByHa: readonly string[]
  readonly failedReload: string | undefined
}

export const nvidiaLoaded = {
  name: 'nvidia_loaded',
  summary: 'Loads the installed NVIDIA driver and creates its device nodes.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report: (given, seen) => ({ loaded: seen.loaded ?? null, pending: !isLoaded(given, seen) }),
} satisfies Module<Args, Seen>

async function probe({ version, module_type: type, graphics }: Args, host: Host): Promise<Seen> {
  const more = graphics ? graphicsModules : []
  const [driver, unifiedMemory, nouveau, failedReload, ...statuses] = await Promise.all([
    host.kernelModule('nvidia'),
    host.kernelModule('nvidia_uvm'),
    host.kernelModule('nouveau'),
    host.maybe(host.text(failedReloadFile)),
    ...more.map((name) => host.kernelModule(name)),
  ])
  const loaded = driver.loaded ? driver.version : undefined
  const replacedType = loaded === version ? await readReplacedType(host, type) : undefined
  const [wrongNodes, cards, containers, missed, resources] = await Promise.all([
    loaded === undefined ? [] : readWrongNodes(graphics, host),
    graphics ? readCards(host) : [],
    isLoaded({ version }, { loaded, replacedType }) ? [] : readGpuContainers(host),
    readMissedStarts(host),
    host.text(resourcesFile),
  ])
  const managedByHa = managedGuests(resources ?? '')
  const stopped = containers.filter(({ running }) => !running).map(({ ctid }) => ctid)
  return {
    loaded,
    replacedType,
    userspaces: await readNotedUserspace(host, stopped),
    unifiedMemory: unifiedMemory.loaded,
    missingModules: more.filter((_, index) => statuses[index]?.loaded !== true),
    drmCards: cards.map(({ pci }) => pci),
    nouveau: nouveau.loaded,
    wrongNodes,
    containers,
    missedStarts: missed.filter(({ ctid }) => !managedByHa.includes(ctid)),
    managedByHa,
    failedReload: knownOr(failedReload, undefined),
  }
}

function isLoaded(
  { version }: Pick<Args, 'version'>,
  { loaded, replacedType }: Pick<Seen, 'loaded' | 'replacedType'>,
): boolean {
  return loaded === version && replacedType === undefined
}

const graphicsModules: readonly string[] = ['nvidia_modeset', 'nvidia_drm']

async function readWrongNodes(graphics: boolean, host: Host): Promise<readonly string[]> {
  const read = await host.maybe(readNodes(graphics, host))
  return !isUnknown(read) ? read : []
}

async function readNodes(graphics: boolean, host: Host): Promise<readonly string[]> {
  // The helper creates no nodes for cards that containers may not get.
  const [devices, { gpus }] = await Promise.all([host.text(devicesFile), readNodeGpus(host)])
  const minors = gpus.flatMap(({ minor }) => minor ?? [])
  const wanted = [
    ...sharedNodes(parseCharacterMajors(devices ?? '')),
    ...minors.map(gpuNode),
    ...(graphics ? [modesetNode] : []),
  ]
  const present = await Promise.all(wanted.map(({ path }) => host.stat(path)))
  const right = ({ major, minor }: DeviceNode, index: number): boolean => {
    const node = present[index]
    return node?.kind === 'character' && node.major === major && node.minor === minor
  }
  return wanted.filter((node, index) => !right(node, index)).map(({ path }) => path)
}

function plan(given: Args, seen: Seen): Plan {
  const { version, reload } = given
  const { loaded, unifiedMemory, wrongNodes } = seen
  if (loaded === undefined) {
    if (seen.nouveau) return done([`nouveau is loaded: the next reboot loads driver ${version}`])
    return locked(given, seen) ?? actions(around(given, seen, load(given, seen)), leftBehind(given, seen))
  }
  if (isLoaded(given, seen)) {
    const right = unifiedMemory && seen.missingModules.length === 0 && wrongNodes.length === 0
    if (right && seen.missedStarts.length === 0) return done()
    return (
      locked(given, seen) ??
      actions([
        right
          ? undefined
          : helperRun('load', `create ${wrongNodes.join(', ') || 'the device nodes of nvidia-uvm'}`, [
              ...modulesLoaded(given),
              nodesUnknown(seen),
            ]),
        ...catchUp(given, seen),
      ])
    )
  }
  const hindrance = hindranceOf(given, seen)
  if (!reload || hindrance !== undefined) {
    const why = hindrance ?? 'nvidia_host_reload is false'
    return done([`${loadedDriver(loaded, seen)} stays loaded until the node reboots: ${why}`])
  }
  return locked(given, seen) ?? actions(exchange(given, seen, loaded), leftBehind(given, seen))
}

/** Waits for Proxmox before anything is stopped: a locked container can neither be stopped nor started. */
function locked(given: Args, seen: Seen): Plan | undefined {
  return waitForLocks([...toStop(given, seen), ...seen.missedStarts], given.lock_timeout)
}

/** Stopped containers keep their user-space driver, and will not match. */
function leftBehind({ version }: Args, { userspaces }: Seen): { readonly warnings: readonly string[] } {
  const others = [...userspaces].filter(([, installed]) => installed !== version)
  return {
    warnings: others.map(
      ([ctid, installed]) =>
        `container ${ctid} is stopped: its user space stays ${installed}, the module becomes ${version}; run containers.yml when it runs`,
    ),
  }
}

function hindranceOf(
  { version }: Args,
  { loaded, failedReload, managedByHa, ...seen }: Seen,
): string | undefined {
  if (reloadFailed(failedReload, loaded, version))
    return `it could not be unloaded (to try again, remove ${failedReloadFile} on the node)`
  const byHa = seen.containers.filter(({ ctid, running }) => running && managedByHa.includes(ctid))
  if (byHa.length > 0) return `HA manages ${byHa.map(({ ctid }) => `container ${ctid}`).join(', ')}`
  return undefined
}

/** The helper exits 0 even if unloading failed, so that stopped containers are always started again. */
function exchange(given: Args, seen: Seen, loaded: string): readonly Action[] {
  const { version } = given
  const reload = helperRun(
    'reload',
    `replace the loaded ${loadedDriver(loaded, seen)} with ${wantedDriver(given, seen)}`,
    loadedEffects(given, seen),
    300 + given.install_timeout,
  )
  return around(given, seen, { ...reload, argv: [...reload.argv, version] })
}

/** Names the type of its modules where that is the difference. */
function loadedDriver(loaded: string, { replacedType }: Seen): string {
  return `driver ${loaded}${replacedType === undefined ? '' : ` (${replacedType} kernel modules)`}`
}

function wantedDriver({ version, module_type: type }: Args, { replacedType }: Seen): string {
  return replacedType === undefined ? version : `its ${type ?? ''} ones`
}

/** Containers that run with a GPU during a reload would keep device nodes with the old numbers. */
function around(given: Args, seen: Seen, change: Action): readonly Action[] {
  const { stop_timeout: timeout, force_stop: force } = given
  const power = (verb: 'shutdown' | 'start'): readonly Action[] =>
    toStop(given, seen).map(({ ctid }) => ({ kind: 'containerPower', ctid, verb, timeout, force }))
  return [...power('shutdown'), change, ...power('start'), ...catchUp(given, seen)]
}

/** Starts what should run since the node booted. */
function catchUp({ stop_timeout: timeout }: Args, { missedStarts }: Seen): readonly Action[] {
  return missedStarts.map(({ ctid }) => ({
    kind: 'containerPower',
    ctid,
    verb: 'start',
    timeout,
    label: `start container ${ctid}: it could not start with the node, because no driver was loaded`,
  }))
}

function toStop({ containers }: Args, seen: Seen): readonly GpuContainer[] {
  const managed = containers.map(({ ctid }) => String(ctid))
  return seen.containers.filter(({ ctid, running }) => running && managed.includes(ctid))
}

function load(given: Args, seen: Seen): Action {
  const { version, install_timeout: timeout } = given
  return helperRun('load', `load driver ${version}`, loadedEffects(given, seen), 300 + timeout)
}

function helperRun(
  verb: string,
  label: string,
  effects: readonly Effect[],
  timeout = 300,
): Action & { readonly kind: 'run' } {
  return {
    kind: 'run',
    argv: [helper, verb],
    timeout,
    label,
    hint: 'see `dmesg` on the node: a driver that does not support the card or the kernel reports this there',
    effects,
  }
}

function nodesUnknown({ drmCards }: Seen): Effect {
  return {
    kind: 'unknown',
    resources: [
      'file:/dev/nvidia*',
      'file:/proc/driver/nvidia*',
      resource('file', devicesFile),
      resource('file', '/proc/modules'),
      ...(drmCards.length === 0 ? [] : (['file:/dev/dri*'] as const)),
      ...drmCards.map((pci) => `file:${drmDirectory(pci)}*` as const),
    ],
    why: 'an earlier action loads the driver',
  }
}

function modulesLoaded({ graphics }: Args): readonly Effect[] {
  const names = ['nvidia_uvm', ...(graphics ? graphicsModules : [])]
  return names.map((name) => ({ kind: 'kernelModule', name, becomes: { loaded: true } }))
}

function loadedEffects(given: Args, seen: Seen): readonly Effect[] {
  const { version } = given
  return [
    { kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true, version } },
    ...modulesLoaded(given),
    ...notesAfterLoad,
    { kind: 'file', name: loadedVersionFile, becomes: { kind: 'file', text: `${version}\n` } },
    nodesUnknown(seen),
  ]
}
