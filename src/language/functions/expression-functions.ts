/**
 * The functions that only expressions have, as docs/reference.md describes them. A test evaluates every
 * example.
 */

export interface Described {
  readonly meaning: string
  readonly example: string
  /** The result of the example, as JSON. */
  readonly gives: unknown
}

/** By function name. */
export const functions: Readonly<Record<string, Described>> = {
  defined: {
    meaning: 'Whether a variable or a key exists',
    example: 'defined(unset)',
    gives: false,
  },
  default: {
    meaning: 'The value, or another one if it does not exist',
    example: 'default(unset, 80)',
    gives: 80,
  },
  has: { meaning: 'Whether a map has a key', example: 'has(table.other)', gives: false },
  version: {
    meaning: 'A text as a version, for comparison with another',
    example: 'version("580.95.05") >= version("570")',
    gives: true,
  },
  size: { meaning: 'Characters of a text, entries of a list or map', example: '[1, 2].size()', gives: 2 },
  all: {
    meaning: 'Whether a condition is true for every entry of a list, or every key of a map',
    example: '[1, 2].all(x, x > 0)',
    gives: true,
  },
  exists: {
    meaning: 'Whether a condition is true for at least one entry',
    example: '[1, 2].exists(x, x > 1)',
    gives: true,
  },
  exists_one: {
    meaning: 'Whether a condition is true for exactly one entry',
    example: '[1, 2].exists_one(x, x > 0)',
    gives: false,
  },
  filter: {
    meaning: 'The entries for which a condition is true',
    example: '[1, 2, 3].filter(x, x > 1)',
    gives: [2, 3],
  },
  map: {
    meaning: 'The result of an expression for every entry',
    example: '[1, 2].map(x, x * 2)',
    gives: [2, 4],
  },
  contains: { meaning: 'Whether a text contains another', example: '"abc".contains("b")', gives: true },
  startsWith: {
    meaning: 'Whether a text starts with another',
    example: '"abc".startsWith("a")',
    gives: true,
  },
  endsWith: { meaning: 'Whether a text ends with another', example: '"abc".endsWith("a")', gives: false },
  indexOf: {
    meaning: 'Position of the first occurrence of another text, from 0; or -1',
    example: '"abc".indexOf("c")',
    gives: 2,
  },
  lastIndexOf: {
    meaning: 'Position of the last occurrence of another text',
    example: '"abca".lastIndexOf("a")',
    gives: 3,
  },
  substring: {
    meaning: 'The part of a text from one position up to another',
    example: '"abcd".substring(1, 3)',
    gives: 'bc',
  },
  lowerAscii: { meaning: 'Like `lower`, for ASCII only', example: '"Ab".lowerAscii()', gives: 'ab' },
  upperAscii: { meaning: 'Like `upper`, for ASCII only', example: '"Ab".upperAscii()', gives: 'AB' },
  int: { meaning: 'A text or number as a whole number', example: 'int("8080") + 1', gives: 8081 },
  double: { meaning: 'A text or number as a number with a fraction', example: 'double("1.5") * 2', gives: 3 },
  string: { meaning: 'A number or boolean as text', example: '"port " + string(80)', gives: 'port 80' },
  bool: { meaning: 'The text true or false as a boolean', example: 'bool("true")', gives: true },
  type: {
    meaning: 'The type of a value: `string int double bool list map null`',
    example: 'type("a") == string',
    gives: true,
  },
  bind: {
    meaning: 'A name for a value inside an expression',
    example: 'cel.bind(x, 1 + 1, x * x)',
    gives: 4,
  },
  or: {
    meaning: 'The optional value, or another one if it is empty',
    example: '{"a": 1}.?b.or({"a": 1}.?a).value()',
    gives: 1,
  },
  orValue: {
    meaning: 'The value at a path with `.?`, or another one if a key is missing',
    example: '{"a": 1}.?b.orValue(2)',
    gives: 2,
  },
  hasValue: {
    meaning: 'Whether there is a value at a path with `.?`',
    example: '{"a": 1}.?b.hasValue()',
    gives: false,
  },
  value: { meaning: 'The value at a path with `.?`', example: '{"a": 1}.?a.value()', gives: 1 },
  timestamp: {
    meaning: 'A text as a point in time, for comparison with another',
    example: 'timestamp("2026-01-02T00:00:00Z") > timestamp("2026-01-01T00:00:00Z")',
    gives: true,
  },
  duration: {
    meaning: 'A text as a length of time',
    example: 'duration("90s") > duration("1m")',
    gives: true,
  },
}

/**
 * Functions of CEL that are not documented: bytes, unsigned numbers, parts of timestamps, creation of
 * optional values.
 */
export const undescribed: readonly string[] = [
  'at bytes dyn hex none of uint',
  'getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds',
].flatMap((line) => line.split(' '))
