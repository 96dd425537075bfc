/** Text of files, and how much of it a diff shows. */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import type { Diff } from '../../host/plan.ts'

/** Bytes of a file that are read and shown as a difference; beyond it only sizes are named. */
export const diffLimit = 256 * 1024

export interface ContentChange {
  readonly title: string
  /** undefined: absent before, or not known. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Before and after for people. What is large or no text is named, not shown. */
export function contentDiff({ title, before, after }: ContentChange): Diff {
  return { title, before: shown(before), after: shown(after) }
}

function shown(text: string | undefined): string {
  if (text === undefined) return ''
  if (text.includes('\0')) return `(${Buffer.byteLength(text)} bytes, binary)\n`
  return Buffer.byteLength(text) > diffLimit ? `(${Buffer.byteLength(text)} bytes)\n` : text
}

/** What a file holds, for a diff: undefined when it is absent, large, or only the run will know. */
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
