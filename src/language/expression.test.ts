import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { evaluate, evaluateCondition } from './expression.ts'
import { expressionOf, mistake, dataScope } from './testing/scopes.ts'

type Truth = boolean | 'unknown'

/** A tree of logic over the variables `v0`, `v1`, ... with its three-valued (Kleene) meaning. */
interface Logic {
  readonly text: string
  readonly meaning: (values: readonly Truth[]) => Truth
}

const variables = 4

const logic: fc.Arbitrary<Logic> = fc.letrec<{ tree: Logic }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.nat(variables - 1).map((index) => ({
      text: `v${index}`,
      meaning: (values: readonly Truth[]) => values[index] ?? 'unknown',
    })),
    tie('tree').map(({ text, meaning }) => ({
      text: `!(${text})`,
      meaning: (values: readonly Truth[]) => not(meaning(values)),
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => ({
      text: `(${left.text} && ${right.text})`,
      meaning: (values: readonly Truth[]) => and(left.meaning(values), right.meaning(values)),
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => ({
      text: `(${left.text} || ${right.text})`,
      meaning: (values: readonly Truth[]) => not(and(not(left.meaning(values)), not(right.meaning(values)))),
    })),
  ),
})).tree

function not(value: Truth): Truth {
  return value === 'unknown' ? 'unknown' : !value
}

function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false
  return left === true && right === true ? true : 'unknown'
}

test('logic with unknown values follows the three-valued truth table', () => {
  const truth = fc.constantFrom<Truth>(true, false, 'unknown')
  fc.assert(
    fc.property(logic, fc.array(truth, { minLength: variables, maxLength: variables }), (tree, values) => {
      const scope = dataScope(
        Object.fromEntries(
          values.map((value, index) => [`v${index}`, value === 'unknown' ? new Unknown('a test') : value]),
        ),
      )
      const result = evaluate(expressionOf(tree.text), scope)
      assert.equal(result instanceof Unknown ? 'unknown' : result, tree.meaning(values))
    }),
  )
})

test('an unknown part of a result does not make the other parts unknown', () => {
  const scope = dataScope({ r: { rc: 0, stdout: new Unknown('it has not run') } })
  assert.equal(evaluate(expressionOf('r.rc == 0'), scope), true)
  assert.deepEqual(evaluate(expressionOf('r.stdout == "x"'), scope), new Unknown('it has not run'))
  assert.deepEqual(evaluate(expressionOf('r'), scope), { rc: 0, stdout: new Unknown('it has not run') })
})

test('a logical operator with an unknown and an invalid operand is unknown', () => {
  const scope = dataScope({ u: new Unknown('later'), r: {} })
  assert.ok(evaluate(expressionOf('u && r.missing'), scope) instanceof Unknown)
  assert.ok(evaluate(expressionOf('r.missing && u'), scope) instanceof Unknown)
})

test('text made from a secret is a secret, but a comparison with a secret is not', () => {
  const scope = dataScope({ password: new Secret('hunter2') })
  const joined = evaluate(expressionOf('"-p" + password'), scope)
  assert.ok(joined instanceof Secret)
  assert.equal(joined.reveal(), '-phunter2')
  assert.equal(evaluate(expressionOf('password == "hunter2"'), scope), true)
})

const values: readonly (readonly [expression: string, expected: unknown])[] = [
  ['port + 1', 8081],
  ['load * 2', 3],
  ['load + port', 8081.5],
  ['port / 3', 2693],
  ['name == "pve1" ? [1, "a"] : [2]', [1, 'a']],
  ['version("580.95.05") > version("580.9.1")', true],
  ['version(driver) >= version("570")', true],
  ['version("12.8") == version("12.8.0")', true],
  ['version("12.8") != version("12.8.0")', false],
  ['defined(nothing)', false],
  ['defined(table.nothing)', false],
  ['defined(items[9])', false],
  ['defined(table.key)', true],
  ['default(nothing, "x") + default(table.key, "y")', 'xv'],
  ['table.?nothing.orValue("z")', 'z'],
  ['has(table.key) && !has(table.nothing)', true],
  ['items.exists(x, x == 2) && items.all(x, x > 0)', true],
  ['name.matches("^pve[0-9]+$")', true],
  ['matches(name, "^x")', false],
  ['2 in items && "key" in table', true],
  ['name.upper()', 'PVE1'],
  ['!cel_is_no_word', true],
]

for (const [expression, expected] of values) {
  test(`${expression} is ${JSON.stringify(expected)}`, () => {
    const scope = dataScope({
      port: 8080,
      load: 1.5,
      name: 'pve1',
      driver: '580.95.05',
      table: { key: 'v' },
      items: [1, 2, 3],
      cel_is_no_word: false,
    })
    assert.deepEqual(evaluate(expressionOf(expression), scope), expected)
  })
}

test('a pattern with exponential backtracking is matched in linear time', () => {
  const scope = dataScope({ text: 'a'.repeat(50_000) })
  assert.equal(evaluate(expressionOf('text.matches("^(a+)+b$")'), scope), false)
})

