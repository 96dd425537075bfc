/**
 * Restarts a running container if its devices differ from its configuration. A stopped one stays stopped,
 * unless the node prevented it from starting with another container's card: then it is started with its own.
 * It is also started if gpuplay itself has stopped it and could not start it.
 *
 * Compares the device nodes in the container's /dev, their numbers, mode and owner, and the device rules that
 * it was started with, with the configuration and the node's devices. So a run also catches up on a restart
 * that an earlier run did not do.
 */
import { isUnknown } from '../../base/unknown.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import { owedStart } from '../../host/owed-starts.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { readNvidiaDrmNodes } from '../../nvidia/drm.ts'
import { readMinors } from '../../nvidia/gpus.ts'
import { readHeldBack } from '../../nvidia/held-back.ts'
import { managedGuests, resourcesFile } from '../../nvidia/high-availability.ts'
import { type DeviceNode, gpuNode } from '../../nvidia/proc.ts'
import { waitForLock } from '../../proxmox/config-change.ts'
import { type ContainerConfig, parseContainerConfig } from '../../proxmox/container-config.ts'
import { deviceEntries, isUnprivileged } from '../../proxmox/device-entries.ts'
import { configuredFeatures, runningFeatures } from '../../proxmox/features.ts'
import { pendingNames } from '../../proxmox/pending-changes.ts'
import { containerDevices } from '../../proxmox/running-container.ts'
import { startedConfig, startedLines } from '../../proxmox/started-rules.ts'
import { findGuest, type GuestPlace, missingContainer } from '../../proxmox/find-guest.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { type DeviceRules, differences, type RunningState } from './differences.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  readonly container: Container | undefined
  /** Where else the cluster has it; read only if the node does not. */
  readonly elsewhere: GuestPlace | undefined
  readonly managedByHa: boolean
}

interface Container {
  readonly running: boolean
  readonly pid: number | undefined
  /** A restart also applies its pending changes. */
  readonly config: ContainerConfig
  /** Sentences about the changes that a restart or start would make; empty if none. */
  readonly differences: readonly string[]
}

export const pveContainerRestart = {
  name: 'pve_container_restart',
  summary: 'Restarts a running container if its devices or features differ from its configuration.',
  args,
  result,
  exitCode: 6,
  probe,
  plan,
  report: (_, { ctid, container }) => ({
    ctid,
    running: container?.running === true,
    restart_pending: (container?.differences.length ?? 0) > 0,
  }),
  message: ({ restart }, { container }) =>
    container?.running === false && container.differences.length === 0 && restart !== 'observe'
      ? 'the container is configured, but stays stopped'
      : undefined,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = given.ctid === '' || given.ctid === undefined ? (placement.ctid ?? '') : String(given.ctid)
  const [status, file, resources] = await Promise.all([
    node.container(ctid),
    node.maybe(node.text(`/etc/pve/lxc/${ctid}.conf`)),
    node.text(resourcesFile),
  ])
  const managedByHa = managedGuests(resources ?? '').includes(ctid)
  const seen = { node: node.name, ctid, elsewhere: undefined, managedByHa }
  if (status === undefined) return { ...seen, container: undefined, elsewhere: await findGuest(node, ctid) }
  const config = parseContainerConfig(status.config)
  const running = status.status === 'running'
  const container = { running, pid: status.pid, config }
  if (given.restart === 'observe') return { ...seen, container: { ...container, differences: [] } }
  // Unknown only in a dry run that adds lines to the file, so the running container differs from it.
  if (running && isUnknown(file))
    return { ...seen, container: { ...container, differences: ['its configuration changes'] } }
  const found = running
    ? [
        ...differences(await readState(node, { ctid, pid: status.pid, config })),
        ...(await lackedFeatures(given, node, { ctid, pid: status.pid, config })),
      ]
    : [...(await heldBackBy(node, ctid)), ...(await owedTo(node, ctid))]
  return { ...seen, container: { ...container, differences: found } }
}

async function heldBackBy(node: Host, ctid: string): Promise<readonly string[]> {
  const held = await readHeldBack(node, ctid)
  return held === undefined ? [] : [`it was held back at its start: ${held.why}`]
}

