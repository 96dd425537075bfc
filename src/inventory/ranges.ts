/** Host names with ranges: `web[01:20]`, `rack[a:c]`, `node[0:10:5]`. */

/** A range that cannot be expanded. The message completes the sentence "this range ...". */
export class RangeError extends Error {}

const largest = 10_000

/**
 * Expands the ranges in a name, in order; both ends are included. Keeps leading zeros.
 * @throws RangeError for ranges that run backwards, mix letters and digits, or are too large
 */
export function expandRanges(name: string): readonly string[] {
  const match = /^(.*?)\[([^\][]*:[^\][]*)\](.*)$/s.exec(name)
  if (match === null) return [name]
  const [, before = '', range = '', after = ''] = match
  const rest = expandRanges(after)
  const parts = expandRange(range)
  if (parts.length * rest.length > largest) throw new RangeError(`gives more than ${largest} hosts`)
  return parts.flatMap((part) => rest.map((tail) => `${before}${part}${tail}`))
}

/**
 * Splits a name from its port, as Ansible does: `web1:22`, `web[1:3]:22`, `[::1]:22`. An IPv6 address with a
 * port needs brackets.
 */
export function splitPort(written: string): { readonly name: string; readonly port: number | undefined } {
  const match = /^\[(.+)\]:(\d+)$/.exec(written) ?? /^((?:[^:[\]]|\[[^\]]*\])*):(\d+)$/.exec(written)
  const [, name, port] = match ?? []
  return name === undefined ? { name: written, port: undefined } : { name, port: Number(port) }
}

function expandRange(range: string): readonly string[] {
  const [start = '', end = '', step = '1', ...more] = range.split(':')
  if (more.length > 0 || !/^[1-9]\d*$/.test(step))
    throw new RangeError('must be [first:last] or [first:last:step]')
  const stride = Number(step)
  if (/^[a-z]$/i.test(start) && /^[a-z]$/i.test(end)) {
    const sameCase = /^[a-z]{2}$/.test(start + end) || /^[A-Z]{2}$/.test(start + end)
    if (!sameCase) throw new RangeError('mixes lower-case and upper-case letters')
    return count(start.charCodeAt(0), end.charCodeAt(0), stride).map((code) => String.fromCharCode(code))
  }
  const first = start === '' ? '0' : start
  if (!/^\d+$/.test(first) || !/^\d+$/.test(end)) {
    throw new RangeError('must have numbers at both ends, or letters at both ends')
  }
  const padded = first.length > 1 && first.startsWith('0')
  if (padded && first.length !== end.length)
    throw new RangeError('must have the same number of digits at both ends')
  const width = padded ? first.length : 0
  return count(Number(first), Number(end), stride).map((number) => String(number).padStart(width, '0'))
}

function count(first: number, last: number, stride: number): readonly number[] {
  if (first > last) throw new RangeError('runs backwards')
  const length = Math.floor((last - first) / stride) + 1
  if (length > largest) throw new RangeError(`gives more than ${largest} hosts`)
  return Array.from({ length }, (_, index) => first + index * stride)
}
