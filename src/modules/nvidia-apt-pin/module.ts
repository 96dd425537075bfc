/**
 * Prevents apt from installing NVIDIA driver packages on a host whose driver comes from a `.run`: an upgrade
 * or a dependency would otherwise overwrite it with another version. Does not change a stopped container.
 */
import type { Action } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, type Diff, done, type Plan } from '../../host/plan.ts'
import { driverPin } from '../../nvidia/driver-packages.ts'
import { packagesPinFile } from '../../nvidia/packaged-driver.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** False for a stopped container. */
  readonly reachable: boolean
  /** Undefined if the file does not exist. */
  readonly text: string | undefined
  /** The pin of packages to one version, which contradicts this one. */
  readonly packages: string | undefined
}

const path = '/etc/apt/preferences.d/gpuplay-nvidia.pref'

export const nvidiaAptPin = {
  name: 'nvidia_apt_pin',
  summary: 'Prevents apt from installing NVIDIA driver packages, or allows it again.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const { ctid } = host.placement
  const container = ctid === undefined ? undefined : await host.node.container(ctid)
  if (ctid !== undefined && container?.status !== 'running')
    return { reachable: false, text: undefined, packages: undefined }
  const [text, packages] = await Promise.all([host.text(path), host.text(packagesPinFile)])
  return { reachable: true, text, packages }
}

function plan({ state }: Args, { reachable, text, packages }: Seen): Plan {
  if (!reachable) return done()
  const changes = [
    ...(state === 'packages' ? [] : change(packagesPinFile, packages, undefined)),
    ...change(path, text, state === 'present' ? driverPin : undefined),
  ]
  return actions(
    changes.map(({ action }) => action),
    { diffs: changes.map(({ diff }) => diff) },
  )
}

interface Change {
  readonly action: Action
  readonly diff: Diff
}

function change(file: string, before: string | undefined, after: string | undefined): readonly Change[] {
  if (before === after) return []
  const diff = { title: file, before: before ?? '', after: after ?? '' }
  if (after === undefined) return [{ action: { kind: 'remove', path: file, label: `remove ${file}` }, diff }]
  return [
    { action: { kind: 'writeFile', path: file, content: { kind: 'text', text: after }, mode: '0644' }, diff },
  ]
}
