/** The `.run` of an installation, and that of the driver which it replaces. */
import { parentOf } from '../../base/posix-paths.ts'
import { isUnknown, known, type Unknown } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { cachedRunfile, checksumRecord, runfileName, sha256FromFile } from '../../nvidia/runfile.ts'
import type { Args } from './args.ts'

/** Read only if the installer must run. */
export interface Runfile {
  /** Of the current file; undefined if there is none. */
  readonly sha256: string | undefined | Unknown
  readonly recorded: string | undefined
  readonly size: number
  /** Free bytes in the directories to which it unpacks and installs. */
  readonly free: { readonly work: number; readonly usr: number }
}

export interface Previous {
  readonly version: string
  readonly runfile: string
}

/** The archive unpacks here: /tmp may be small or mounted noexec. */
export const workDirectory = '/var/tmp'
export async function readPrevious(
  { version, runfile }: Pick<Args, 'version' | 'runfile'>,
  { installed, loaded }: { readonly installed: string | undefined; readonly loaded: string | undefined },
  host: Host,
): Promise<Previous | undefined> {
  // An installed driver that was never loaded is no way back: containers have the loaded one.
  const previous = [loaded, installed].find((present) => present !== undefined && present !== version)
  if (previous === undefined) return undefined
  const cached = cachedRunfile(parentOf(runfile), previous)
  const record = await host.maybe(host.stat(checksumRecord(cached)))
  return isUnknown(record) || record === undefined ? undefined : { version: previous, runfile: cached }
}

export async function readRunfile({ version, runfile }: Args, host: Host): Promise<Runfile> {
  const [sha256, record, status, work, usr] = await Promise.all([
    host.maybe(host.hash(runfile)),
    host.maybe(host.text(checksumRecord(runfile))),
    host.maybe(host.stat(runfile)),
    host.space(workDirectory),
    host.space('/usr'),
  ])
  return {
    sha256,
    recorded: !isUnknown(record) ? sha256FromFile(record ?? '', runfileName(version)) : undefined,
    size: isUnknown(status) ? 0 : known(status?.size ?? 0),
    free: { work, usr },
  }
}