test('prototypes are not accessible', () => {
  const scope = dataScope({ table: { key: 1 } })
  assert.match(
    mistake(() => evaluate(expressionOf('table.constructor'), scope)),
    /there is no "constructor" in "table"/,
  )
  assert.match(
    mistake(() => evaluate(expressionOf('table["__proto__"]'), scope)),
    /__proto__/,
  )
})

const mistakes: readonly (readonly [expression: string, expected: string])[] = [
  ['a and b', '3 "and" is a Jinja operator; expressions here are CEL'],
  ['a b', "3 this expression is invalid: unexpected character: 'b'"],
  ['{{ a }}', '1 expressions cannot contain templates'],
  ['name.stratsWith("p")', '1 there is no function "stratsWith"'],
  ['nothing == 1', '1 "nothing" is not defined'],
  ['table.kye == 1', '7 there is no "kye" in "table"'],
  ["table.hosts['l'] == 1", '7 there is no "hosts" in "table"'],
  ["table['l'] == 1", '1 there is no "l" in "table"'],
  ["hostvars['l']['a'] == 'x'", '1 host "l" has no variable "a"'],
  ['hostvars.l.a == 1', '12 host "l" has no variable "a"'],
  ['entries[3] == 1', '1 "entries[3]" is out of range: the list is shorter'],
  ["'x' in name", '1 "in" searches lists and maps, but name is text'],
  ['name + 1 == "x1"', '1 "+" does not work between text and a number: name is text, 1 is a number'],
  ['entries.length > 0', '9 "entries" has no "length"'],
  ['count // 2 == 1', '7 "//" starts a comment in CEL, so the rest is ignored'],
  [
    'name == "{{ other }}"',
    '9 expressions cannot contain templates: the braces in this text stay as they are',
  ],
  ['name > 1', '1 cannot compare text with a number: name is text, 1 is a number'],
]

for (const [expression, expected] of mistakes) {
  test(`the mistake in ${expression} is reported at its column`, () => {
    const scope = dataScope({ name: 'x', table: {}, entries: [1], count: 3, hostvars: { l: {} } })
    assert.equal(
      mistake(() => evaluate(expressionOf(expression), scope)),
      expected,
    )
  })
}

for (const [expression, help] of [
  ["'x' in name", "write name.contains('x')"],
  ['entries.length > 0', 'write entries.size()'],
  ['table.entries.length > 0', 'write table.entries.size()'],
  ['entries[3] == 1', 'check the size first, or write default(entries[3], ...)'],
  ["table['l'] == 1", 'check with has(...) or defined(...) first'],
  ["hostvars['l']['a'] == 'x'", "set it, or write default(hostvars['l'].a, ...)"],
] as const) {
  test(`${expression} is answered with: ${help}`, () => {
    const scope = dataScope({ name: 'x', table: { entries: [] }, entries: [1], hostvars: { l: {} } })
    assert.throws(
      () => evaluate(expressionOf(expression), scope),
      (error: unknown) => {
        assert.ok(error instanceof InputError)
        assert.deepEqual(
          error.problems.map(({ hint }) => hint),
          [help],
        )
        return true
      },
    )
  })
}

test('if a condition is text, the hint shows a comparison', () => {
  const scope = dataScope({ name: 'x' })
  assert.throws(
    () => evaluateCondition([expressionOf('name')], scope),
    (error: unknown) => {
      assert.ok(error instanceof Error && 'problems' in error)
      const [found] = error.problems as readonly { message: string; hint: string }[]
      assert.equal(found?.message, 'a condition must be true or false, but "name" is the text "x"')
      assert.equal(found?.hint, 'compare it: name != ""')
      return true
    },
  )
})

test('the texts "yes" and "no" in a condition are not converted to booleans', () => {
  for (const [text, truth] of [
    ['no', 'false'],
    ['yes', 'true'],
    ['False', 'false'],
  ]) {
    assert.throws(
      () => evaluateCondition([expressionOf('flag')], dataScope({ flag: text })),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'problems' in error)
        const [found] = error.problems as readonly { hint: string }[]
        assert.equal(
          found?.hint,
          `where ${truth} is set, write flag without quotes (in YAML 1.2 only true and false are booleans), or compare it: flag == "${text}"`,
        )
        return true
      },
    )
  }
})

test('a list of conditions is true if all are, and false if one is, even if others are unknown', () => {
  const scope = dataScope({ u: new Unknown('later'), t: true, f: false })
  const all = (...sources: string[]) => evaluateCondition(sources.map(expressionOf), scope)
  assert.equal(all('u', 'f'), false)
  assert.equal(all('t', 't'), true)
  assert.ok(all('t', 'u') instanceof Unknown)
  assert.equal(evaluateCondition([], scope), true)
})

test('an expression lists the variables that it reads, without the names that it binds itself', () => {
  const { reads } = expressionOf('facts.os.id == "debian" && xs.exists(x, x.n == y) && m["k"].z && m[i].z')
  assert.deepEqual(reads, [['facts', 'os', 'id'], ['xs'], ['y'], ['m', 'k', 'z'], ['m', '[...]', 'z'], ['i']])
})
