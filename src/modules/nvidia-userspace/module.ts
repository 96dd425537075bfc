/**
 * Installs the user-space driver in the version loaded on the container's node: no other version works with
 * it. From the node's `.run`, without kernel modules, or from packages of the container's own repositories.
 */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse, settle } from '../../host/plan.ts'
import { readOsRelease } from '../../host/questions/os-release.ts'
import { packageArchitecture } from '../../host/questions/packages.ts'
import { systemState } from '../../host/questions/system.ts'
import { workDirectory } from '../../host/work-directory.ts'
import { readDriverPackages } from '../../nvidia/driver-packages.ts'
import { parseDriverVersion, versionFile } from '../../nvidia/proc.ts'
import { isComplete, readUserspace, type Userspace, userspaceVersion } from '../../nvidia/userspace.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { areInstalled, planPackages, preparePackages, readInstalled } from './from-packages.ts'
import { planRun, prepareRun } from './from-run.ts'
import { packagesRefusal, runRefusal, unfitPlatform } from './refusals.ts'
import { removeFile, uninstallerFile } from '../../nvidia/run-removal.ts'
import type { Inside, Platform, Seen } from './seen.ts'

export const nvidiaUserspace = {
  name: 'nvidia_userspace',
  summary: "Installs the user-space driver that matches the one loaded on the container's node.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { loaded, inside }) => ({
    running: inside !== undefined,
    version: loaded ?? null,
    installed: (inside && userspaceVersion(inside.userspace)) ?? null,
  }),
  message: (_, { inside }) =>
    inside === undefined ? 'user-space driver pending: the container is stopped' : undefined,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = placement.ctid ?? ''
  const [container, driver] = await Promise.all([node.container(ctid), node.kernelModule('nvidia')])
  const loaded = driver.loaded ? (driver.version ?? (await versionFromProc(node))) : undefined
  const here = { node: node.name, ctid, loaded }
  if (container?.status !== 'running') return { ...here, inside: undefined }
  const [userspace, names, system] = await Promise.all([
    readUserspace(host),
    host.list(workDirectory),
    host.maybe(host.ask(systemState)),
  ])
  const inside = {
    userspace,
    leftovers: (names ?? []).filter((name) => name.startsWith('NVIDIA-')),
    system: knownOr(system, undefined),
  }
  const due = loaded === undefined ? nothingDue : await readDue(given, { loaded, userspace }, host)
  return { ...here, inside: { ...inside, ...due } }
}

/** Older modules have no version in sysfs. */
async function versionFromProc(node: Host): Promise<string | undefined> {
  return parseDriverVersion((await node.text(versionFile)) ?? '')
}

type Due = Pick<Inside, 'driverPackages' | 'preparation'>

const nothingDue: Due = { driverPackages: [], preparation: undefined }

interface Present {
  readonly loaded: string
  readonly userspace: Userspace
}

function readDue(given: Args, present: Present, host: Host): Promise<Due> {
  return given.source === 'apt' ? readDuePackages(given, present, host) : readDueRun(given, present, host)
}

async function readDueRun(given: Args, { loaded, userspace }: Present, host: Host): Promise<Due> {
  const whole = hasParts(given, userspace, loaded)
  // With the installer's records, the driver is from a .run.
  if (whole && userspace.logged !== undefined) return nothingDue
  const driverPackages = knownOr(await host.maybe(readDriverPackages(host)), [])
  // Another tool has installed it, or apt.
  if (whole && (driverPackages.length === 0 || given.foreign === 'refuse'))
    return { driverPackages, preparation: undefined }
  const platform = await readPlatform(host)
  return { driverPackages, preparation: await prepareRun(given, { loaded, platform, driverPackages }, host) }
}

async function readDuePackages(given: Args, { loaded, userspace }: Present, host: Host): Promise<Due> {
  const installed = await readInstalled(loaded, host)
  const right = areInstalled(given, installed, loaded)
  const damaged = right && !hasParts(given, userspace, loaded)
  if (right && !damaged && userspace.logged === undefined) return nothingDue
  const platform = await readPlatform(host)
  return {
    driverPackages: [],
    preparation: await preparePackages(given, { version: loaded, platform, installed, damaged }, host),
  }
}

function hasParts({ capabilities }: Args, userspace: Userspace, version: string): boolean {
  return isComplete(userspace, version) && (userspace.graphics || !capabilities.includes('graphics'))
}

async function readPlatform(host: Host): Promise<Platform> {
  const [os, architecture, uninstaller] = await Promise.all([
    readOsRelease(host),
    host.maybe(host.ask(packageArchitecture)),
    host.maybe(host.stat(uninstallerFile)),
  ])
  return {
    os,
    architecture: knownOr(architecture, 'amd64'),
    uninstaller: !isUnknown(uninstaller) && uninstaller !== undefined,
  }
}

function plan(given: Args, seen: Seen): Plan {
  const { inside, loaded } = seen
  if (inside === undefined) return done()
  if (loaded === undefined)
    return refuse({
      code: 'no-driver-on-node',
      message: `${seen.node} has no NVIDIA driver loaded, so there is no version to install`,
      hint: `run nodes.yml for ${seen.node} first`,
    })
  const { preparation } = inside
  if (preparation === undefined)
    return actions(inside.leftovers.map(removeFile), { warnings: besidePackages(inside, loaded) })
  const refusal =
    unfitPlatform(seen, preparation) ??
    (preparation.source === 'run'
      ? runRefusal(given, seen, preparation)
      : packagesRefusal(given, seen, inside, preparation))
  if (refusal) return refuse(refusal)
  if (inside.system !== undefined && /^(initializing|starting|stopping|maintenance)$/.test(inside.system))
    return settle(`the container is not ready: ${inside.system}`, given.wait)
  const wanted = { version: loaded, inside }
  return preparation.source === 'run'
    ? planRun(given, wanted, preparation)
    : planPackages(given, wanted, preparation)
}

function besidePackages({ driverPackages }: Inside, version: string): readonly string[] {
  if (driverPackages.length === 0) return []
  return [
    `driver ${version} is from packages: ${driverPackages.join(', ')}; lxc_userspace_driver_source: apt keeps them at this version, lxc_userspace_driver_foreign: remove replaces them`,
  ]
}
