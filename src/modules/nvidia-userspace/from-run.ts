/** The user-space driver from the node's `.run`: pushed into the container, verified there, run, and removed. */
import { planChange } from '../../apt/change.ts'
import { type PackageRequest, readWork, targetOf } from '../../apt/package-request.ts'
import { isUnknown, known } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import { actions, type Plan } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { makeWorkDirectory, workDirectory } from '../../host/work-directory.ts'
import { containerOptions, installerOutput } from '../../nvidia/installer.ts'
import { helpersRequest, purgeDriver } from '../../nvidia/package-requests.ts'
import { cachedRunfile, checksumRecord, runfileName, sha256FromFile } from '../../nvidia/runfile.ts'
import type { Args } from './args.ts'
import { removeFile, removeRun, userspaceChanged } from '../../nvidia/run-removal.ts'
import type { Inside, Platform, RunPreparation } from './seen.ts'

export async function prepareRun(
  { directory, foreign, proxy }: Args,
  {
    loaded,
    platform,
    driverPackages,
  }: { readonly loaded: string; readonly platform: Platform; readonly driverPackages: readonly string[] },
  host: Host,
): Promise<RunPreparation> {
  const path = cachedRunfile(directory, loaded)
  const [kmod, record, file, free] = await Promise.all([
    host.maybe(host.package('kmod')),
    host.maybe(host.node.text(checksumRecord(path))),
    host.maybe(host.node.stat(path)),
    host.maybe(host.space(workDirectory)),
  ])
  const lacksKmod = !isUnknown(kmod) && kmod.installed === undefined
  const [purge, install] = await Promise.all([
    foreign === 'remove' && driverPackages.length > 0
      ? readWork(removal(driverPackages, proxy), { targets: driverPackages.map(targetOf) }, host)
      : undefined,
    lacksKmod ? readWork(kmodRequest(proxy), { targets: [targetOf('kmod')] }, host) : undefined,
  ])
  const cached = isUnknown(file) || file !== undefined
  return {
    source: 'run',
    ...platform,
    purge,
    kmod: install,
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

export function planRun(
  given: Args,
  { version, inside }: { readonly version: string; readonly inside: Inside },
  preparation: RunPreparation,
): Plan {
  const { purge, kmod } = preparation
  return (
    (purge &&
      planChange(removal(inside.driverPackages, given.proxy), purge, {
        stage: 'remove the packaged driver',
      })) ??
    (kmod && planChange(kmodRequest(given.proxy), kmod, { stage: 'install kmod' })) ??
    actions(installation(given, { version, inside }, preparation))
  )
}

function installation(
  given: Args,
  { version, inside }: { readonly version: string; readonly inside: Inside },
  { uninstaller, runfile }: RunPreparation,
): readonly Action[] {
  const { userspace, leftovers } = inside
  const target = runfileName(version)
  const path = `${workDirectory}/${target}`
  const graphics = given.capabilities.includes('graphics')
  const options = containerOptions(version, { graphics })
  return [
    ...leftovers.filter((name) => name !== target).map(removeFile),
    // The installer removes another version itself, but it would take an incomplete installation of the same
    // version for complete.
    ...(uninstaller && userspace.logged === version
      ? [removeRun(version, `clean up a failed installation of ${version}`)]
      : []),
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
      hint: `see ${installerOutput} in the container for the installer's output`,
      logs: [installerOutput],
      effects: [
        userspaceChanged(`an earlier action installs user-space driver ${version}`),
        { kind: 'command', name: 'nvidia-smi', becomes: { path: '/usr/bin/nvidia-smi' } },
      ],
    },
    removeFile(target),
  ]
}

function kmodRequest(proxy: string): PackageRequest {
  return helpersRequest(['kmod'], {
    proxy,
    label: 'install kmod, which the installer needs',
    programs: ['modprobe', 'lsmod', 'depmod'].map((name) => resource('command', name)),
  })
}

function removal(packages: readonly string[], proxy: string): PackageRequest {
  return purgeDriver(packages, proxy, [userspaceChanged('an earlier action removes a packaged driver')])
}

function fingerprint(parts: readonly string[]): string {
  return sha256Of(parts.join('\0'))
}
