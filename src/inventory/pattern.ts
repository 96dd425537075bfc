/**
 * Host patterns: `all`, names, groups, `web*`, `~regex`, `a:b`, `a,b`, `a:&b`, `a:!b`, `group[0]`,
 * `group[1:3]`.
 */
import { hostName } from '../base/brand.ts'
import { loadRe2 } from '../base/built.ts'
import type { Position, Problem } from '../base/errors.ts'
import { globPattern } from '../base/glob.ts'
import { type Files, readText } from '../language/read-files.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { InventoryHost, Inventory } from './inventory-model.ts'

export interface PatternResult {
  /** In the order of the inventory. */
  readonly hosts: readonly InventoryHost[]
  /**
   * Parts that match nothing or are invalid: a warning for a play (an inventory need not have every group), a
   * mistake for `--limit`.
   */
  readonly problems: readonly Problem[]
  /** The parts that match nothing, each with its problem. Tasks may add what they name. */
  readonly unmatched: readonly { readonly term: string; readonly problem: Problem }[]
}

/**
 * Returns the hosts that a pattern selects: the union of all parts, intersected with those after `&`, without
 * those after `!`.
 */
export function resolvePattern(inventory: Inventory, pattern: string, where?: Position): PatternResult {
  const problems: Problem[] = []
  const unmatched: { readonly term: string; readonly problem: Problem }[] = []
  const terms = splitPattern(pattern)
  const select = (text: string): readonly InventoryHost[] => {
    const found = resolveTerm(inventory, text, where)
    if (!('problem' in found)) return found.hosts
    problems.push(found.problem)
    if (found.problem.code !== 'invalid-pattern') unmatched.push({ term: text, problem: found.problem })
    return []
  }
  const plain = terms.filter((term) => !/^[&!]/.test(term))
  const chosen = new Set(plain.length === 0 ? inventory.hosts.values() : plain.flatMap(select))
  const marked = (mark: string) => terms.filter((term) => term.startsWith(mark)).map((term) => term.slice(1))
  for (const term of marked('&')) {
    const keep = new Set(select(term))
    for (const host of chosen) if (!keep.has(host)) chosen.delete(host)
  }
  for (const term of marked('!')) for (const host of select(term)) chosen.delete(host)
  const inOrder = [...inventory.hosts.values(), inventory.localhost].filter((host) => chosen.has(host))
  // A host named localhost in the inventory replaces the implicit one.
  return { hosts: inOrder, problems, unmatched }
}

export const limitPlace: Position = { file: '--limit', line: 1, column: 1 }

/**
 * `--limit`, or the pattern of a command: a pattern, or `@FILE` with one pattern per line. A part that matches nothing is a mistake, and so
 * is a limit without parts: the variable of a script may be empty.
 */
export function resolveLimit(
  inventory: Inventory,
  limit: string,
  { files, where }: { readonly files: Files; readonly where?: Position },
): PatternResult {
  const terms: string[] = []
  for (const part of splitPattern(limit)) {
    if (!part.startsWith('@')) {
      terms.push(part)
      continue
    }
    const path = part.slice(1)
    if (files.kind(path) === undefined) {
      const missing = problem('missing-file', `there is no file "${path}"`, {
        where,
        hint: 'check the path after the @',
      })
      return { hosts: [], problems: [missing], unmatched: [] }
    }
    const problems: Problem[] = []
    const text = readText(files, path, problems)
    if (text === undefined) return { hosts: [], problems, unmatched: [] }
    terms.push(
      ...text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#')),
    )
  }
  if (terms.length === 0) {
    const empty = problem('no-hosts', `"${limit}" names no hosts`, {
      where,
      hint: 'name hosts or groups; "all" means every host',
    })
    return { hosts: [], problems: [empty], unmatched: [] }
  }
  const result = resolvePattern(inventory, terms.join(','), where)
  if (result.hosts.length > 0 || result.problems.length > 0) return result
  return {
    hosts: [],
    unmatched: [],
    problems: [
      problem('no-hosts', `"${limit}" selects no hosts`, { where, hint: 'see "gpuplay inventory --graph"' }),
    ],
  }
}

/** Splits at commas and colons, except inside brackets and inside a regular expression after `~`. */
export function splitPattern(pattern: string): readonly string[] {
  const terms: string[] = []
  let current = ''
  let depth = 0
  for (const character of pattern) {
    const inRegex = /^\s*[&!]?~/.test(current)
    if (character === '[') depth += 1
    if (character === ']') depth -= 1
    const separates = character === ',' || (character === ':' && !inRegex)
    if (separates && depth <= 0) {
      terms.push(current)
      current = ''
    } else {
      current += character
    }
  }
  terms.push(current)
  return terms.map((term) => term.trim()).filter((term) => term !== '')
}

