/** Looks at a path, for conditions of later tasks. */
import { orUnknown } from '../../base/unknown.ts'
import type { FileStatus, Host } from '../../host/host.ts'
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly status: FileStatus | undefined
  readonly checksum: string | undefined
}

export const stat = {
  name: 'stat',
  summary: 'Looks at a file, directory or device. Changes nothing.',
  args,
  result,
  probe,
  plan: () => done(),
  report,
} satisfies Module<Args, Seen>

async function probe({ path, follow, get_checksum: wanted }: Args, host: Host): Promise<Seen> {
  const status = await host.stat(path, { follow })
  const checksum = wanted && status?.kind === 'file' ? await host.hash(path) : undefined
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
      size: orUnknown(() => status.size),
      uid: orUnknown(() => status.uid),
      gid: orUnknown(() => status.gid),
      pw_name: orUnknown(() => status.owner),
      gr_name: orUnknown(() => status.group),
      ...(target === undefined ? {} : { lnk_target: target }),
      ...(major === undefined ? {} : { major }),
      ...(minor === undefined ? {} : { minor }),
      ...(checksum === undefined ? {} : { checksum }),
    },
  }
}
