/**
 * Prevents apt from installing NVIDIA driver packages on a host whose driver comes from a `.run`: an upgrade
 * or a dependency would otherwise overwrite it with another version. Does not change a stopped container.
 */
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { driverPin } from '../../nvidia/driver-packages.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** False for a stopped container. */
  readonly reachable: boolean
  /** Undefined if the file does not exist. */
  readonly text: string | undefined
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
  if (ctid !== undefined && container?.status !== 'running') return { reachable: false, text: undefined }
  return { reachable: true, text: await host.text(path) }
}

function plan({ state }: Args, { reachable, text }: Seen): Plan {
  const wanted = state === 'present' ? driverPin : undefined
  if (!reachable || text === wanted) return done()
  const diffs = [{ title: path, before: text ?? '', after: wanted ?? '' }]
  if (wanted === undefined) return actions([{ kind: 'remove', path, label: `remove ${path}` }], { diffs })
  return actions([{ kind: 'writeFile', path, content: { kind: 'text', text: wanted }, mode: '0644' }], {
    diffs,
  })
}