interface Started {
  readonly ctid: string
  readonly pid: number | undefined
  readonly config: ContainerConfig
}

/** Features that the container has only after a restart. */
async function lackedFeatures(
  { features }: Args,
  node: Host,
  { ctid, pid, config }: Started,
): Promise<readonly string[]> {
  if (features.length === 0) return []
  const has = await runningFeatures(node, ctid, pid)
  const configured = configuredFeatures(config)
  return features
    .filter((name) => configured.includes(name) && !has.includes(name))
    .map((name) => `it runs without the feature ${name}`)
}

async function owedTo(node: Host, ctid: string): Promise<readonly string[]> {
  const record = await node.maybe(node.stat(owedStart(ctid)))
  if (isUnknown(record) || record === undefined) return []
  return ['gpuplay has stopped it and could not start it again']
}

/** @throws UnknownError in a dry run that reboots the node, and so the container, first. */
async function readState(node: Host, { ctid, pid, config }: Started): Promise<RunningState> {
  const [devices, entries] = [await containerDevices(node, pid), deviceEntries(config)]
  const inDri = [...devices, ...entries].some(({ path }) => path.startsWith('/dev/dri/'))
  const restricted = !isUnprivileged(config)
  // Those of other vendors are not gpuplay's.
  const drm = inDri || restricted ? await readNvidiaDrmNodes(node) : []
  const isNvidia = ({ path }: { readonly path: string }): boolean =>
    path.startsWith('/dev/nvidia') || drm.some((known) => known.path === path)
  const running = devices.filter(isNvidia)
  const configured = entries.filter(isNvidia)
  const paths = [...new Set(configured.map(({ path }) => path))]
  const [rules, uidMap, gidMap, ...present] = await Promise.all([
    restricted ? readRules(node, { ctid, config, drm }) : undefined,
    pid === undefined ? '' : node.text(`/proc/${pid}/uid_map`),
    pid === undefined ? '' : node.text(`/proc/${pid}/gid_map`),
    ...paths.map((path) => node.stat(path)),
  ])
  const nodes = new Map<string, SeenFile | undefined>(paths.map((path, index) => [path, present[index]]))
  return { configured, running, nodes, uidMap: uidMap ?? '', gidMap: gidMap ?? '', rules }
}

async function readRules(
  node: Host,
  { ctid, config, drm }: Pick<Started, 'ctid' | 'config'> & { readonly drm: readonly DeviceNode[] },
): Promise<DeviceRules | undefined> {
  const [started, minors] = await Promise.all([startedLines(node, ctid), readMinors(node)])
  return started && { started, configured: config.current.lxc, gpus: [...minors.map(gpuNode), ...drm] }
}

function plan(given: Args, { node, ctid, container, elsewhere, managedByHa }: Seen): Plan {
  if (container === undefined) return refuse(missingContainer(node, ctid, elsewhere))
  if (container.differences.length === 0) return done()
  const why = container.differences.join('; ')
  const verb = container.running ? 'restart' : 'start'
  if (given.restart === 'never') return done([`${verb} container ${ctid} to apply its configuration: ${why}`])
  if (managedByHa)
    return refuse({
      code: 'managed-by-ha',
      message: `container ${ctid} must be ${verb}ed (${why}), but HA manages it and decides when`,
      hint: `suspend HA for it (ha-manager set ct:${ctid} --state ignored), or ${verb} it yourself`,
    })
  const locked = waitForLock(ctid, container.config, given.lock_timeout ?? 60)
  if (locked) return locked
  const pending = pendingNames(container.config)
  return actions(
    [
      {
        kind: 'containerPower',
        on: 'node',
        ctid,
        verb,
        timeout: given.timeout ?? 120,
        force: given.force ?? false,
        label: `${verb} container ${ctid}: ${why}`,
        effects: [
          {
            kind: 'unknown',
            resources: [
              resource('file', startedConfig(ctid)),
              ...(container.pid === undefined ? [] : [`file:/proc/${container.pid}/*` as const]),
            ],
            why: `an earlier action ${verb}s container ${ctid}`,
          },
        ],
      },
    ],
    {
      warnings:
        pending.length === 0
          ? []
          : [`the ${verb} of container ${ctid} also applies its pending changes: ${pending.join(', ')}`],
    },
  )
}