type TermResult = { readonly hosts: readonly InventoryHost[] } | { readonly problem: Problem }

function resolveTerm(inventory: Inventory, term: string, where: Position | undefined): TermResult {
  if (term.startsWith('~')) return matchRegex(inventory, term.slice(1), where)
  const range = /^(.+)\[(\d+)-(\d+)\]$/.exec(term)
  if (range?.[1] !== undefined && isKnown(inventory, range[1])) {
    const [, group, first, last] = range
    return {
      problem: problem(
        'invalid-pattern',
        `"${term}" is ambiguous: positions in the group "${group}", or characters of a name`,
        {
          where,
          hint: `for positions, write ${group}[${first}:${last}]; both ends are included`,
        },
      ),
    }
  }
  const subscript = /^(.+)\[(-?\d+|-?\d*:-?\d*)\]$/.exec(term)
  const name = subscript?.[1] ?? term
  const base = matchName(inventory, name)
  if (base === undefined) return { problem: unknownName(inventory, name, where) }
  return subscript?.[2] === undefined ? { hosts: base } : pick(base, term, { subscript: subscript[2], where })
}

/**
 * Ansible's rules: positions start at 0, in the order of the group; negative ones count from the end; slices
 * include both ends.
 */
function pick(
  hosts: readonly InventoryHost[],
  term: string,
  { subscript, where }: { readonly subscript: string; readonly where: Position | undefined },
): TermResult {
  const place = (text: string, otherwise: number) => {
    const number = text === '' ? otherwise : Number(text)
    return number < 0 ? hosts.length + number : number
  }
  if (!subscript.includes(':')) {
    const host = hosts[place(subscript, 0)]
    if (host !== undefined) return { hosts: [host] }
    return {
      problem: problem('no-hosts', `"${term}" is out of range; number of hosts: ${hosts.length}`, {
        where,
        hint: 'positions start at 0',
      }),
    }
  }
  const [first = '', last = ''] = subscript.split(':')
  return { hosts: hosts.slice(Math.max(0, place(first, 0)), place(last, hosts.length - 1) + 1) }
}

function matchName(inventory: Inventory, name: string): readonly InventoryHost[] | undefined {
  if (name === '*') return hostsOfGroup(inventory, 'all')
  if (/[*?[]/.test(name)) {
    const pattern = globPattern(name, { classes: true })
    const found = matching(inventory, (candidate) => pattern.test(candidate))
    return found.length === 0 ? undefined : found
  }
  const group = inventory.groups.get(name)
  const host = inventory.hosts.get(hostName(name))
  if (group === undefined && host === undefined) {
    return name === inventory.localhost.name ? [inventory.localhost] : undefined
  }
  const members = hostsOfGroup(inventory, name)
  return host === undefined || members.includes(host) ? members : [host, ...members]
}

function matchRegex(inventory: Inventory, source: string, where: Position | undefined): TermResult {
  try {
    const pattern = loadRe2().compile(source)
    // Anchored at the start of the name, as in Ansible.
    const found = matching(inventory, (candidate) => pattern.matcher(candidate).lookingAt())
    if (found.length > 0) return { hosts: found }
    return { problem: problem('unknown-host', `no host or group matches "~${source}"`, { where }) }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return {
      problem: problem('invalid-pattern', `"~${source}" is not a valid regular expression: ${text}`, {
        where,
      }),
    }
  }
}

/** Returns the hosts of matching groups, and matching hosts. */
function matching(inventory: Inventory, fits: (name: string) => boolean): readonly InventoryHost[] {
  const groups = [...inventory.groups.keys()].filter((name) => name !== 'all' && fits(name))
  const members = groups.flatMap((name) => hostsOfGroup(inventory, name))
  return [...new Set([...members, ...[...inventory.hosts.values()].filter((host) => fits(host.name))])]
}

/** In the order of the group. */
function hostsOfGroup(inventory: Inventory, name: string): readonly InventoryHost[] {
  const members = inventory.groups.get(name)?.hosts ?? []
  return members.flatMap((member) => inventory.hosts.get(member) ?? [])
}

function isKnown(inventory: Inventory, name: string): boolean {
  return inventory.groups.has(name) || inventory.hosts.has(hostName(name))
}

function unknownName(inventory: Inventory, name: string, where: Position | undefined): Problem {
  const groups = [...inventory.groups.keys()]
  const hosts = [...inventory.hosts.keys()]
  const listed = [
    ...(groups.length > 30 ? [] : [`the groups are ${groups.join(', ')}`]),
    ...(hosts.length > 30 || hosts.length === 0 ? [] : [`the hosts are ${hosts.join(', ')}`]),
  ]
  return problem('unknown-host', `there is no host or group "${name}"`, {
    where,
    hint: didYouMean(name, [...groups, ...hosts], listed.length === 0 ? undefined : listed.join('; ')),
  })
}
