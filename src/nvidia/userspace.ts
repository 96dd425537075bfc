/** The installed user-space driver of a machine, judged by the files that programs load. */
import { isUnknown, knownOr, type Unknown } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import { installedVersion, installerLog } from './installer.ts'

export interface Userspace {
  /** The version recorded by the installer of a `.run`; undefined if there is no record. */
  readonly logged: string | undefined
  /** Versions of libnvidia-ml.so.1 and libcuda.so.1, from their link targets. */
  readonly management: string | undefined
  readonly cuda: string | undefined
  readonly smi: boolean
  /** OpenGL and Vulkan. */
  readonly graphics: boolean
}

const libraries = '/usr/lib/x86_64-linux-gnu'

export async function readUserspace(host: Host): Promise<Userspace> {
  const [log, management, cuda, smi, glx] = await Promise.all([
    host.text(installerLog),
    linkTarget('libnvidia-ml.so.1', host),
    linkTarget('libcuda.so.1', host),
    host.stat('/usr/bin/nvidia-smi', { follow: true }),
    host.stat(`${libraries}/libGLX_nvidia.so.0`),
  ])
  return {
    logged: log === undefined ? undefined : installedVersion(log),
    management: versionOfLink(management),
    cuda: versionOfLink(cuda),
    smi: smi?.kind === 'file',
    graphics: glx !== undefined,
  }
}

/** Debian's packages lead to their directory through alternatives (update-alternatives(1)). */
async function linkTarget(name: string, host: Host): Promise<string | undefined> {
  const direct = (await host.stat(`${libraries}/${name}`))?.target
  if (direct?.startsWith('/etc/alternatives/') !== true) return direct
  return (await host.stat(`${libraries}/nvidia/current/${name}`))?.target
}

/**
 * The version of the installed driver, from a `.run` or from packages; undefined if there is none. In a dry run, a
 * library that is there may still be known after an earlier task has made the absent records of a `.run` unknown.
 */
export async function readInstalledDriver(host: Host): Promise<string | undefined | Unknown> {
  const [records, management, cuda] = await Promise.all([
    host.maybe(host.text(installerLog)),
    host.maybe(linkTarget('libnvidia-ml.so.1', host)),
    host.maybe(linkTarget('libcuda.so.1', host)),
  ])
  const logged = isUnknown(records) ? undefined : installedVersion(records ?? '')
  const linked = [management, cuda].map((target) => versionOfLink(knownOr(target, undefined)))
  const found = logged ?? linked.find((version) => version !== undefined)
  return found ?? (isUnknown(records) ? records : undefined)
}

/** The version that programs load; undefined if there is none. */
export function userspaceVersion({ management, cuda, logged }: Userspace): string | undefined {
  return management ?? cuda ?? logged
}

/**
 * Whether it is complete in this version. Without the installer's records, another tool installed it; then
 * complete is enough.
 */
export function isComplete({ logged, management, cuda, smi }: Userspace, version: string): boolean {
  return smi && management === version && cuda === version && (logged === undefined || logged === version)
}

/** `libcuda.so.580.95.05` -> `580.95.05` */
export function versionOfLink(target: string | undefined): string | undefined {
  return target === undefined ? undefined : /\.so\.([0-9]+(?:\.[0-9]+)+)$/.exec(target)?.[1]
}
