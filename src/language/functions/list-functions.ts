/** Functions on lists and maps. None of them changes its arguments. */
import { isUnknown } from '../../base/unknown.ts'
import {
  FunctionError,
  isPlainMap,
  needed,
  optional,
  shared,
  type SharedFunction,
  typeName,
} from './shared-function.ts'

const list = needed('list', 'list')
const map = needed('map', 'map')

export const listFunctions: Readonly<Record<string, SharedFunction>> = {
  join: shared({
    parameters: [list, optional('separator', 'text')],
    returns: 'text',
    meaning: 'A list of texts, numbers and booleans as one text, with the separator between them',
    expression: 'letters.join("-")',
    template: '{{join letters "-"}}',
    gives: 'a-b',
    apply: ([entries, separator]) => entries.map(textOfEntry).join(separator ?? ''),
  }),
  first: shared({
    parameters: [list, optional('otherwise', 'any')],
    returns: 'any',
    meaning: 'The first entry of a list; the second value if the list is empty',
    expression: 'letters.first()',
    template: '{{first letters}}',
    gives: 'a',
    moves: true,
    apply: ([entries, otherwise]) => (entries.length > 0 ? entries[0] : instead('first', otherwise)),
  }),
  last: shared({
    parameters: [list, optional('otherwise', 'any')],
    returns: 'any',
    meaning: 'The last entry of a list; the second value if the list is empty',
    expression: 'letters.last()',
    template: '{{last letters}}',
    gives: 'b',
    moves: true,
    apply: ([entries, otherwise]) => (entries.length > 0 ? entries.at(-1) : instead('last', otherwise)),
  }),
  sort: shared({
    parameters: [list, optional('key', 'text')],
    returns: 'list',
    meaning:
      'The list in ascending order: numbers by value, texts by their characters ("10" is before "9"). With a key (`"name"`, `"disk.size"`), a list of maps by its values; equal entries keep their order',
    expression: 'disks.sort("size").first().name',
    template: '{{lookup (first (sort disks "size")) "name"}}',
    gives: 'sdb',
    apply: ([entries, key]) => sorted(entries, key),
  }),
  reverse: shared({
    parameters: [list],
    returns: 'list',
    meaning: 'The list in the opposite order',
    expression: 'letters.reverse()',
    template: '{{join (reverse letters) ","}}',
    gives: ['b', 'a'],
    moves: true,
    apply: ([entries]) => entries.toReversed(),
  }),
  flatten: shared({
    parameters: [list, optional('levels', 'number')],
    returns: 'list',
    meaning: 'The list with the entries of inner lists in their place; with a number, only that many levels',
    expression: 'nested.flatten()',
    template: '{{join (flatten nested) ","}}',
    gives: [1, 2, 3],
    apply: ([entries, levels]) => entries.flat(wholeNumber('flatten', levels ?? deepestList)),
  }),
  min: shared({
    parameters: [needed('value', 'any')],
    more: needed('value', 'any'),
    returns: 'any',
    meaning: 'The smallest number, or the first text in the order of `sort`, of a list or of several values',
    expression: 'min([3, 1, 2])',
    template: '{{min 3 1 2}}',
    gives: 1,
    apply: (values) => extreme('min', values, (order) => order < 0),
  }),
  max: shared({
    parameters: [needed('value', 'any')],
    more: needed('value', 'any'),
    returns: 'any',
    meaning: 'The largest number, or the last text, of a list or of several values',
    expression: 'max([3, 1, 2])',
    template: '{{max 3 1 2}}',
    gives: 3,
    apply: (values) => extreme('max', values, (order) => order > 0),
  }),
  range: shared({
    parameters: [needed('start', 'number'), optional('end', 'number'), optional('step', 'number')],
    returns: 'list',
    meaning: 'The whole numbers from the first value up to, but without, the second; with one value from 0',
    expression: 'range(1, 7, 2)',
    template: '{{join (range 1 7 2) ","}}',
    gives: [1, 3, 5],
    apply: ([start, end, step]) =>
      end === undefined ? numbers(0, start, 1) : numbers(start, end, step ?? 1),
  }),
  keys: shared({
    parameters: [map],
    returns: 'list',
    meaning: 'The keys of a map as a list',
    expression: 'table.keys()',
    template: '{{join (keys table) ","}}',
    gives: ['key'],
    moves: true,
    readsOnlyKeys: true,
    apply: ([entries]) => (entries instanceof Map ? [...entries.keys()] : Object.keys(entries)),
  }),
  values: shared({
    parameters: [map],
    returns: 'list',
    meaning: 'The values of a map as a list',
    expression: 'table.values()',
    template: '{{join (values table) ","}}',
    gives: ['value'],
    moves: true,
    apply: ([entries]) => Object.values(entries),
  }),
  merge: shared({
    parameters: [map],
    more: map,
    returns: 'map',
    meaning:
      'The entries of all maps in one; of two entries with the same key the later wins, with everything below it. `mergeDeep` also merges maps inside',
    expression: 'settings.merge(overrides)',
    template: '{{json (merge settings overrides)}}',
    gives: { a: { d: 2 }, c: 1 },
    moves: true,
    apply: (maps) => Object.fromEntries(maps.flatMap((entries) => Object.entries(entries))),
  }),
  mergeDeep: shared({
    parameters: [map],
    more: map,
    returns: 'map',
    meaning:
      'Like `merge`, but maps with the same key are merged, at any depth. Lists are not: the later wins',
    expression: 'settings.mergeDeep(overrides)',
    template: '{{json (mergeDeep settings overrides)}}',
    gives: { a: { b: 1, d: 2 }, c: 1 },
    moves: true,
    apply: (maps) => maps.reduce(mergeDeep),
  }),
}

