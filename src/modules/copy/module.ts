/** Writes a file with the given content, from the controller or from the task itself. */
import { defined } from '../../base/defined.ts'
import { knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { type Plan, refuse } from '../../host/plan.ts'
import { filesAt } from '../support/may-change.ts'
import type { Module } from '../module.ts'
import {
  type ContentSeen,
  keptName,
  planContent,
  probeContent,
  reportContent,
  type Source,
} from '../support/file-content.ts'
import { sha256Of } from '../../host/content.ts'
import { diffLimit } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen extends ContentSeen {
  /** Undefined if the controller has no such file. */
  readonly source: Source | undefined
}

/** Largest file in bytes that is sent in the frame of its task. */
const travelLimit = 32 * 1024

export const copy = {
  name: 'copy',
  summary: 'Writes a file, from a local file or from the given text.',
  mayChange: ({ dest }) => filesAt(dest),
  args,
  result,
  files: { src: 'files' },
  mayBeSecret: ['content'],
  probe,
  plan,
  report: (_, seen) => reportContent(seen.source, seen),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { src, content } = given
  const source: Source | undefined =
    content === undefined
      ? await (given.remote_src ? fromHost : fromController)(src ?? '', host)
      : { content: { kind: 'text', text: content }, sha256: sha256Of(content), text: content }
  const name = src === undefined ? undefined : keptName(src)
  return { ...(await probeContent(given, name, source?.sha256 ?? '', host)), source }
}

async function fromController(path: string, { controller }: Host): Promise<Source | undefined> {
  const found = await controller.file(path)
  if (found === undefined) return undefined
  const { sha256: hash, size } = found
  const text = size > diffLimit ? `(${size} bytes)\n` : await controller.text(path)
  // The text of a small file is sent with the other actions. Binary files, and files that changed since, are
  // sent separately.
  const travels = size <= travelLimit && text !== undefined && sha256Of(text) === hash
  return {
    content: travels ? { kind: 'text', text } : { kind: 'controllerFile', path, sha256: hash, size },
    sha256: hash,
    text,
  }
}

async function fromHost(path: string, host: Host): Promise<Source | undefined> {
  if (!path.startsWith('/')) return undefined
  const found = await host.stat(path, { follow: true })
  if (found?.kind !== 'file') return undefined
  const sha256 = (await host.hash(path)) ?? ''
  const size = knownOr(found.size, undefined)
  const text = size === undefined || size > diffLimit ? undefined : await host.text(path)
  return { content: { kind: 'hostFile', path, sha256, ...defined({ size }) }, sha256, text }
}

function plan(given: Args, seen: Seen): Plan {
  if (seen.source === undefined && given.remote_src)
    return refuse({
      code: 'file-not-found',
      message: `there is no file ${given.src ?? ''} on the host`,
      hint: 'write its absolute path; for a directory run cp with `command` and `creates`',
    })
  if (seen.source === undefined)
    return refuse({
      code: 'file-not-found',
      message: `there is no file ${given.src ?? ''} on the machine that gpuplay runs on`,
      hint: "put it into the role's files/ or next to the playbook; directories are not copied",
    })
  return planContent(given, seen.source, seen)
}
