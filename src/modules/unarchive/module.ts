/**
 * Unpacks an archive of the host (tar(1)). Files with another content or mode are unpacked again; other files
 * in the directory stay.
 */
import { normalized } from '../../base/posix-paths.ts'
import { Unknown } from '../../base/unknown.ts'
import type { Effect } from '../../host/action.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { differsFromArchive } from '../../host/questions/archive.ts'
import type { Module } from '../module.ts'
import { filesAt } from '../support/may-change.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly archive: SeenFile | undefined
  readonly directory: SeenFile | undefined
  /** Whether the path of `creates` exists. */
  readonly created: boolean
  /** Number of entries of the archive that differ; 0 if they were not compared. */
  readonly differs: number
}

export const unarchive = {
  name: 'unarchive',
  summary: 'Unpacks a tar archive that is on the host.',
  mayChange: ({ dest }) => filesAt(dest),
  args,
  result,
  probe,
  plan,
  report: ({ src, dest }) => ({ src, dest }),
} satisfies Module<Args, Seen>

async function probe({ src, dest, creates, strip_components: strip }: Args, host: Host): Promise<Seen> {
  const [made, archive, directory] = await Promise.all([
    creates === undefined ? undefined : host.stat(creates, { follow: true }),
    host.stat(src, { follow: true }),
    host.stat(dest, { follow: true }),
  ])
  const created = made !== undefined
  const compares = creates === undefined && archive?.kind === 'file' && directory?.kind === 'directory'
  const differs = compares
    ? await host.ask(
        differsFromArchive({ archive: normalized(src), directory: normalized(dest), strip: String(strip) }),
      )
    : 0
  return { archive, directory, created, differs }
}

function plan(given: Args, { archive, directory, created, differs }: Seen): Plan {
  const { creates, strip_components: strip, timeout } = given
  const [src, dest] = [normalized(given.src), normalized(given.dest)]
  if (created) return done()
  if (archive === undefined)
    return refuse({
      code: 'file-not-found',
      message: `${src} does not exist`,
      hint: 'bring it to the host with `copy` or `get_url` first',
    })
  if (archive.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${src} is a ${archive.kind}, not a file` })
  if (directory === undefined)
    return refuse({
      code: 'no-directory',
      message: `there is no directory ${dest}`,
      hint: 'create it first with `file` and `state: directory`',
    })
  if (directory.kind !== 'directory')
    return refuse({ code: 'wrong-kind-of-file', message: `${dest} is a ${directory.kind}, not a directory` })
  if (creates === undefined && differs === 0) return done()
  const why = `an earlier task unpacks ${src}`
  const effects: readonly Effect[] = [
    { kind: 'unknown', resources: [`file:${dest}`, `file:${dest === '/' ? '' : dest}/*`], why },
    ...(creates === undefined ? [] : [{ kind: 'file', name: creates, becomes: new Unknown(why) } as const]),
  ]
  const options = strip === 0 ? [] : ['--strip-components', String(strip)]
  return actions(
    [
      {
        kind: 'run',
        argv: ['tar', '--extract', '--force-local', '--file', src, '--directory', dest, ...options],
        timeout,
        label: `unpack ${src} in ${dest}`,
        effects,
      },
    ],
    { diffs: [{ title: dest, before: before(given, differs), after: `as in ${src}\n` }] },
  )
}

function before({ creates }: Args, differs: number): string {
  if (creates !== undefined) return `no ${creates}\n`
  return `${differs} ${differs === 1 ? 'entry differs' : 'entries differ'}\n`
}
