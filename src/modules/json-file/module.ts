/** Sets keys in a JSON file and keeps all others. */
import type { Host, SeenFile } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { parentOf } from '../../base/posix-paths.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly text: string | undefined
  readonly kind: SeenFile['kind'] | undefined
  /** Whether the directory of the file exists. */
  readonly parent: boolean
}

export const jsonFile = {
  name: 'json_file',
  summary: 'Sets keys in a JSON file, and keeps all others.',
  args,
  result,
  probe,
  plan,
} satisfies Module<Args, Seen>

async function probe({ path }: Args, host: Host): Promise<Seen> {
  const [status, parent] = await Promise.all([
    host.stat(path, { follow: true }),
    host.stat(parentOf(path), { follow: true }),
  ])
  const text = status?.kind === 'file' ? await host.text(path) : undefined
  return { text, kind: status?.kind, parent: parent?.kind === 'directory' }
}

function plan({ path, values }: Args, { text, kind, parent }: Seen): Plan {
  if (kind !== undefined && kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${path} is a ${kind}, not a file` })
  if (!parent)
    return refuse({
      code: 'no-directory',
      message: `there is no directory ${parentOf(path)}`,
      hint: 'create it first with `file` and `state: directory`',
    })
  const before = parsed(text ?? '')
  if (before === undefined)
    return refuse({
      code: 'not-json',
      message: `${path} is not a JSON object`,
      hint: 'correct the file by hand, or delete it',
    })
  const merged = merge(before, values)
  if (text !== undefined && same(before, merged)) return done()
  const after = `${JSON.stringify(merged, undefined, 4)}\n`
  return actions(
    [
      {
        kind: 'writeFile',
        path,
        content: { kind: 'text', text: after },
        label: `set ${Object.keys(values).join(', ')} in ${path}`,
      },
    ],
    { diffs: [contentDiff({ title: path, before: text, after })] },
  )
}

type Table = Readonly<Record<string, unknown>>

/** An empty file counts as an object without keys; undefined for anything that is no object. */
function parsed(text: string): Table | undefined {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return isTable(value) ? value : undefined
  } catch {
    return undefined
  }
}

function merge(before: Table, values: Table): Table {
  const merged = new Map(Object.entries(before))
  for (const [key, value] of Object.entries(values)) {
    const old = merged.get(key)
    merged.set(key, isTable(value) ? merge(isTable(old) ? old : {}, value) : value)
  }
  return Object.fromEntries(merged)
}

function same(a: unknown, b: unknown): boolean {
  if (isTable(a) && isTable(b)) {
    const [one, other] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
    return (
      one.size === other.size &&
      [...one].every(([key, value]) => other.has(key) && same(value, other.get(key)))
    )
  }
  return JSON.stringify(a) === JSON.stringify(b)
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
