/**
 * Installs the user-space driver in the version loaded on the container's node: no other version works with
 * it.
 *
 * Pushes the node's `.run` into the container, verifies it there, runs it without kernel modules, and removes
 * it.
 */
import { planChange } from '../../apt/change.ts'
import { type PackageRequest, readWork, targetOf } from '../../apt/package-request.ts'
import { isUnknown, known, knownOr } from '../../base/unknown.ts'
import type { Action, Effect } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse, settle } from '../../host/plan.ts'
import { readOsRelease } from '../../host/questions/os-release.ts'
import { packageArchitecture } from '../../host/questions/packages.ts'
import { systemState } from '../../host/questions/system.ts'
import { resource } from '../../host/resource.ts'
import { makeWorkDirectory, workDirectory } from '../../host/work-directory.ts'
import { containerOptions } from '../../nvidia/installer.ts'
import { helpersRequest, purgeDriver } from '../../nvidia/package-requests.ts'
import { readDriverPackages } from '../../nvidia/driver-packages.ts'
import { parseDriverVersion, versionFile } from '../../nvidia/proc.ts'
import { cachedRunfile, checksumRecord, runfileName, sha256FromFile } from '../../nvidia/runfile.ts'
import { isComplete, readUserspace, type Userspace, userspaceVersion } from '../../nvidia/userspace.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { refusalOf } from './refusals.ts'
import type { Inside, Preparation, Seen } from './seen.ts'

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
  const preparation =
    loaded === undefined || isWhole(given, userspace, loaded) ? undefined : await prepare(given, loaded, host)
  return { ...here, inside: { ...inside, preparation } }
}

/** Older modules have no version in sysfs. */
async function versionFromProc(node: Host): Promise<string | undefined> {
  return parseDriverVersion((await node.text(versionFile)) ?? '')
}

async function prepare(given: Args, loaded: string, host: Host): Promise<Preparation> {
  const { directory, foreign, proxy } = given
  const path = cachedRunfile(directory, loaded)
  const [os, architecture, packages, kmod, uninstaller, record, file, free] = await Promise.all([
    readOsRelease(host),
    host.maybe(host.ask(packageArchitecture)),
    host.maybe(readDriverPackages(host)),
    host.maybe(host.package('kmod')),
    host.maybe(host.stat('/usr/bin/nvidia-uninstall')),
    host.maybe(host.node.text(checksumRecord(path))),
    host.maybe(host.node.stat(path)),
    host.maybe(host.space(workDirectory)),
  ])
  const driverPackages = knownOr(packages, [])
  const lacksKmod = !isUnknown(kmod) && kmod.installed === undefined
  const [purge, install] = await Promise.all([
    foreign === 'remove' && driverPackages.length > 0
      ? readWork(removal(driverPackages, proxy), { targets: driverPackages.map(targetOf) }, host)
      : undefined,
    lacksKmod ? readWork(kmodRequest(proxy), { targets: [targetOf('kmod')] }, host) : undefined,
  ])
  const cached = isUnknown(file) || file !== undefined
  return {
    os,
    architecture: knownOr(architecture, 'amd64'),
    driverPackages,
    purge,
    kmod: install,
    uninstaller: !isUnknown(uninstaller) && uninstaller !== undefined,
    runfile: {
      path,
      // Unknown only in a dry run: the predicted download has no published checksum.
      sha256: cached
        ? !isUnknown(record)
          ? sha256FromFile(record ?? '', runfileName(loaded))
          : ''
        : undefined,
      size: isUnknown(file) ? 0 : known(file?.size ?? 0),
    },
    free: !isUnknown(free) ? free : Infinity,
  }
}

function isWhole({ capabilities }: Args, userspace: Userspace, version: string): boolean {
  return isComplete(userspace, version) && (userspace.graphics || !capabilities.includes('graphics'))
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
    return inside.leftovers.length === 0 ? done() : actions(inside.leftovers.map(removeFile))
  const refusal = refusalOf(given, seen, preparation)
  if (refusal) return refuse(refusal)
  if (inside.system !== undefined && /^(initializing|starting|stopping|maintenance)$/.test(inside.system))
    return settle(`the container is not ready: ${inside.system}`, given.wait)
  const { driverPackages, purge, kmod } = preparation
  return (
    (purge &&
      planChange(removal(driverPackages, given.proxy), purge, { stage: 'remove the packaged driver' })) ??
    (kmod && planChange(kmodRequest(given.proxy), kmod, { stage: 'install kmod' })) ??
    actions(installation(given, loaded, inside, preparation))
  )
}

function installation(
  given: Args,
  version: string,
  { userspace, leftovers }: Inside,
  { uninstaller, runfile }: Preparation,
): readonly Action[] {
  const target = runfileName(version)
  const path = `${workDirectory}/${target}`
  const graphics = given.capabilities.includes('graphics')
  const options = containerOptions(version, { graphics })
  return [
    ...leftovers.filter((name) => name !== target).map(removeFile),
    // The installer removes another version itself, but it would take an incomplete installation of the same
    // version for complete.
    ...(uninstaller && userspace.logged === version ? [uninstall(version)] : []),
    makeWorkDirectory,
    {
      kind: 'push',
      from: runfile.path,
      to: path,
      sha256: runfile.sha256 ?? '',
      label: `push ${runfileName(version)} into the container`,
    },
    {
      kind: 'run',
      argv: ['sh', path, ...options],
      directory: workDirectory,
      environment: { TMPDIR: workDirectory },
      timeout: given.timeout,
      detached: { name: 'nvidia-userspace', fingerprint: fingerprint([runfile.sha256 ?? '', ...options]) },
      label: `install user-space driver ${version}`,
      hint: "see /var/log/nvidia-installer.log in the container for the installer's output",
      effects: installed(version),
    },
    removeFile(target),
  ]
}

function installed(version: string): readonly Effect[] {
  return [
    {
      kind: 'unknown',
      resources: [
        'file:/usr/lib/x86_64-linux-gnu/*',
        'file:/usr/bin/nvidia-*',
        'file:/usr/lib/firmware/nvidia/*',
        'file:/var/lib/nvidia/*',
        resource('file', '/var/log/nvidia-installer.log'),
        resource('file', '/etc/ld.so.cache'),
      ],
      why: `an earlier action installs user-space driver ${version}`,
    },
    { kind: 'command', name: 'nvidia-smi', becomes: { path: '/usr/bin/nvidia-smi' } },
  ]
}

function uninstall(version: string): Action {
  return {
    kind: 'run',
    argv: ['/usr/bin/nvidia-uninstall', '--silent'],
    // Its exit status is 0 even if files remain.
    success: [0, 1],
    label: `clean up a failed installation of ${version}`,
    effects: installed(version),
  }
}

function kmodRequest(proxy: string): PackageRequest {
  return helpersRequest(['kmod'], {
    proxy,
    label: 'install kmod, which the installer needs',
    programs: ['modprobe', 'lsmod', 'depmod'].map((name) => resource('command', name)),
  })
}

function removal(packages: readonly string[], proxy: string): PackageRequest {
  return purgeDriver(packages, proxy, [])
}

function removeFile(name: string): Action {
  return { kind: 'remove', path: `${workDirectory}/${name}`, label: `remove ${name} from the container` }
}

function fingerprint(parts: readonly string[]): string {
  return sha256Of(parts.join('\0'))
}
