/** Enlarges the root file system of a container that has less than its task declares. Pure. */
import type { Action } from '../../host/action.ts'
import { type ContainerConfig, rewriteContainerConfig } from '../../proxmox/container-config.ts'
import { properties } from '../../proxmox/container-settings.ts'
import { configBecomes, withCurrent } from '../../proxmox/pct-actions.ts'
import type { Args } from './args.ts'

/** In GiB, of the units of Proxmox's sizes. */
const units: Readonly<Record<string, number>> = {
  K: 1 / 1024 ** 2,
  M: 1 / 1024,
  G: 1,
  T: 1024,
  '': 1 / 1024 ** 3,
}

export interface Growth {
  readonly actions: readonly Action[]
  /** The configuration after them. */
  readonly config: ContainerConfig
}

/**
 * Nothing if no size is declared, the container has it, or its size is not limited or not known. Proxmox cannot make a
 * file system smaller.
 * @param config That of the container, or of the source of a clone that does not exist yet.
 */
export function growth(
  { disk }: Pick<Args, 'disk'>,
  ctid: string,
  { config, exists }: { readonly config: ContainerConfig; readonly exists: boolean },
): Growth {
  const rootfs = config.current.settings.get('rootfs')
  const size = properties(rootfs ?? '', 'volume').get('size')
  const [, number = '0', unit = ''] = /^([0-9]+(?:\.[0-9]+)?)([KMGT]?)$/.exec(size ?? '') ?? []
  const present = Number(number) * (units[unit] ?? 0)
  if (rootfs === undefined || disk === undefined || present === 0 || present >= disk)
    return { actions: [], config }
  const grown = withCurrent(config, [['rootfs', rootfs.replace(/(^|,)size=[^,]*/, `$1size=${disk}G`)]])
  const action: Action = {
    kind: 'run',
    on: 'node',
    argv: ['pct', 'resize', ctid, 'rootfs', `${disk}G`],
    label: `enlarge the root file system of container ${ctid} from ${size} to ${disk}G`,
    timeout: 600,
    effects: configBecomes(
      ctid,
      exists ? rewriteContainerConfig(grown) : undefined,
      `Proxmox writes the configuration of container ${ctid}`,
    ),
  }
  return { actions: [action], config: grown }
}
