/**
 * Reboots a node if the required driver cannot be loaded otherwise, and only if it is safe: the cluster stays
 * quorate, Ceph is healthy, no backup or migration runs, HA leaves the guests alone, and gpuplay does not run
 * on this very node.
 *
 * The engine reboots one member of corosync's cluster at a time. The reboot action starts the guests again that ran
 * before.
 */
import { defined } from '../../base/defined.ts'
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Effect } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Finding, type Plan, refuse } from '../../host/plan.ts'
import { readReplacedType } from '../../nvidia/loaded-type.ts'
import { moduleVersion, nextKernel, readKernels } from '../../nvidia/kernels.ts'
import { type Obstacle, type Obstacles, readObstacles } from '../../nvidia/reboot-guards.ts'
import { notesAfterLoad } from '../../nvidia/reload.ts'
import { type Guest, readRunningGuests } from '../../nvidia/running-guests.ts'
import { unlockHint } from '../../proxmox/device-entries.ts'
import { readInstalledDriver } from '../../nvidia/userspace.ts'
import { readCluster, restartSlots } from '../../proxmox/cluster.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly node: string
  readonly need: string | undefined
  /**
   * Version of the driver that the next boot loads, from a `.run` or from packages; undefined if none is installed
   * or a dry run cannot know.
   */
  readonly installed: string | undefined
  readonly guests: readonly Guest[]
  /** Undefined if nothing has to be rebooted, or nothing may be. */
  readonly found: Obstacles | undefined
  readonly slots: readonly string[]
}

