/** Which systems of containers the roles support, by the configuration and by the container itself. */
import { isUnknown } from '../base/unknown.ts'
import type { ContainerStatus, Host } from '../host/host.ts'
import type { Refusal } from '../host/plan.ts'
import { type OperatingSystem, readOsRelease } from '../host/questions/os-release.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'
import { ostypeOf, otherOstype } from '../proxmox/ostype.ts'

/** Set if NVIDIA's user-space driver cannot be installed by the roles. */
export function unsupportedSystem(ctid: string, os: OperatingSystem | undefined): Refusal | undefined {
  if (os?.id === 'alpine')
    return {
      code: 'no-glibc',
      message: `container ${ctid} runs ${os.name}, whose C library is not glibc: NVIDIA's programs need glibc`,
      hint: 'use a Debian or Ubuntu container',
    }
  if ([os?.id, ...(os?.like ?? [])].some((id) => id === 'debian' || id === 'ubuntu')) return undefined
  return {
    code: 'not-debian',
    message: `container ${ctid} runs ${os?.name ?? 'an unknown system'}; this role supports only Debian and Ubuntu`,
    hint: 'use a Debian or Ubuntu container',
  }
}

/**
 * As `otherOstype`. `unmanaged` and a missing `ostype` say nothing about the system, so a running container is asked
 * itself, if the task is for it. An empty list allows all.
 */
export async function readUnsupported(
  ctid: string,
  { status, config }: ContainerStatus,
  { host, allowed }: { readonly host: Host; readonly allowed: readonly string[] },
): Promise<Refusal | undefined> {
  const parsed = parseContainerConfig(config)
  const other = otherOstype(ctid, parsed, allowed)
  if (other || allowed.length === 0 || status !== 'running' || host.placement.ctid !== ctid) return other
  const ostype = ostypeOf(parsed)
  if (ostype !== undefined && ostype !== 'unmanaged') return undefined
  const os = await host.maybe(readOsRelease(host))
  const unsupported = isUnknown(os) ? undefined : unsupportedSystem(ctid, os)
  return unsupported && { ...unsupported, exitCode: 2 }
}
