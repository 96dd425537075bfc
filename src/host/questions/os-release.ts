/** The distribution of a host (os-release(5)). */
import type { Host } from '../host.ts'

export interface OperatingSystem {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly codename: string
  readonly family: string
  /** ID_LIKE. */
  readonly like: readonly string[]
}

/** Undefined if the host has no os-release. @throws UnknownError, HostError */
export async function readOsRelease(host: Host): Promise<OperatingSystem | undefined> {
  const release = (await host.text('/etc/os-release')) ?? (await host.text('/usr/lib/os-release'))
  return release === undefined ? undefined : parseOsRelease(release)
}

/** os-release(5): shell assignments, values bare or quoted. */
export function parseOsRelease(release: string): OperatingSystem {
  const fields = new Map<string, string>()
  for (const row of release.split('\n')) {
    const match = /^([A-Z_0-9]+)=(.*)$/.exec(row.trim())
    if (match) fields.set(match[1] ?? '', unquoted(match[2] ?? ''))
  }
  const id = fields.get('ID') ?? 'linux'
  const like = (fields.get('ID_LIKE') ?? '').split(' ').filter((one) => one !== '')
  return {
    id,
    name: fields.get('PRETTY_NAME') ?? fields.get('NAME') ?? id,
    version: fields.get('VERSION_ID') ?? '',
    codename: fields.get('VERSION_CODENAME') ?? '',
    family: [id, ...like].includes('debian') ? 'debian' : id,
    like,
  }
}

function unquoted(value: string): string {
  const match = /^(["'])(.*)\1$/.exec(value)
  return (match ? (match[2] ?? '') : value).replaceAll(/\\(["'\\$`])/g, '$1')
}
