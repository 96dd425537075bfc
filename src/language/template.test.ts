import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { renderTemplate } from './template.ts'
import { mistake, dataScope, templateOf } from './testing/scopes.ts'

const data = {
  one: 1,
  two: 2,
  name: 'x"&<',
  list: [1, 2, 3],
  empty: [],
  map: { key: 'v', later: new Unknown('it has not run') },
  hosts: [{ name: 'a' }, { name: 'b' }],
  yes: true,
  nil: null,
  later: new Unknown('later'),
  password: new Secret('hunter2'),
}

function render(source: string): unknown {
  return renderTemplate(templateOf(source), dataScope(data))
}

const results: readonly (readonly [source: string, expected: unknown])[] = [
  // Handlebars without escaping adds these: https://github.com/handlebars-lang/handlebars.js/issues/1838
  ['{{one}}{{two}}', '12'],
  ['{{{one}}}{{{two}}}', '12'],
  ['{{#each list}}{{this}}{{@index}} {{/each}}', '10 21 32 '],
  ['{{name}} ', 'x"&< '],
  ['{{one}}', 1],
  ['{{list}}', [1, 2, 3]],
  ['{{map.key}}', 'v'],
  ['{{nil}}', null],
  ['{{json list}}', '[1,2,3]'],
  ['{{yaml hosts}}', '- name: a\n- name: b'],
  ['{{#if (defined nothing)}}yes{{else}}no{{/if}}', 'no'],
  ['{{default nothing "d"}}{{default map.nothing two}}', 'd2'],
  ['{{#each hosts}}{{name}}{{@root.one}}{{../two}} {{/each}}', 'a12 b12 '],
  ['{{#each hosts as |host|}}{{host.name}}{{/each}}', 'ab'],
  ['{{#with map}}{{key}}{{/with}}', 'v'],
  ['{{#if yes}}a\n{{/if}}\nb', 'a\nb'],
  ['{{upper (join list "-")}}{{quote name}}', `1-2-3'x"&<'`],
  ['{{#if (eq one 1)}}one{{/if}}{{#unless (and yes (not nil))}}x{{/unless}}', 'one'],
  ['  {{indent (yaml hosts) 2}}', '  - name: a\n  - name: b'],
  ['{{default nothing one}}', 1],
  ['{{default hosts one}}', [{ name: 'a' }, { name: 'b' }]],
  ['{{default nothing map.later}}', new Unknown('it has not run')],
  ['\\{{name}}', '{{name}}'],
  ['{{"{%"}} if one %}', '{% if one %}'],
  ["{{ '{{' }}", '{{'],
  ['{{#each list}}{{add @index 1}}{{/each}}', '123'],
  ['{{#if (and yes empty)}}a{{/if}}{{#if (or nil empty)}}b{{/if}}{{#if (not empty)}}c{{/if}}', 'c'],
  ['{{#if empty}}a{{else}}b{{/if}}{{#if (and yes list)}}c{{/if}}{{#if (or empty list)}}d{{/if}}', 'bcd'],
  ['{{basename "/a/b.c"}} {{lower "A"}} {{length list}} {{lookup map "key"}}', 'b.c a 3 v'],
]

for (const [source, expected] of results) {
  test(`${JSON.stringify(source)} is rendered as ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(render(source), expected)
  })
}

const mistakes: readonly (readonly [source: string, expected: string])[] = [
  ['a {{nothing}}', '5 "nothing" is not defined'],
  ['{{nothing}}', '3 "nothing" is not defined'],
  ['{{map.nothing.more}}', '3 "map.nothing.more" is not defined'],
  ['{{#if nothing}}x{{/if}}', '7 "nothing" is not defined'],
  ['{{#each map.nothing}}x{{/each}}', '9 "map.nothing" is not defined'],
  ['{{#if (eq nothing 1)}}x{{/if}}', '11 "nothing" is not defined'],
  ['{{#each hosts}}{{one}}{{/each}}', '18 "one" is not defined'],
  ['x{{nil}}', '4 "nil" is null, not text'],
  ['x{{map}}', '4 "map" is a map, not text'],
  ['x{{constructor}}', '4 "constructor" is not defined'],
  ['x{{map.__proto__}}', '4 "map.__proto__" is not defined'],
  ['{{nosuch one}}', '3 there is no template helper "nosuch"'],
  ['{{#iff one}}x{{/iff}}', '4 there is no block "{{#iff}}"'],
  ['{{#if one}}x{{/each}}', '13 "{{#if}}" is closed by "{{/each}}"'],
  ['a {{#if one}}x', '3 "{{#if one}}" is never closed'],
  ['x{{/if}}', '2 "{{/if}}" closes a block that nothing opens'],
  ['x{{else}}y', '2 "{{else}}" is outside a block'],
  ['{{one}} {{ two', '9 this placeholder is never closed'],
  ['{{one}} {{ two y( }} {{three}}', '9 "{{ two y( }}" is not a valid template: syntax error at "y("'],
  ['{{one}} {{ }}', '9 "{{ }}" is not a valid template'],
  ['{{lower -}}', '1 "{{lower -}}" uses Jinja whitespace control; templates here are Handlebars'],
  ['{{add one "2"}}', '1 "add" needs numbers, but got text'],
  ['{{> part}}', '1 partials and decorators are not supported in templates'],
  ['{{join one}}', '1 "join" needs a list as its first value, but got a number'],
  ['{{eq one}}', '1 "eq" takes 2 values'],
]

for (const [source, expected] of mistakes) {
  test(`the mistake in ${source} is reported at its column`, () => {
    assert.equal(
      mistake(() => render(source)),
      expected,
    )
  })
}

test('text that depends on an unknown value is unknown for the same reason, other text is not', () => {
  assert.deepEqual(render('{{map.key}} {{one}}'), 'v 1')
  assert.deepEqual(render('a {{later}}'), new Unknown('later'))
  assert.deepEqual(render('{{map.later}}'), new Unknown('it has not run'))
  assert.deepEqual(render('a {{map.later.why}}'), new Unknown('it has not run'))
  assert.deepEqual(render('{{#if map.later}}x{{/if}}'), new Unknown('it has not run'))
})

test('text that contains a secret is a Secret', () => {
  const text = render('password={{password}}\n')
  assert.ok(text instanceof Secret)
  assert.equal(text.reveal(), 'password=hunter2\n')
  assert.equal(JSON.stringify(text), '"(secret)"')
  const whole = render('{{default nothing password}}')
  assert.ok(whole instanceof Secret)
  assert.equal(whole.reveal(), 'hunter2')
})

test('a template lists the variables that it reads, without parts of loop items', () => {
  const { reads } = templateOf(
    '{{a.b}} {{#each c.d}}{{e}} {{@root.f}} {{../g}}{{/each}} {{default h (upper i)}}',
  )
  assert.deepEqual(reads, [['a', 'b'], ['c', 'd'], ['f'], ['g'], ['h'], ['i']])
})

test('adjacent values are rendered as their adjacent texts', () => {
  const value = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.string())
  fc.assert(
    fc.property(value, value, (left, right) => {
      const text = renderTemplate(templateOf('{{a}}{{b}}'), dataScope({ a: left, b: right }))
      assert.equal(text, `${left}${right}`)
    }),
  )
})
