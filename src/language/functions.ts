/** What expressions offer beyond the operators, in the words of docs/reference.md. Every example is evaluated by a test. */

export interface Described {
  readonly meaning: string
  readonly example: string
  /** What the example gives, as JSON. */
  readonly gives: unknown
}

/** By the name that is called. */
export const functions: Readonly<Record<string, Described>> = {
  defined: {
    meaning: 'Whether a variable or a key is there',
    example: 'defined(nobody_sets_this)',
    gives: false,
  },
  default: {
    meaning: 'The value, or another one where it is not there',
    example: 'default(nobody_sets_this, 80)',
    gives: 80,
  },
  has: { meaning: 'Whether a map has a key', example: 'has(table.other)', gives: false },
  version: {
    meaning: 'A text as a version, to compare it with another one',
    example: 'version("580.95.05") >= version("570")',
    gives: true,
  },
  size: { meaning: 'Characters of a text, entries of a list or map', example: '[1, 2].size()', gives: 2 },
  all: {
    meaning: 'Whether a condition holds for every entry of a list, or every key of a map',
    example: '[1, 2].all(x, x > 0)',
    gives: true,
  },
  exists: {
    meaning: 'Whether it holds for one of them at least',
    example: '[1, 2].exists(x, x > 1)',
    gives: true,
  },
  exists_one: {
    meaning: 'Whether it holds for exactly one',
    example: '[1, 2].exists_one(x, x > 0)',
    gives: false,
  },
  filter: {
    meaning: 'The entries for which it holds',
    example: '[1, 2, 3].filter(x, x > 1)',
    gives: [2, 3],
  },
  map: {
    meaning: 'What an expression gives for every entry',
    example: '[1, 2].map(x, x * 2)',
    gives: [2, 4],
  },
  join: {
    meaning: 'A list of texts as one text',
    example: '["a", "b"].join(", ")',
    gives: 'a, b',
  },
  split: { meaning: 'A text as a list of its parts', example: '"a,b".split(",")', gives: ['a', 'b'] },
  contains: { meaning: 'Whether a text has another one in it', example: '"abc".contains("b")', gives: true },
  startsWith: {
    meaning: 'Whether a text starts with another',
    example: '"abc".startsWith("a")',
    gives: true,
  },
  endsWith: { meaning: 'Whether a text ends with another', example: '"abc".endsWith("a")', gives: false },
  matches: {
    meaning: 'Whether a regular expression (RE2) is found anywhere in a text',
    example: '"pve12".matches("^pve[0-9]+$")',
    gives: true,
  },
  indexOf: {
    meaning: 'Where a text first has another, from 0; or -1',
    example: '"abc".indexOf("c")',
    gives: 2,
  },
  lastIndexOf: { meaning: 'Where it last has it', example: '"abca".lastIndexOf("a")', gives: 3 },
  substring: {
    meaning: 'The part of a text from one place up to another',
    example: '"abcd".substring(1, 3)',
    gives: 'bc',
  },
  trim: { meaning: 'A text without blanks at its ends', example: '" a ".trim()', gives: 'a' },
  lower: { meaning: 'A text in lower case', example: '"Ab".lower()', gives: 'ab' },
  upper: { meaning: 'A text in upper case', example: '"Ab".upper()', gives: 'AB' },
  lowerAscii: { meaning: 'As `lower`, for ASCII alone', example: '"Ab".lowerAscii()', gives: 'ab' },
  upperAscii: { meaning: 'As `upper`, for ASCII alone', example: '"Ab".upperAscii()', gives: 'AB' },
  int: { meaning: 'A text or number as a whole number', example: 'int("8080") + 1', gives: 8081 },
  double: { meaning: 'A text or number as a number with a fraction', example: 'double("1.5") * 2', gives: 3 },
  string: { meaning: 'A number or truth value as text', example: '"port " + string(80)', gives: 'port 80' },
  bool: { meaning: 'The text true or false as a truth value', example: 'bool("true")', gives: true },
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
    meaning: 'The other optional value, where the first is empty',
    example: '{"a": 1}.?b.or({"a": 1}.?a).value()',
    gives: 1,
  },
  orValue: {
    meaning: 'What a path with `.?` gives, or another value where a key is missing',
    example: '{"a": 1}.?b.orValue(2)',
    gives: 2,
  },
  hasValue: {
    meaning: 'Whether a path with `.?` gives anything',
    example: '{"a": 1}.?b.hasValue()',
    gives: false,
  },
  value: { meaning: 'What a path with `.?` gives', example: '{"a": 1}.?a.value()', gives: 1 },
  timestamp: {
    meaning: 'A text as a point in time, to compare it with another one',
    example: 'timestamp("2026-01-02T00:00:00Z") > timestamp("2026-01-01T00:00:00Z")',
    gives: true,
  },
  duration: {
    meaning: 'A text as a length of time',
    example: 'duration("90s") > duration("1m")',
    gives: true,
  },
}

/** Of CEL too, and of no use here: bytes, unsigned numbers, parts of points in time, the making of optional values. */
export const undescribed: readonly string[] = [
  'at base64 bytes dyn hex json none of uint',
  'getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth getSeconds',
].flatMap((line) => line.split(' '))
