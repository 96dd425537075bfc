/** Sets keys in a JSON file and keeps all others. */
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { planTextFile, probeTextFile, type SeenText } from '../support/text-file.ts'
import { args, type Args, result } from './args.ts'

export const jsonFile = {
  name: 'json_file',
  summary: 'Sets keys in a JSON file, and keeps all others.',
  args,
  result,
  probe: probeTextFile,
  plan,
} satisfies Module<Args, SeenText>

function plan({ path, values }: Args, seen: SeenText): Plan {
  return planTextFile({ path, create: true }, seen, (text) => {
    const before = parsed(text)
    if (before === undefined)
      return {
        code: 'not-json',
        wrong: `${path} is not a JSON object`,
        hint: 'correct the file by hand, or delete it',
      }
    const merged = merge(before, values)
    const after = `${JSON.stringify(merged, undefined, 4)}\n`
    return {
      after: text !== '' && same(before, merged) ? text : after,
      label: `set ${Object.keys(values).join(', ')} in ${path}`,
    }
  })
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
