/** Attributes of everything below a directory. */
import { isUnknown, UnknownError } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { type FoundPath, pathsBelow } from '../../host/questions/search.ts'
import { groupKind } from '../../host/resources/group.ts'
import { userKind } from '../../host/resources/user.ts'
import type { Attributes } from '../support/attributes.ts'
import { octalMode } from '../../base/mode.ts'

export interface Below {
  /** Numbers of the wanted owners; undefined if not wanted, or not there. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly paths: readonly FoundPath[]
}

/** @throws UnknownError in a dry run, if an earlier task changes what is below the directory */
export async function readBelow(path: string, { owner, group }: Attributes, host: Host): Promise<Below> {
  const [uid, gid, paths] = await Promise.all([
    owner === undefined ? undefined : userId(owner, host),
    group === undefined ? undefined : groupId(group, host),
    host.ask(pathsBelow({ directories: [path], depth: '9999' })),
  ])
  return { uid, gid, paths }
}

async function userId(name: string, host: Host): Promise<number | undefined> {
  if (/^[0-9]+$/.test(name)) return Number(name)
  const { uid } = await host.read(userKind, name)
  if (isUnknown(uid)) throw new UnknownError(uid)
  return uid
}

async function groupId(name: string, host: Host): Promise<number | undefined> {
  if (/^[0-9]+$/.test(name)) return Number(name)
  const { gid } = await host.read(groupKind, name)
  if (isUnknown(gid)) throw new UnknownError(gid)
  return gid
}

/** The changes, and how many paths they concern. chmod and chown do not follow links below the directory. */
export function changesBelow(
  path: string,
  { mode, owner, group }: Attributes,
  { uid, gid, paths }: Below,
): { readonly actions: readonly Action[]; readonly count: number } {
  const foreign = paths.filter(
    (found) => (owner !== undefined && found.uid !== uid) || (group !== undefined && found.gid !== gid),
  )
  const open = paths.filter(
    (found) =>
      mode !== undefined &&
      found.type !== 'l' &&
      octalMode(mode, { mode: found.mode, directory: found.type === 'd' }) !== found.mode,
  )
  const names = [owner ?? '', ...(group === undefined ? [] : [group])].join(':')
  const why = `an earlier task sets the attributes of everything below ${path}`
  const run = (argv: readonly string[], what: string): Action => ({
    kind: 'run',
    argv: [...argv, '--', path],
    timeout: 3600,
    label: `set ${what} of everything below ${path}`,
    effects: [{ kind: 'unknown', resources: [`file:${path}`, `file:${path}/*`], why }],
  })
  const ownersWord = [
    ...(owner === undefined ? [] : [`owner ${owner}`]),
    ...(group === undefined ? [] : [`group ${group}`]),
  ].join(' and ')
  return {
    actions: [
      ...(foreign.length > 0 ? [run(['chown', '-R', '-h', names], ownersWord)] : []),
      // After chown, which clears the bits for setuid and setgid.
      ...(open.length > 0 && mode !== undefined ? [run(['chmod', '-R', mode], `mode ${mode}`)] : []),
    ],
    count: new Set([...foreign, ...open].map((found) => found.path)).size,
  }
}
