/** Functions that compare the entries of lists, pair them, or turn maps into lists and back. */
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
const other = needed('other', 'list')
const names = [optional('key', 'text'), optional('value', 'text')] as const

export const setFunctions: Readonly<Record<string, SharedFunction>> = {
  unique: shared({
    parameters: [list],
    returns: 'list',
    meaning: 'The list without repeated entries, in the order of their first occurrence',
    expression: '["b", "a", "b"].unique()',
    template: '{{join (unique (split "b,a,b" ",")) ","}}',
    gives: ['b', 'a'],
    apply: ([entries]) => unique(entries),
  }),
  union: shared({
    parameters: [list, other],
    returns: 'list',
    meaning: 'The entries of both lists, each once',
    expression: 'letters.union(["b", "c"])',
    template: '{{join (union letters (split "b,c" ",")) ","}}',
    gives: ['a', 'b', 'c'],
    apply: ([left, right]) => unique([...left, ...right]),
  }),
  intersect: shared({
    parameters: [list, other],
    returns: 'list',
    meaning: 'The entries that are in both lists, each once, in the order of the first list',
    expression: 'letters.intersect(["c", "b"])',
    template: '{{join (intersect letters (split "c,b" ",")) ","}}',
    gives: ['b'],
    apply: ([left, right]) => unique(left).filter(isIn(right)),
  }),
  difference: shared({
    parameters: [list, other],
    returns: 'list',
    meaning: 'The entries of the first list that are not in the second, each once',
    expression: 'letters.difference(["b"])',
    template: '{{join (difference letters (split "b" ",")) ","}}',
    gives: ['a'],
    apply: ([left, right]) => {
      const found = isIn(right)
      return unique(left).filter((entry) => !found(entry))
    },
  }),
  zip: shared({
    parameters: [list, other],
    more: list,
    returns: 'list',
    meaning:
      'Lists with one entry of each list: the first ones, the second ones, ... up to the end of the shortest',
    expression: 'letters.zip([1, 2])',
    template: '{{json (zip letters (range 1 3))}}',
    gives: [
      ['a', 1],
      ['b', 2],
    ],
    moves: true,
    apply: (lists) =>
      Array.from({ length: Math.min(...lists.map(({ length }) => length)) }, (_, index) =>
        lists.map((entries) => entries[index]),
      ),
  }),
  dict2items: shared({
    parameters: [needed('map', 'map'), ...names],
    returns: 'list',
    meaning: 'The entries of a map as a list of maps with `key` and `value`, or with two other names',
    expression: 'table.dict2items()',
    template: '{{json (dict2items table)}}',
    gives: [{ key: 'key', value: 'value' }],
    moves: true,
    apply: ([map, key = 'key', value = 'value']) => {
      distinct('dict2items', key, value)
      return Object.entries(map).map((entry) =>
        Object.fromEntries([
          [key, entry[0]],
          [value, entry[1]],
        ]),
      )
    },
  }),
  items2dict: shared({
    parameters: [list, ...names],
    returns: 'map',
    meaning:
      'A map from a list of maps with `key` and `value`, or with two other names. A key must not occur twice',
    expression: 'disks.items2dict("name", "size")',
    template: '{{json (items2dict disks "name" "size")}}',
    gives: { sda: 2, sdb: 1 },
    apply: ([entries, key = 'key', value = 'value']) => mapOfItems(entries, key, value),
  }),
}

function unique(entries: readonly unknown[]): readonly unknown[] {
  const seen = new Map<string, unknown>()
  for (const entry of entries) if (!seen.has(identity(entry))) seen.set(identity(entry), entry)
  return [...seen.values()]
}

function isIn(entries: readonly unknown[]): (entry: unknown) => boolean {
  const known = new Set(entries.map(identity))
  return (entry) => known.has(identity(entry))
}

/** The same text for equal values, whatever the order of keys. */
function identity(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(identity).join()}]`
  if (!isPlainMap(value)) return JSON.stringify(value) ?? ''
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${identity(value[key])}`)
  return `{${parts.join()}}`
}

function distinct(name: string, key: string, value: string): void {
  if (key === value) throw new FunctionError(`"${name}" needs two different names, but got "${key}" twice`)
}

/** Ansible keeps the last of several entries with the same key, silently. */
function mapOfItems(
  entries: readonly unknown[],
  key: string,
  value: string,
): Readonly<Record<string, unknown>> {
  distinct('items2dict', key, value)
  const found = new Map<string, unknown>()
  entries.forEach((entry, index) => {
    if (!isPlainMap(entry) || !Object.hasOwn(entry, key) || !Object.hasOwn(entry, value))
      throw new FunctionError(
        `"items2dict" finds no "${key}" or no "${value}" in entry ${index}, which is ${typeName(entry)}`,
        {
          hint: 'entries count from 0; name the keys of the maps: items2dict(list, "name", "size")',
        },
      )
    const name = entry[key]
    if (typeof name !== 'string' && typeof name !== 'number' && typeof name !== 'boolean')
      throw new FunctionError(
        `"items2dict" needs texts as keys, but "${key}" of entry ${index} is ${typeName(name)}`,
      )
    if (found.has(String(name)))
      throw new FunctionError(`"items2dict" finds the key "${name}" twice; the second is in entry ${index}`)
    found.set(String(name), entry[value])
  })
  return Object.fromEntries(found)
}
