/** The time zone of the host: the link /etc/localtime (localtime(5)), and /etc/timezone of Debian if it exists. */
import { join, normalized } from '../../base/posix-paths.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly localtime: SeenFile | undefined
  /** The text of /etc/timezone; undefined if the host has none, as since Debian 13. */
  readonly timezone: string | undefined
  /** Whether the host knows the requested time zone. */
  readonly known: boolean
}

const linkFile = '/etc/localtime'
const textFile = '/etc/timezone'
const zones = '/usr/share/zoneinfo'

export const timezone = {
  name: 'timezone',
  summary: 'Sets the time zone of the host.',
  mayChange: () => [`file:${linkFile}`, `file:${textFile}`],
  args,
  result,
  probe,
  plan,
  report: (_, { localtime }) => ({ name: zoneOf(localtime) ?? null }),
} satisfies Module<Args, Seen>

async function probe({ name }: Args, host: Host): Promise<Seen> {
  const [localtime, text, zone] = await Promise.all([
    host.stat(linkFile),
    host.text(textFile),
    host.stat(`${zones}/${name}`, { follow: true }),
  ])
  return { localtime, timezone: text, known: zone?.kind === 'file' }
}

function plan({ name }: Args, { localtime, timezone: text, known }: Seen): Plan {
  const before = zoneOf(localtime)
  const [link, file] = [before !== name, text !== undefined && text.trim() !== name]
  if (!link && !file) return done()
  if (!known)
    return refuse({
      code: 'no-such-timezone',
      message: `the host has no time zone ${name}`,
      hint: 'check the name with `timedatectl list-timezones`, or install tzdata first',
    })
  if (localtime?.kind === 'directory')
    return refuse({ code: 'wrong-kind-of-file', message: `${linkFile} is a directory, not a link` })
  const now = `${name}\n`
  return actions(
    [
      link && localtime !== undefined && localtime.kind !== 'link'
        ? { kind: 'remove', path: linkFile }
        : undefined,
      link ? { kind: 'makeLink', path: linkFile, target: `${zones}/${name}` } : undefined,
      file ? { kind: 'writeFile', path: textFile, content: { kind: 'text', text: now } } : undefined,
    ],
    {
      diffs: [
        ...(link ? [{ title: 'time zone', before: `${before ?? 'none'}\n`, after: now }] : []),
        ...(file ? [contentDiff({ title: textFile, before: text, after: now })] : []),
      ],
    },
  )
}

function zoneOf(localtime: SeenFile | undefined): string | undefined {
  const { target = '' } = localtime ?? {}
  const path = target.startsWith('/') ? normalized(target) : join('/etc', target)
  return path.startsWith(`${zones}/`) ? path.slice(zones.length + 1) : undefined
}
