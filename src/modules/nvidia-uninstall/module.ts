/**
 * Removes the driver that gpuplay has installed from a `.run`: on a node with its kernel modules, which are unloaded
 * first, in a container the user-space driver.
 *
 * gpuplay's own records of its installers tell its drivers from those of others, which stay: a driver is gpuplay's if
 * the last installer that it ran, or the last that succeeded, is that of the installed version. After a failed upgrade,
 * these are two versions. On a node, nothing is removed as long as a container
 * still has a GPU: it could not start without the device nodes, whoever installed the driver, because `uninstall.yml`
 * goes on to remove the services that create them.
 */
import { knownOr } from '../../base/unknown.ts'
import type { Action, Effect } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { jobRecord, jobScripts } from '../../host/work-directory.ts'
import { assignmentNotes } from '../../nvidia/assignment-note.ts'
import { type GpuContainer, readGpuContainers } from '../../nvidia/gpu-containers.ts'
import { installedVersion, installerLog } from '../../nvidia/installer.ts'
import { loadedVersionFile } from '../../nvidia/proc.ts'
import { helper, persistenceUnit } from '../../nvidia/reload.ts'
import { removeRun } from '../../nvidia/run-removal.ts'
import { versionInScript } from '../../nvidia/runfile.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** False for a stopped container; then nothing else is known. */
  readonly running: boolean
  readonly ctid: string | undefined
  /** Whether gpuplay has noted an assignment of the container. */
  readonly configured: boolean
  /** The version of the installed `.run`; undefined if there is none. */
  readonly installed: string | undefined
  /** Whether gpuplay has run an installer here. */
  readonly record: boolean
  /** The version of the last installer that gpuplay ran here; undefined if there is none, or its record is damaged. */
  readonly recorded: string | undefined
  /** The version of the last one that succeeded. */
  readonly succeeded: string | undefined
  /** Of a node. */
  readonly loaded: string | undefined
  /** Of a node: those that have a GPU. */
  readonly containers: readonly GpuContainer[]
  /** Whether the node has the program that unloads the driver. */
  readonly helper: boolean
}

export const nvidiaUninstall = {
  name: 'nvidia_uninstall',
  summary: 'Removes the driver that gpuplay has installed from a `.run`, on a node or in a container.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { configured, running }) => ({ configured, running }),
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const { ctid } = host.placement
  return ctid === undefined ? probeNode(host) : probeContainer(ctid, host)
}

async function probeNode(host: Host): Promise<Seen> {
  const [here, driver, containers, program] = await Promise.all([
    readRun('nvidia-installer', host),
    host.kernelModule('nvidia'),
    readGpuContainers(host),
    host.maybe(host.stat(helper)),
  ])
  return {
    ...here,
    running: true,
    ctid: undefined,
    configured: false,
    loaded: driver.loaded ? (driver.version ?? '') : undefined,
    containers: containers.filter(({ template }) => !template),
    helper: knownOr(program, undefined) !== undefined,
  }
}

async function probeContainer(ctid: string, host: Host): Promise<Seen> {
  const { node } = host
  const [container, note] = await Promise.all([
    node.container(ctid),
    node.maybe(node.stat(`${assignmentNotes}/${ctid}`)),
  ])
  const running = container?.status === 'running'
  const here = running ? await readRun('nvidia-userspace', host) : nothing
  const configured = knownOr(note, undefined) !== undefined
  return { ...here, running, ctid, configured, loaded: undefined, containers: [], helper: false }
}

/** The names of the installers' jobs. */
type Installer = 'nvidia-installer' | 'nvidia-userspace'

function forget(job: Installer): Action {
  return {
    kind: 'remove',
    path: jobRecord(job),
    recursive: true,
    label: 'remove the record of the installation',
  }
}

type Records = Pick<Seen, 'installed' | 'record' | 'recorded' | 'succeeded'>

const nothing: Records = {
  installed: undefined,
  record: false,
  recorded: undefined,
  succeeded: undefined,
}