const deepestList = 200
/** More would fill memory by a slip of the pen. */
const mostNumbers = 100_000

function textOfEntry(entry: unknown, index: number): string {
  if (typeof entry === 'string') return entry
  if (typeof entry === 'number' || typeof entry === 'boolean') return String(entry)
  throw new FunctionError(`"join" needs a list of texts, but entry ${index} is ${typeName(entry)}`, {
    hint: 'entries count from 0; select a part of each: list.map(x, x.name)',
  })
}

function instead(name: string, otherwise: unknown): unknown {
  if (otherwise !== undefined) return otherwise
  throw new FunctionError(`"${name}" needs an entry, but the list is empty`, {
    hint: 'give a second value to use instead',
  })
}

/** Negative, 0 or positive. `names` are the two values for the message. */
function order(
  name: string,
  [left, right]: readonly [unknown, unknown],
  names: readonly [string, string],
): number {
  if (
    (typeof left === 'number' && typeof right === 'number') ||
    (typeof left === 'string' && typeof right === 'string')
  )
    return left < right ? -1 : left > right ? 1 : 0
  const wrong = [left, right].findIndex((value) => typeof value !== 'number' && typeof value !== 'string')
  if (wrong === -1)
    throw new FunctionError(
      `"${name}" cannot compare text with a number: ${names[0]} is ${typeName(left)}, ${names[1]} is ${typeName(right)}`,
      { hint: 'convert all to text or all to numbers first: list.map(x, string(x))' },
    )
  throw new FunctionError(
    `"${name}" orders numbers and texts, but ${names[wrong] ?? ''} is ${typeName([left, right][wrong])}`,
    {
      hint:
        name === 'sort'
          ? 'name the key of the maps: sort(list, "name")'
          : 'select numbers or texts: list.map(x, x.size)',
    },
  )
}

function sorted(entries: readonly unknown[], key: string | undefined): readonly unknown[] {
  const keyed = entries.map((entry, index) => ({
    entry,
    name: `entry ${index}`,
    by: key === undefined ? entry : valueAt(entry, key, index),
  }))
  const [only] = keyed
  if (keyed.length === 1 && only !== undefined) order('sort', [only.by, only.by], [only.name, only.name])
  return keyed
    .toSorted((left, right) => order('sort', [left.by, right.by], [left.name, right.name]))
    .map(({ entry }) => entry)
}

function valueAt(entry: unknown, path: string, index: number): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    const found = isPlainMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
    if (found === undefined)
      throw new FunctionError(
        `"sort" finds no ${JSON.stringify(path)} in entry ${index}, which is ${typeName(entry)}`,
        { hint: 'entries count from 0; each of them needs the key' },
      )
    return found
  }, entry)
}

function extreme(name: string, values: readonly unknown[], wins: (order: number) => boolean): unknown {
  const [first] = values
  const entries: unknown = values.length === 1 ? first : values
  if (!Array.isArray(entries))
    throw new FunctionError(`"${name}" needs a list, or several values, but got ${typeName(first)}`)
  if (entries.length === 0) throw new FunctionError(`"${name}" needs an entry, but the list is empty`)
  let best = 0
  entries.forEach((entry: unknown, index) => {
    if (wins(order(name, [entry, entries[best]], [`entry ${index}`, `entry ${best}`]))) best = index
  })
  return entries[best]
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0) return value
  throw new FunctionError(`"${name}" needs a whole number that is not negative, but got ${value}`)
}

function numbers(start: number, end: number, step: number): readonly number[] {
  for (const value of [start, end, step])
    if (!Number.isInteger(value)) throw new FunctionError(`"range" needs whole numbers, but got ${value}`)
  if (step === 0) throw new FunctionError('"range" needs a step other than 0')
  const count = Math.max(0, Math.ceil((end - start) / step))
  if (count > mostNumbers)
    throw new FunctionError(`"range" makes at most ${mostNumbers} numbers, but this would be ${count}`)
  return Array.from({ length: count }, (_, index) => start + index * step)
}

function mergeDeep(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = new Map(Object.entries(left))
  for (const [key, value] of Object.entries(right)) {
    const before = merged.get(key)
    const both = isPlainMap(before) && isPlainMap(value)
    // An unknown value may be a map: what it would keep of the other one is unknown, too.
    const unknown = isUnknown(before) && isPlainMap(value)
    merged.set(key, both ? mergeDeep(before, value) : unknown ? before : value)
  }
  return Object.fromEntries(merged)
}
