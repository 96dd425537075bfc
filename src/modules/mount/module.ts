/** A file system at a path: now (mount(8)) and at every boot (fstab(5)). */
import { defined } from '../../base/defined.ts'
import { normalized } from '../../base/posix-paths.ts'
import type { Action, Effect } from '../../host/action.ts'
import type { Host, MountStatus, SeenFile } from '../../host/host.ts'
import { actions, type Plan, refuse } from '../../host/plan.ts'
import { mountKind } from '../../host/resources/mount.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'
import { entriesFor, type FstabEntry, isSame, withEntry } from './fstab.ts'

export interface Seen {
  readonly now: MountStatus
  /** The text of /etc/fstab; undefined if there is none. */
  readonly fstab: string | undefined
  /** What is at the path if nothing is mounted there. */
  readonly point: SeenFile | undefined
  /** Whether systemd runs: it keeps what it has read from /etc/fstab. */
  readonly systemd: boolean
}

const fstabFile = '/etc/fstab'

export const mount = {
  name: 'mount',
  summary: 'Mounts or unmounts a file system, now and at every boot.',
  mayChange: ({ path }) =>
    typeof path === 'string'
      ? [`mount:${normalized(path)}`, `file:${fstabFile}`, `file:${path}*`]
      : ['mount:*', 'file:*'],
  args,
  result,
  probe,
  plan,
  report: ({ path }, { now }) => ({ path, mounted: now.mounted }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const path = normalized(given.path)
  const [now, fstab, systemd] = await Promise.all([
    host.read(mountKind, path),
    host.text(fstabFile),
    host.stat('/run/systemd/system'),
  ])
  const point = now.mounted || given.state !== 'mounted' ? undefined : await host.stat(path, { follow: true })
  return { now, fstab, point, systemd: systemd?.kind === 'directory' }
}

function plan(given: Args, seen: Seen): Plan {
  const { state } = given
  const path = normalized(given.path)
  const { now, fstab = '', point } = seen
  const entries = entriesFor(fstab, path)
  if (entries.length > 1)
    return refuse({
      code: 'several-entries',
      message: `${fstabFile} has ${entries.length} entries for ${path}`,
      hint: 'remove all but one by hand',
    })
  if (point !== undefined && point.kind !== 'directory' && point.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${path} is a ${point.kind}, not a directory` })
  const wanted = wantedEntry(given, path)
  const later = state === 'unmounted' ? fstab : withEntry(fstab, path, wanted)
  const changesNow = nowActions(given, { path, wanted, entry: entries[0], now, point })
  return actions(
    [
      ...changesNow,
      ...(later === fstab
        ? []
        : [
            {
              kind: 'writeFile',
              path: fstabFile,
              content: { kind: 'text', text: later },
              ...defined({ backup: given.backup && seen.fstab !== undefined ? true : undefined }),
              label: `${wanted === undefined ? 'remove' : 'set'} ${path} in ${fstabFile}`,
            } as const,
            seen.systemd ? reload : undefined,
          ]),
    ],
    {
      diffs: [
        ...(changesNow.length === 0 ? [] : [mountDiff(path, now, wanted)]),
        ...(later === fstab ? [] : [contentDiff({ title: fstabFile, before: seen.fstab, after: later })]),
      ],
    },
  )
}

function wantedEntry(
  { state, src = '', fstype = '', opts, dump, passno }: Args,
  path: string,
): FstabEntry | undefined {
  if (state !== 'mounted' && state !== 'present') return undefined
  return { src, path, fstype, opts, dump, passno }
}

interface Present {
  readonly path: string
  readonly wanted: FstabEntry | undefined
  /** The present entry of /etc/fstab. */
  readonly entry: FstabEntry | undefined
  readonly now: MountStatus
  readonly point: SeenFile | undefined
}

/** The mount comes before the entry, so that an entry that cannot be mounted does not stop the next boot. */
function nowActions({ state }: Args, { path, wanted, entry, now, point }: Present): readonly Action[] {
  if (state === 'present') return []
  if (wanted === undefined || state !== 'mounted') return now.mounted ? [unmount(path)] : []
  if (now.mounted) {
    if (entry === undefined || isSame(entry, wanted)) return []
    if (entry.src === wanted.src && entry.fstype === wanted.fstype)
      return entry.opts === wanted.opts
        ? []
        : [run(['mount', '-o', `remount,${wanted.opts}`, path], path, 'remount', true)]
    return [unmount(path), mounting(wanted)]
  }
  return [...(point === undefined ? [{ kind: 'makeDirectory', path } as const] : []), mounting(wanted)]
}

function mounting({ src, path, fstype, opts }: FstabEntry): Action {
  const type = fstype === 'none' ? [] : ['-t', fstype]
  return run(['mount', ...type, '-o', opts, '--', src, path], path, 'mount', true)
}

function unmount(path: string): Action {
  return run(['umount', '--', path], path, 'unmount', false)
}

function run(argv: readonly string[], path: string, verb: string, mounted: boolean): Action {
  const why = `an earlier task changes what is mounted at ${path}`
  const effects: readonly Effect[] = [
    {
      kind: 'unknown',
      resources: [`file:${path}`, `file:${path}/*`, 'file:/proc/self/*', 'file:/proc/mounts'],
      why,
    },
    { kind: 'mount', name: path, becomes: { mounted } },
  ]
  return {
    kind: 'run',
    argv,
    timeout: 120,
    label: `${verb} ${path}`,
    hint:
      verb === 'unmount'
        ? `see which programs use it with \`fuser -vm ${path}\``
        : 'an unprivileged container can mount few file systems: mount it on the node, and add it to the configuration of the container',
    effects,
  }
}

const reload: Action = { kind: 'run', argv: ['systemctl', 'daemon-reload'], timeout: 120, effects: [] }

function mountDiff(
  path: string,
  { mounted, fstype }: MountStatus,
  wanted: FstabEntry | undefined,
): { title: string; before: string; after: string } {
  return {
    title: `mount ${path}`,
    before: mounted ? `mounted (${fstype})\n` : 'not mounted\n',
    after: wanted === undefined ? 'not mounted\n' : `${wanted.src} (${wanted.fstype}, ${wanted.opts})\n`,
  }
}
