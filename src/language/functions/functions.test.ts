import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revealAll } from '../../base/secret.ts'
import { sharedFunctions } from './shared-functions.ts'
import { cel, hbs } from './testing/function-scope.ts'

/** By function: an expression, a template of the same call, and their value. */
const cases: Readonly<Record<string, readonly (readonly [cel: string, hbs: string, value: unknown])[]>> = {
  lower: [['lower("ÄB")', '{{lower "ÄB"}}', 'äb']],
  upper: [['"äb".upper()', '{{upper "äb"}}', 'ÄB']],
  trim: [['" a\n".trim()'.replace('\n', '\\n'), '{{trim " a "}}', 'a']],
  indent: [['"a\\n\\nb".indent(2)', '{{indent (yaml hosts) 1}}', undefined]],
  replace: [
    ['"a.b.c".replace(".", "-")', '{{replace "a.b.c" "." "-"}}', 'a-b-c'],
    ['replace("aa", "a", "$&")', '{{replace "aa" "a" "$&"}}', '$&$&'],
    ['replace(80, 8, 9)', '{{replace 80 8 9}}', '90'],
  ],
  split: [
    ['"a,b,c".split(",")', '{{split "a,b,c" ","}}', ['a', 'b', 'c']],
    ['"a,b,c".split(",", 2)', '{{split "a,b,c" "," 2}}', ['a', 'b,c']],
    ['"a,b".split(",", 0)', '{{split "a,b" "," 0}}', []],
  ],
  matches: [
    ['"pve12".matches("[0-9]+$")', '{{matches "pve12" "[0-9]+$"}}', true],
    ['matches("pve", "[0-9]")', '{{matches "pve" "[0-9]"}}', false],
    ['12.matches("^1")', '{{matches 12 "^1"}}', true],
  ],
  regexGroups: [
    [
      '"nvidia 580.95".regexGroups("([0-9]+)[.]([0-9]+)")',
      '{{regexGroups "nvidia 580.95" "([0-9]+)[.]([0-9]+)"}}',
      ['580.95', '580', '95'],
    ],
    ['"ab".regexGroups("(a)(x)?")', '{{regexGroups "ab" "(a)(x)?"}}', ['a', 'a', '']],
    ['"ab".regexGroups("x")', '{{regexGroups "ab" "x"}}', []],
  ],
  regexAll: [['"a1b22".regexAll("[0-9]+")', '{{regexAll "a1b22" "[0-9]+"}}', ['1', '22']]],
  regexReplace: [
    [
      '"a1b22".regexReplace("([0-9])[0-9]*", "<$1>")',
      '{{regexReplace "a1b22" "([0-9])[0-9]*" "<$1>"}}',
      'a<1>b<2>',
    ],
    ['"ab".regexReplace("b", "$$0$0")', '{{regexReplace "ab" "b" "$$0$0"}}', 'a$0b'],
    ['"ab".regexReplace("x*", "-")', '{{regexReplace "ab" "x*" "-"}}', '-a-b-'],
  ],
  format: [
    [
      'format("%s-%05d|%-4s|%4s|%+d", "x", 42, "ab", "cd", 3)',
      '{{format "%s-%05d|%-4s|%4s|%+d" "x" 42 "ab" "cd" 3}}',
      'x-00042|ab  |  cd|+3',
    ],
    [
      'format("%.2f %x %% %05.1f %05d", 1.005, 255, -2.25, -7)',
      '{{format "%.2f %x %% %05.1f %05d" 1.005 255 -2.25 -7}}',
      '1.00 ff % -02.3 -0007',
    ],
    ['format("%s %s", true, 2.5)', '{{format "%s %s" true 2.5}}', 'true 2.5'],
  ],
  versionIs: [
    ['"580.95.05".versionIs(">", "580.9")', '{{versionIs "580.95.05" ">" "580.9"}}', true],
    ['versionIs("12.8", "==", "12.8.0")', '{{versionIs "12.8" "==" "12.8.0"}}', true],
    ['versionIs("1.10", "<", "1.9")', '{{versionIs "1.10" "<" "1.9"}}', false],
    ['versionIs("1.1", "!=", "1.2")', '{{versionIs "1.1" "!=" "1.2"}}', true],
    ['versionIs("1.2", "<=", "1.2")', '{{versionIs "1.2" "<=" "1.2"}}', true],
    ['versionIs("1.1", ">=", "1.2")', '{{versionIs "1.1" ">=" "1.2"}}', false],
  ],
  quote: [['"it\'s".quote()', '{{quote "it\'s"}}', "'it'\\''s'"]],
  basename: [['"/a/b.c".basename()', '{{basename "/a/b.c"}}', 'b.c']],
  dirname: [['"/a/b.c".dirname()', '{{dirname "/a/b.c"}}', '/a']],
  join: [
    ['[1, "a", true].join("+")', '{{join (fromJson \'[1, "a", true]\') "+"}}', '1+a+true'],
    ['join(letters)', '{{join letters}}', 'ab'],
  ],
  first: [
    ['first(letters)', '{{first letters}}', 'a'],
    ['first(empty, 7)', '{{first empty 7}}', 7],
    ['entries.first()', '{{first entries}}', 'b'],
  ],
  last: [
    ['disks.last().name', '{{last (split "a b" " ")}}', undefined],
    ['last(empty, "x")', '{{last empty "x"}}', 'x'],
  ],
  sort: [
    ['sort([10, 9, 2.5])', '{{sort (fromJson "[10, 9, 2.5]")}}', [2.5, 9, 10]],
    ['["b", "a", "B"].sort()', '{{sort (split "b,a,B" ",")}}', ['B', 'a', 'b']],
    [
      'disks.sort("size")',
      '{{sort disks "size"}}',
      [
        { name: 'sdb', size: 1 },
        { name: 'sda', size: 2 },
      ],
    ],
    [
      '[{"a": {"b": 2}}, {"a": {"b": 1}}].sort("a.b").first().a.b',
      '{{lookup (first (sort disks "size")) "size"}}',
      undefined,
    ],
    ['sort([])', '{{sort empty}}', []],
  ],
  reverse: [['reverse(letters)', '{{reverse letters}}', ['b', 'a']]],
  unique: [
    [
      '[{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}, 1, "1"].unique()',
      '{{unique (fromJson \'[{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}, 1, "1"]\')}}',
      [{ a: 1, b: 2 }, { a: 2 }, 1, '1'],
    ],
  ],
  union: [
    ['[1, 2, 1].union([3, 2])', '{{union (fromJson "[1, 2, 1]") (fromJson "[3, 2]")}}', [1, 2, 3]],
    ['[].union([])', '{{union empty empty}}', []],
  ],
  intersect: [
    [
      '[{"a": 1, "b": 2}, 1, "1"].intersect(["1", {"b": 2, "a": 1}, "1"])',
      '{{intersect (fromJson \'[{"a": 1, "b": 2}, 1, "1"]\') (fromJson \'["1", {"b": 2, "a": 1}, "1"]\')}}',
      [{ a: 1, b: 2 }, '1'],
    ],
  ],
  difference: [
    [
      '["b", "a", "b", "c"].difference(["c"])',
      '{{difference (split "b,a,b,c" ",") (split "c" ",")}}',
      ['b', 'a'],
    ],
    ['difference([1, "1"], [1])', '{{difference (fromJson \'[1, "1"]\') (range 1 2)}}', ['1']],
  ],
  zip: [
    [
      'letters.zip([1, 2, 3])',
      '{{zip letters (range 1 4)}}',
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    ['zip(letters, letters, letters)[1]', '{{last (zip letters letters letters)}}', ['b', 'b', 'b']],
    ['letters.zip([])', '{{zip letters empty}}', []],
  ],
  dict2items: [
    [
      'settings.dict2items()',
      '{{dict2items settings}}',
      [
        { key: 'a', value: { b: 1 } },
        { key: 'c', value: 1 },
      ],
    ],
    ['table.dict2items("name", "is")', '{{dict2items table "name" "is"}}', [{ name: 'key', is: 'value' }]],
    ['table.dict2items("name")', '{{dict2items table "name"}}', [{ name: 'key', value: 'value' }]],
  ],
  items2dict: [
    ['settings.dict2items().items2dict()', '{{items2dict (dict2items settings)}}', { a: { b: 1 }, c: 1 }],
    ['disks.items2dict("name", "size")', '{{items2dict disks "name" "size"}}', { sda: 2, sdb: 1 }],
    [
      '[{"key": 1, "value": 2}].items2dict()',
      '{{items2dict (fromJson \'[{"key": 1, "value": 2}]\')}}',
      { 1: 2 },
    ],
  ],
  flatten: [
    ['nested.flatten()', '{{flatten nested}}', [1, 2, 3]],
    ['nested.flatten(1)', '{{flatten nested 1}}', [1, 2, [3]]],
  ],
  min: [
    ['min(3, 1.5, 2)', '{{min 3 1.5 2}}', 1.5],
    ['min(letters)', '{{min letters}}', 'a'],
  ],
  max: [
    ['max([1, 20, 3])', '{{max (fromJson "[1, 20, 3]")}}', 20],
    ['max("a", "b")', '{{max "a" "b"}}', 'b'],
  ],
  range: [
    ['range(3)', '{{range 3}}', [0, 1, 2]],
    ['range(2, 5)', '{{range 2 5}}', [2, 3, 4]],
    ['range(5, 0, -2)', '{{range 5 0 -2}}', [5, 3, 1]],
    ['range(0)', '{{range 0}}', []],
  ],
  keys: [['settings.keys()', '{{keys settings}}', ['a', 'c']]],
  values: [['values(table)', '{{values table}}', ['value']]],
  merge: [
    ['settings.merge(overrides)', '{{merge settings overrides}}', { a: { d: 2 }, c: 1 }],
    [
      'merge(table, settings, overrides)',
      '{{merge table settings overrides}}',
      { key: 'value', a: { d: 2 }, c: 1 },
    ],
  ],
  mergeDeep: [
    ['settings.mergeDeep(overrides)', '{{mergeDeep settings overrides}}', { a: { b: 1, d: 2 }, c: 1 }],
    [
      'mergeDeep({"l": [1]}, {"l": [2]})',
      '{{mergeDeep (fromJson \'{"l": [1]}\') (fromJson \'{"l": [2]}\')}}',
      { l: [2] },
    ],
  ],
  json: [
    ['settings.json()', '{{json settings}}', '{"a":{"b":1},"c":1}'],
    ['json(letters, 1)', '{{json letters 1}}', '[\n "a",\n "b"\n]'],
  ],
  fromJson: [['fromJson("{\\"a\\": [1, null]}")', '{{fromJson \'{"a": [1, null]}\'}}', { a: [1, null] }]],
  yaml: [['yaml(settings)', '{{yaml settings}}', 'a:\n  b: 1\nc: 1']],
  fromYaml: [
    ['fromYaml("a: [yes, 1]")', '{{fromYaml "a: [yes, 1]"}}', { a: ['yes', 1] }],
    ['fromYaml("x: {a: 1}").x.a', '{{fromYaml "1"}}', 1],
  ],
  base64: [['base64("Grüße")', '{{base64 "Grüße"}}', 'R3LDvMOfZQ==']],
  fromBase64: [
    ['"R3LDvMOfZQ==".fromBase64()', '{{fromBase64 "R3LDvMOfZQ=="}}', 'Grüße'],
    ['"R3LD\\nvMOfZQ".fromBase64()', '{{fromBase64 "R3LD vMOfZQ"}}', 'Grüße'],
  ],
  sha256: [
    ['sha256("abc")', '{{sha256 "abc"}}', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ],
  env: [
    ['env("HOME")', '{{env "HOME"}}', '/root'],
    ['env("UNSET", "x")', '{{env "UNSET" "x"}}', 'x'],
  ],
  secretFrom: [
    ['secretFrom("pass", "show", "db")', '{{secretFrom "pass" "show" "db"}}', 'sesame-5'],
    ['upper(secretFrom("pass"))', '{{upper (secretFrom "pass")}}', 'SESAME-5'],
  ],
  asSecret: [['asSecret(8443)', '{{asSecret 8443}}', '8443']],
  file: [
    ['file("motd")', '{{file "motd"}}', 'Welcome\n'],
    ['trim(file("key.pub"))', '{{trim (file "key.pub")}}', 'ssh-ed25519 AAAA'],
    ['file("/play/motd")', '{{file "/play/motd"}}', 'other'],
  ],
}

test('every function has a case here', () => {
  assert.deepEqual([...sharedFunctions.keys()].sort(), Object.keys(cases).sort())
})

for (const [name, calls] of Object.entries(cases)) {
  test(`${name} gives the same in expressions and templates`, () => {
    for (const [expression, template, value] of calls) {
      if (value === undefined) {
        assert.doesNotThrow(() => hbs(template))
        assert.notEqual(cel(expression), undefined)
        continue
      }
      assert.deepEqual(revealAll(cel(expression)), value, expression)
      assert.deepEqual(revealAll(hbs(template)), value, template)
    }
  })
}

for (const [name, { expression, template, gives }] of sharedFunctions) {
  test(`the examples of ${name} have the result that the page shows`, () => {
    assert.ok(expression.includes(name) && template.includes(name))
    assert.deepEqual(revealAll(cel(expression)), gives)
    const isFlat = Array.isArray(gives) && gives.every((entry) => typeof entry !== 'object')
    const shown = typeof gives === 'string' ? gives : isFlat ? gives.join(',') : JSON.stringify(gives)
    assert.equal(String(revealAll(hbs(template))), shown)
  })
}

test('a function is called in a condition, in a loop over a list, and inside a text', () => {
  assert.equal(cel('letters.map(x, x.upper()).join(",") == "A,B" && !text.matches("x{3}")'), true)
  assert.equal(cel('disks.exists(d, d.name.regexReplace("^sd", "") == "b")'), true)
  assert.equal(hbs('{{#each (sort disks "size")}}{{name}} {{/each}}{{format "%02d" 7}}'), 'sdb sda 07')
})
