/** The text of files in a diff. */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import type { Diff } from '../../host/plan.ts'

/** Largest file in bytes whose text a diff shows; for larger files it shows only the size. */
export const diffLimit = 256 * 1024

export interface ContentChange {
  readonly title: string
  /** Undefined if the file was absent, or unknown. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** The before and after of a diff. Large and binary files are shown only by size. */
export function contentDiff({ title, before, after }: ContentChange): Diff {
  return { title, before: shown(before), after: shown(after) }
}

function shown(text: string | undefined): string {
  if (text === undefined) return ''
  if (text.includes('\0')) return `(${Buffer.byteLength(text)} bytes, binary)\n`
  return Buffer.byteLength(text) > diffLimit ? `(${Buffer.byteLength(text)} bytes)\n` : text
}

/** A file's text for a diff: undefined if the file is absent, large, or known only in the run. */
export async function textForDiff(
  host: Host,
  path: string,
  status: SeenFile | undefined,
): Promise<string | undefined> {
  if (status?.kind !== 'file') return undefined
  if (isUnknown(status.size) || status.size > diffLimit) return undefined
  const text = await host.maybe(host.text(path))
  return knownOr(text, undefined)
}
