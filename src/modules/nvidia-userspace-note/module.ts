/**
 * Notes the version of a container's user-space driver on its node, where it can be compared with the loaded
 * modules while the container is stopped.
 */
import { isUnknown, type Unknown } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { readUserspace, userspaceVersion } from '../../nvidia/userspace.ts'
import { readNotedUserspace, userspaceNote } from '../../nvidia/userspace-notes.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** Undefined for a host that is no container. */
  readonly ctid: string | undefined
  /** Undefined if the container is stopped or has no user-space driver. */
  readonly version: string | undefined | Unknown
  readonly noted: string | undefined
}

export const nvidiaUserspaceNote = {
  name: 'nvidia_userspace_note',
  summary: "Notes the version of a container's user-space driver on its node.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { version }) => ({ version: isUnknown(version) ? null : (version ?? null) }),
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const { ctid } = placement
  if (ctid === undefined) return { ctid, version: undefined, noted: undefined }
  const [container, notes] = await Promise.all([node.container(ctid), readNotedUserspace(node, [ctid])])
  const noted = notes.get(ctid)
  if (container?.status !== 'running') return { ctid, version: undefined, noted }
  const [userspace, driver] = await Promise.all([
    host.maybe(readUserspace(host)),
    node.maybe(node.kernelModule('nvidia')),
  ])
  if (!isUnknown(userspace)) return { ctid, version: userspaceVersion(userspace), noted }
  // Unknown only in a dry run, which installs the version that the node has loaded.
  return { ctid, version: isUnknown(driver) ? driver : driver.version, noted }
}

function plan(_: Args, { ctid, version, noted }: Seen): Plan {
  if (ctid === undefined)
    return refuse({
      code: 'not-a-container',
      message: 'only the user-space driver of a container is noted on its node',
      hint: 'run this task for containers',
    })
  if (version === undefined || version === noted) return done()
  const path = userspaceNote(ctid)
  return actions([
    { kind: 'makeDirectory', path: path.slice(0, path.lastIndexOf('/')), on: 'node' },
    {
      kind: 'writeFile',
      path,
      on: 'node',
      mode: '0644',
      content: isUnknown(version)
        ? { kind: 'unknown', why: version.why }
        : { kind: 'text', text: `${version}\n` },
      label: `note the version of the user-space driver of container ${ctid}`,
    },
  ])
}