export const nvidiaNodeReboot = {
  name: 'nvidia_node_reboot',
  summary: 'Reboots a node if the NVIDIA driver needs it and it is safe to do so.',
  args,
  result,
  exitCode: 6,
  probe,
  plan,
  report: (_, { need, guests }) => ({ pending: need !== undefined, guests: guests.map(nameOf) }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const driver = await readInstalledDriver(host)
  const installed = knownOr(driver, undefined)
  const onDisk = isUnknown(driver) || installed === given.version
  const need =
    given.purpose === 'free_cards' ? await heldBy(given, host) : await notLoaded(given, { host, onDisk })
  const seen = { node: host.name, need, installed }
  if (need === undefined) return { ...seen, guests: [], found: undefined, slots: [] }
  const [guests, found, cluster, kernel] = await Promise.all([
    readRunningGuests(host),
    given.mode === 'never' ? undefined : readObstacles(host, given),
    readCluster(host),
    given.mode === 'never' ? [] : kernelWithoutDriver(given, host),
  ])
  const locked = found && { ...found, obstacles: [...found.obstacles, ...locks(guests), ...kernel] }
  return { ...seen, guests, found: locked, slots: restartSlots(cluster) }
}

/** Proxmox is working on a locked guest; while it is locked, it cannot be started again either. */
function locks(guests: readonly Guest[]): readonly Obstacle[] {
  return guests.flatMap((guest) =>
    guest.lock === undefined
      ? []
      : [
          {
            kind: 'task',
            message: `${nameOf(guest)} is locked (lock: ${guest.lock})`,
            fix: unlockHint(guest.id, guest.kind === 'CT' ? 'pct' : 'qm'),
          },
        ],
  )
}

/** A reboot to load a driver must not end in a kernel that does not have it. */
async function kernelWithoutDriver({ purpose, version }: Args, host: Host): Promise<readonly Obstacle[]> {
  if (purpose !== 'load_driver') return []
  const kernels = await readKernels(host)
  const { running } = kernels
  const next = nextKernel(kernels)
  if (next === undefined || next === running) return []
  const found = await host.maybe(host.ask(moduleVersion({ kernel: next })))
  if (isUnknown(found) || found === version) return []
  return [
    {
      kind: 'kernel',
      message: `the next boot chooses kernel ${next}, which has no module of driver ${version}`,
      fix: `pin another kernel: proxmox-boot-tool kernel pin ${running ?? ''}`,
    },
  ]
}

async function heldBy({ modules }: Args, host: Host): Promise<string | undefined> {
  const statuses = await Promise.all(modules.map((name) => host.kernelModule(name)))
  const loaded = modules.filter((_, index) => statuses[index]?.loaded === true)
  return loaded.length > 0 ? `${loaded.join(', ')} is loaded` : undefined
}

/** A reboot helps only if the required version is installed. */
async function notLoaded(
  { version, module_type: type }: Args,
  { host, onDisk }: { readonly host: Host; readonly onDisk: boolean },
): Promise<string | undefined> {
  const driver = await host.kernelModule('nvidia')
  if (!driver.loaded || !onDisk) return undefined
  if (driver.version === version) {
    const replaced = await readReplacedType(host, type)
    return (
      replaced &&
      `driver ${version} is loaded with its ${replaced} kernel modules, the ${type ?? ''} ones are installed`
    )
  }
  return `driver ${driver.version ?? ''} is loaded, ${version} is installed`
}

function plan(given: Args, { node, need, installed, guests, found, slots }: Seen): Plan {
  const { mode, timeout } = given
  const { obstacles, overridden } = found ?? { obstacles: [], overridden: [] }
  if (need === undefined) return done()
  const pending = `REBOOT PENDING: ${need}. ${stops(guests)}`
  const yourself = `${pending} Reboot the node yourself, or run again with -e nvidia_host_reboot=auto`
  if (mode === 'never') return done([yourself])
  const own = obstacles.find(({ kind }) => kind === 'controller')
  if (own) return done([`${pending} Cannot reboot from here: ${own.message}`])
  // Does not ask for a reboot that is not safe.
  if (mode === 'ask' && obstacles.length > 0)
    return done([`${pending} Not safe now: ${obstacles.map(({ message }) => message).join('; ')}`])
  if (obstacles.length > 0)
    return refuse({
      code: 'cannot-restart',
      message: `a reboot is needed (${need}), but not safe now`,
      hint: 'run again when these conditions have cleared',
      findings: obstacles.map(({ message, fix }): Finding => ({
        message,
        ...defined({ fix }),
      })),
    })
  return actions(
    [
      {
        kind: 'reboot',
        timeout,
        reason: need,
        slots,
        ...defined({
          ask:
            mode === 'ask'
              ? {
                  question: [`Reboot ${node} now? ${need}. ${stops(guests)}`, ...overridden].join(' '),
                  declined: yourself,
                }
              : undefined,
        }),
        label: `reboot the node: ${need}`,
        effects: afterBoot(given, installed),
      },
    ],
    mode === 'ask'
      ? {}
      : {
          warnings: [
            ...overridden,
            ...(guests.length === 0 ? [] : [`the reboot stops ${guests.map(nameOf).join(', ')}`]),
          ],
        },
  )
}

/** The other modules are blacklisted; the role's boot service loads the driver, if one is installed. */
function afterBoot({ purpose, version, modules }: Args, installed: string | undefined): readonly Effect[] {
  const driver = purpose === 'load_driver' ? version : installed
  const loaded = (name: string): Effect => ({
    kind: 'kernelModule',
    name,
    becomes: driver === undefined ? { loaded: false } : { loaded: true, version: driver },
  })
  return [
    ...modules.map((name): Effect => ({ kind: 'kernelModule', name, becomes: { loaded: false } })),
    loaded('nvidia'),
    loaded('nvidia_uvm'),
    // Without a driver, nothing is loaded, and what an earlier one left noted stays.
    ...(driver === undefined ? [] : notesAfterLoad),
  ]
}

function stops(guests: readonly Guest[]): string {
  return guests.length === 0 ? 'No guest is running.' : `It stops ${guests.map(nameOf).join(', ')}.`
}

function nameOf({ kind, id, name }: Guest): string {
  return `${kind} ${id}${name === '' ? '' : ` (${name})`}`
}
