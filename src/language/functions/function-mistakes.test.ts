import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InputError } from '../../base/errors.ts'
import { expressionOf, mistake } from '../testing/scopes.ts'
import { cel, hbs } from './testing/function-scope.ts'

describe('a wrong value is an error that names the place, the function and the types', () => {
  const mistakes: readonly (readonly [source: string, expected: string, hint?: string])[] = [
    [
      '[1].map(x, text.sort())',
      '12 "sort" needs a list as its first value, but got text',
      'write sort(list[, key])',
    ],
    ['sort(text)', '1 "sort" needs a list as its first value, but got text'],
    ['sort(text, "a")', '1 "sort" needs a list as its first value, but got text'],
    ['1 + "abc".keys()', '5 "keys" needs a map as its first value, but got text'],
    ['merge(settings, letters)', '1 "merge" needs a map as its second value, but got a list'],
    ['settings.merge(table, none)', '1 "merge" needs a map as its third value, but got null'],
    ['replace("a")', '1 "replace" takes 3 values', 'write replace(text, from, to)'],
    ['letters.replace("a", "b")', '1 "replace" needs text as its first value, but got a list'],
    ['lower(none)', '1 "lower" needs text as its first value, but got null'],
    ['sort([1, "a"])', '1 "sort" cannot compare text with a number: entry 1 is text, entry 0 is a number'],
    ['sort(hosts)', '1 "sort" orders numbers and texts, but entry 1 is a map'],
    ['sort([hosts])', '1 "sort" orders numbers and texts, but entry 0 is a list'],
    ['disks.sort("rank")', '1 "sort" finds no "rank" in entry 0, which is a map'],
    ['letters.sort("rank")', '1 "sort" finds no "rank" in entry 0, which is text'],
    ['max([1, "a"])', '1 "max" cannot compare text with a number: entry 1 is text, entry 0 is a number'],
    ['max(settings)', '1 "max" needs a list, or several values, but got a map'],
    ['min([])', '1 "min" needs an entry, but the list is empty'],
    ['first(empty)', '1 "first" needs an entry, but the list is empty', 'give a second value to use instead'],
    ['hosts.join(",")', '1 "join" needs a list of texts, but entry 0 is a map'],
    ['range(1, 2, 0)', '1 "range" needs a step other than 0'],
    ['range(1000000)', '1 "range" makes at most 100000 numbers, but this would be 1000000'],
    ['range(1.5)', '1 "range" needs whole numbers, but got 1.5'],
    ['flatten(nested, -1)', '1 "flatten" needs a whole number that is not negative, but got -1'],
    ['table.dict2items("a", "a")', '1 "dict2items" needs two different names, but got "a" twice'],
    [
      'disks.items2dict()',
      '1 "items2dict" finds no "key" or no "value" in entry 0, which is a map',
      'entries count from 0; name the keys of the maps: items2dict(list, "name", "size")',
    ],
    [
      '[{"key": [], "value": 1}].items2dict()',
      '1 "items2dict" needs texts as keys, but "key" of entry 0 is a list',
    ],
    [
      '[{"key": "a", "value": 1}, {"key": "a", "value": 2}].items2dict()',
      '1 "items2dict" finds the key "a" twice; the second is in entry 1',
    ],
    ['letters.zip(table)', '1 "zip" needs a list as its second value, but got a map'],
    ['union(letters)', '1 "union" takes 2 values'],
    ['"a".indent(-1)', '1 "indent" needs a whole number from 0 to 200, but got -1'],
    ['"a".matches("(")', '1 "matches" got an invalid regular expression: missing closing ): `(`'],
    ['"a".regexReplace("a", "$1")', '1 "regexReplace" got $1, but the pattern has 0 groups'],
    ['format("%d", "x")', '1 "format" needs a whole number for "%d", but got text'],
    ['format("%d", 1.5)', '1 "format" needs a whole number for "%d", but got 1.5'],
    ['format("%s", letters)', '1 "format" needs text for "%s", but got a list'],
    ['format("%s %s", 1)', '1 "format" needs a value for "%s", but there is only 1'],
    ['format("%s", 1, 2)', '1 "format" has 2 values, but the pattern uses 1'],
    ['format("%q", 1)', '1 "format" does not know "%q"', 'use %s, %d, %f or %x; for a literal % write %%'],
    [
      'versionIs("1", "=>", "2")',
      '1 "versionIs" does not know the operator "=>"',
      'the operators are == != < <= > >=',
    ],
    [
      'fromJson("x")',
      '1 "fromJson" got text that is not JSON: Unexpected token \'x\', "x" is not valid JSON',
    ],
    ['fromYaml("a: [")', undefined as never],
    ['fromBase64("a!")', '1 "fromBase64" got text that is not base64'],
    ['fromBase64("/w==")', '1 "fromBase64" got the base64 of bytes that are not UTF-8 text'],
    [
      'env("UNSET")',
      '1 the environment of gpuplay has no variable "UNSET"',
      'set it (export UNSET=...), or give a second value to use instead',
    ],
    ['file("mtod")', '1 there is no file "mtod"', 'did you mean "motd"?'],
    [
      'file("xyz")',
      '1 there is no file "xyz"',
      'looked for /role/files/xyz, /role/xyz, /play/files/xyz, /play/xyz',
    ],
  ]
  for (const [source, expected, hint] of mistakes) {
    test(source, () => {
      const found = mistake(() => cel(source))
      if (expected === undefined)
        assert.match(found, /^1 "fromYaml" got text that is not valid YAML \(line 1\): ./)
      else assert.equal(found, expected)
      if (hint !== undefined)
        assert.equal(
          hintOf(() => cel(source)),
          hint,
        )
    })
  }

  test('also in templates', () => {
    const of = (source: string): string => mistake(() => hbs(source))
    assert.equal(of('a {{sort text}}'), '3 "sort" needs a list as its first value, but got text')
    assert.equal(of('{{replace text}}'), '1 "replace" takes 3 values')
    assert.equal(
      hintOf(() => hbs('{{sort letters 1 2}}')),
      'write {{sort list [key]}}',
    )
    assert.equal(of('a {{upper (file "xyz")}}'), '11 there is no file "xyz"')
    assert.equal(of('a {{sort letters}}'), '5 "sort" is a list, not text')
  })

  test('and if the types are known, before the run', () => {
    assert.equal(
      mistake(() => expressionOf('"a".upper().sort()')),
      '1 "sort" needs a list as its first value, but got text',
    )
    assert.equal(
      mistake(() => expressionOf('[1].sort(1, 2, 3)')),
      '1 "sort" takes 1 to 2 values',
    )
  })
})

function hintOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof InputError) return error.problems[0]?.hint
  }
  return undefined
}
