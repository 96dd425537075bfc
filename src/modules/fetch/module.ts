/** Saves a file of the host on the machine that gpuplay runs on. */
import { nameOf, normalized } from '../../base/posix-paths.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly status: SeenFile | undefined
  /** Where it is saved. */
  readonly to: string
  readonly sha256: string | undefined
  /** Of the file on the controller. */
  readonly present: string | undefined
}

export const fetch = {
  name: 'fetch',
  summary: 'Saves a file of the host on the machine that gpuplay runs on.',
  args,
  result,
  saves: ['dest'],
  probe,
  plan,
  report: ({ src }, { to, sha256 }) => ({ src, dest: to, checksum: sha256 ?? '' }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const to = savedPath(given, host.name)
  const [status, kept] = await Promise.all([host.stat(given.src, { follow: true }), host.controller.file(to)])
  const sha256 = status?.kind === 'file' ? await host.hash(given.src) : undefined
  return { status, to, sha256, present: kept?.sha256 }
}

function savedPath({ src, dest, flat }: Args, host: string): string {
  if (!flat) return `${dest.replace(/\/+$/, '')}/${host}${normalized(src)}`
  return dest.endsWith('/') ? `${dest}${nameOf(src)}` : dest
}

function plan({ src, fail_on_missing: fails }: Args, { status, to, sha256, present }: Seen): Plan {
  if (status === undefined) {
    const message = `${src} does not exist`
    return fails
      ? refuse({ code: 'file-not-found', message, hint: '`fail_on_missing: false` only warns' })
      : done([message])
  }
  if (status.kind !== 'file' || sha256 === undefined)
    return refuse({
      code: 'wrong-kind-of-file',
      message: `${src} is a ${status.kind}, not a file`,
      hint: 'pack a directory with tar first',
    })
  if (sha256 === present) return done()
  return actions([{ kind: 'fetch', path: src, to, sha256 }], {
    diffs: [
      {
        title: to,
        before: present === undefined ? 'absent\n' : `sha256 ${present}\n`,
        after: `sha256 ${sha256}\n`,
      },
    ],
  })
}
