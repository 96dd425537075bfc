/** Reports the state of a path, for conditions of later tasks. */
import { defined } from '../../base/defined.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly status: SeenFile | undefined
  readonly checksum: string | undefined
}

export const stat = {
  name: 'stat',
  summary: 'Reports the state of a file, directory or device. Changes nothing.',
  args,
  result,
  probe,
  plan: () => done(),
  report,
} satisfies Module<Args, Seen>

async function probe({ path, follow, get_checksum: wanted }: Args, host: Host): Promise<Seen> {
  // Read together, but used only for a file.
  const asked = wanted ? host.hash(path) : undefined
  asked?.catch(() => undefined)
  const status = await host.stat(path, { follow })
  const checksum = status?.kind === 'file' ? await asked : undefined
  return { status, checksum }
}

function report({ path }: Args, { status, checksum }: Seen): Readonly<Record<string, unknown>> {
  if (status === undefined) return { stat: { exists: false } }
  const { kind, target, major, minor } = status
  return {
    stat: {
      exists: true,
      path,
      isreg: kind === 'file',
      isdir: kind === 'directory',
      islnk: kind === 'link',
      ischr: kind === 'character',
      isblk: kind === 'block',
      mode: status.mode,
      size: status.size,
      uid: status.uid,
      gid: status.gid,
      pw_name: status.owner,
      gr_name: status.group,
      ...defined({ lnk_target: target, major, minor, checksum }),
    },
  }
}