async function readRun(job: Installer, host: Host): Promise<Records> {
  const [log, record, ...scripts] = await Promise.all([
    host.maybe(host.text(installerLog)),
    host.maybe(host.stat(jobRecord(job))),
    ...jobScripts(job).map((path) => host.maybe(host.text(path))),
  ])
  const [recorded, succeeded] = scripts.map((script) => versionInScript(knownOr(script, undefined) ?? ''))
  return {
    installed: installedVersion(knownOr(log, undefined) ?? ''),
    record: knownOr(record, undefined) !== undefined,
    recorded,
    succeeded,
  }
}

function plan({ timeout }: Args, seen: Seen): Plan {
  const { running, ctid, installed, record, recorded, succeeded, loaded, containers, helper: program } = seen
  if (!running)
    return done([
      `container ${ctid ?? ''} is stopped: its user-space driver, if it has one, stays; run again when it runs`,
    ])
  if (containers.length > 0) return refuse(stillUsed(containers))
  const installer = ctid === undefined ? 'nvidia-installer' : 'nvidia-userspace'
  // The removal is done, in this run or in one that was interrupted.
  if (installed === undefined) return actions(record ? [forget(installer)] : [], { warnings: left(seen) })
  if (installed !== recorded && installed !== succeeded) return done([stays(installed, seen)])
  // The uninstaller exits with 0 even if the driver remains, so its record is kept until the driver is gone.
  const stage = ctid === undefined ? `remove driver ${installed}` : `remove user-space driver ${installed}`
  const removal = { ...removeRun(installed, stage), timeout }
  if (ctid !== undefined) return actions([removal], { stage })
  return actions(
    [
      loaded === undefined || !program ? undefined : unload(loaded),
      { ...removal, effects: removed(installed) },
    ],
    { stage },
  )
}

/** About a driver that is loaded although no `.run` is installed. */
function left({ loaded, record, recorded, succeeded }: Seen): readonly string[] {
  if (loaded === undefined) return []
  return [
    record && (loaded === recorded || loaded === succeeded)
      ? `driver ${loaded} is removed, but its kernel modules stay loaded until the node reboots`
      : stays(loaded, { record: false, recorded }),
  ]
}

function stays(version: string, { record, recorded }: Pick<Seen, 'record' | 'recorded'>): string {
  return record
    ? `driver ${version} stays: the last installer that gpuplay ran here is that of ${recorded ?? 'an unknown version'}; to remove the driver, run nvidia-uninstall`
    : `driver ${version} stays: gpuplay has not installed it from a .run`
}

function unload(version: string): Action {
  const gone = ['nvidia', 'nvidia_uvm', 'nvidia_modeset', 'nvidia_drm']
  return {
    kind: 'run',
    argv: [helper, 'unload'],
    timeout: 120,
    label: `unload driver ${version}`,
    hint: 'stop the programs that use the GPUs, then run again',
    effects: [
      ...gone.map((name): Effect => ({ kind: 'kernelModule', name, becomes: { loaded: false } })),
      { kind: 'unit', name: persistenceUnit, becomes: { active: 'inactive' } },
      { kind: 'file', name: loadedVersionFile, becomes: { kind: 'absent' } },
      {
        kind: 'unknown',
        resources: ['file:/dev/nvidia*', 'file:/dev/dri*', 'file:/proc/*'],
        why: 'an earlier action unloads the driver',
      },
    ],
  }
}

function removed(version: string): readonly Effect[] {
  return [
    {
      kind: 'unknown',
      resources: [
        'file:/var/lib/nvidia/*',
        'file:/var/lib/dkms/*',
        'file:/usr/src/nvidia-*',
        'file:/usr/bin/nvidia-*',
        'file:/usr/lib/*',
        'file:/lib/modules/*',
        'file:/etc/ld.so.cache',
        resource('file', '/var/log/nvidia-uninstall.log'),
      ],
      why: `an earlier action removes driver ${version}`,
    },
  ]
}

function stillUsed(containers: readonly GpuContainer[]): Refusal {
  return {
    code: 'containers-have-gpus',
    message: 'containers of this node still have a GPU, and could not start without the driver',
    hint: 'add them to the inventory and to the run, so that their GPUs are taken away too',
    findings: containers.map(({ ctid, hostname }) => ({
      message: `container ${ctid}${hostname === '' ? '' : ` (${hostname})`} has a GPU`,
      line: `/etc/pve/lxc/${ctid}.conf`,
    })),
    exitCode: 4,
  }
}
