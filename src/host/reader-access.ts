/** Checks whether a user other than root can carry out an action. If not, its effects are not predicted. */
import { Unknown } from '../base/unknown.ts'
import type { Action } from './action.ts'
import type { Overlay } from './overlay.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import { parentOf, type RemotePath, remotePath } from './paths.ts'
import { foresee } from './predicted-file.ts'
import { access } from './queries/writable.ts'
import type { ReaderSource } from './reader-source.ts'
import { placeOf } from './reader-host.ts'

/**
 * Returns the reason why the user cannot do it; undefined if they can, or if the action changes no file.
 * @throws UnreachableError, HostError
 */
export async function whyNot(
  action: Action,
  source: ReaderSource,
  overlay: Overlay | undefined,
): Promise<Unknown | undefined> {
  if ((action.on ?? 'host') === 'node') return undefined
  const view = overlay?.of(placeOf(source))
  const at = async (given: string, follow: boolean): Promise<RemotePath> => {
    const path = remotePath(given)
    const { links, place, target } = await source.walk(path)
    view?.learn(links)
    return view?.resolve(path, follow) ?? (follow ? target : place)
  }
  switch (action.kind) {
    case 'writeFile':
    case 'makeDirectory':
      return inDirectory(parentOf(await at(action.path, true)), source, view)
    case 'makeLink':
    case 'remove':
    case 'download':
      return inDirectory(parentOf(await at(action.path, false)), source, view)
    case 'setAttributes': {
      const path = await at(action.path, true)
      if (view && view.file(path).kind !== 'live') return undefined
      const { own } = await source.ask(access, path, [`file:${path}`, `above:${path}`])
      return own
        ? undefined
        : new Unknown(`${path} belongs to another user, and only its owner can change its attributes`)
    }
    case 'run':
    case 'push':
    case 'fetch':
    case 'containerPower':
    case 'reboot':
      return undefined
  }
}

async function inDirectory(
  directory: RemotePath,
  source: ReaderSource,
  view: PlaceOverlay | undefined,
): Promise<Unknown | undefined> {
  const refused = new Unknown(`the task's user cannot write in ${directory}`)
  const told = view?.file(directory)
  if (told?.kind === 'unknown') return told.unknown
  if (told?.kind === 'predicted') {
    const { file, anew, byUser } = foresee(told.value)
    // A user can write to their own new directories, but not to those of root.
    if (file?.kind === 'directory' && anew) return byUser ? undefined : refused
    if (byUser) return undefined
  }
  const { writable } = await source.ask(access, directory, [`file:${directory}`, `above:${directory}`])
  return writable ? undefined : refused
}
