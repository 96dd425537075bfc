/** Removes a driver that was installed from a `.run`, and files of its installation. */
import type { Action, Effect, Run } from '../host/action.ts'
import { resource } from '../host/resource.ts'
import { installerOutput } from './installer.ts'
import { workDirectory } from '../host/work-directory.ts'

/** The program with which a `.run` is removed again. */
export const uninstallerFile = '/usr/bin/nvidia-uninstall'

export function removeFile(name: string): Action {
  return { kind: 'remove', path: `${workDirectory}/${name}`, label: `remove ${name} from the container` }
}

/** Removes the driver of a `.run`. */
export function removeRun(version: string, label: string): Run {
  return {
    kind: 'run',
    argv: [uninstallerFile, '--silent'],
    // Its exit status is 0 even if files remain.
    success: [0, 1],
    label,
    effects: [userspaceChanged(`an earlier action removes user-space driver ${version}`)],
  }
}

export function userspaceChanged(why: string): Effect {
  return {
    kind: 'unknown',
    resources: [
      'file:/usr/lib/x86_64-linux-gnu/*',
      'file:/usr/bin/nvidia-*',
      'file:/usr/lib/firmware/nvidia/*',
      'file:/var/lib/nvidia/*',
      'file:/etc/alternatives/*',
      resource('file', installerOutput),
      resource('file', '/etc/ld.so.cache'),
    ],
    why,
  }
}
