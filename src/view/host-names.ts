/** Names of many hosts in few words: `gpu-node-[01:50] pve1`, with the ranges that inventories have too. */

/** Up to this number of hosts, each has lines of its own; in a larger fleet, equal hosts share lines. */
export const largestList = 12

/** Shorter ranges are not easier to read than the names. */
const shortestRange = 3

interface Numbered {
  readonly before: string
  readonly digits: string
  readonly after: string
}

/** Returns the names and ranges in the order of the first host of each. */
export function hostRanges(hosts: readonly string[]): readonly string[] {
  const families = new Map<string, Numbered[]>()
  for (const host of new Set(hosts)) {
    const parts = numbered(host)
    const key = JSON.stringify([parts.before, parts.digits === '', parts.after])
    families.set(key, [...(families.get(key) ?? []), parts])
  }
  return [...families.values()].flatMap(ranges)
}

/** `gpu-node-[01:50] pve1`. */
export function hostsText(hosts: readonly string[]): string {
  return hostRanges(hosts).join(' ')
}

/**
 * As many names and ranges as fit, at least one, then the number of the others: `web[1:40] db1 and 12 more`.
 * @param width In columns.
 */
export function fewHosts(hosts: readonly string[], width: number): string {
  const all = hostRanges(hosts)
  if (all.join(' ').length <= width) return all.join(' ')
  const shown: string[] = []
  let left = hosts.length
  for (const range of all) {
    const rest = left - sizeOf(range)
    const text = [...shown, range, 'and', String(rest), 'more'].join(' ')
    if (shown.length > 0 && text.length > width) break
    shown.push(range)
    left = rest
  }
  return left === 0 ? shown.join(' ') : `${shown.join(' ')} and ${left} more`
}

/** The last number of the first label counts the hosts: `gpu07.rack2.example.com`. Other names have no digits. */
function numbered(host: string): Numbered {
  const [, before = host, digits = '', middle = '', rest = ''] =
    /^([^.]*?)(\d{1,9})([^.\d]*)(\..*)?$/s.exec(host) ?? []
  return { before, digits, after: middle + rest }
}

/** @param family Names that differ only in their digits. */
function ranges(family: readonly Numbered[]): readonly string[] {
  // All numbers of a range with leading zeros have the same length; others have none: 8, 9, 10.
  const padded = new Set(family.flatMap(({ digits }) => (/^0\d/.test(digits) ? [digits.length] : [])))
  const lengthOf = ({ digits }: Numbered): number => (padded.has(digits.length) ? digits.length : 0)
  const runs: Numbered[][] = []
  const members = [...family].sort(
    (one, other) => lengthOf(one) - lengthOf(other) || Number(one.digits) - Number(other.digits),
  )
  for (const member of members) {
    const last = runs.at(-1)?.at(-1)
    const follows =
      last !== undefined &&
      lengthOf(last) === lengthOf(member) &&
      Number(member.digits) === Number(last.digits) + 1
    if (follows) runs.at(-1)?.push(member)
    else runs.push([member])
  }
  return runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)]
    if (first === undefined || last === undefined || run.length < shortestRange)
      return run.map(({ before, digits, after }) => before + digits + after)
    return [`${first.before}[${first.digits}:${last.digits}]${first.after}`]
  })
}

function sizeOf(range: string): number {
  const [, first, last] = /\[(\d+):(\d+)\]/.exec(range) ?? []
  return first === undefined || last === undefined ? 1 : Number(last) - Number(first) + 1
}
