/** Functions keep unknown values unknown and secrets secret. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Unknown } from '../../base/unknown.ts'
import { evaluate } from '../expression.ts'
import { renderTemplate } from '../template.ts'
import { dataScope, expressionOf, mistake, templateOf } from '../testing/scopes.ts'
import { cel, hbs } from './testing/function-scope.ts'

describe('unknown values stay unknown', () => {
  test('a function that needs an unknown value has an unknown result, for the same reason', () => {
    const unknown = new Unknown('it has not run')
    for (const source of [
      'sha256(later)',
      'entries.sort()',
      'json(partly)',
      'min(1, later)',
      'upper(partly.later)',
    ])
      assert.deepEqual(cel(source), unknown, source)
    for (const source of [
      '{{sha256 later}}',
      '{{sort entries}}',
      '{{json partly}}',
      '{{last (unique entries)}}',
    ])
      assert.deepEqual(hbs(source), unknown, source)
  })

  test('a function that moves values keeps the known ones', () => {
    const later = new Unknown('it has not run')
    assert.deepEqual(cel('partly.keys()'), ['known', 'later'])
    assert.deepEqual(cel('partly.merge({"a": 2})'), { known: 1, later, a: 2 })
    assert.deepEqual(cel('partly.mergeDeep({"later": 2}).later'), 2)
    assert.deepEqual(cel('{"x": partly}.mergeDeep({"x": {"known": 2}})'), { x: { known: 2, later } })
    assert.deepEqual(cel('{"x": partly.later}.mergeDeep({"x": {"known": 2}})'), later)
    assert.deepEqual(cel('[entries.first(), entries.reverse().first()]'), ['b', 'a'])
    assert.deepEqual(cel('partly.dict2items()'), [
      { key: 'known', value: 1 },
      { key: 'later', value: later },
    ])
    assert.deepEqual(cel('["x"].zip(entries)'), [['x', 'b']])
    assert.deepEqual(hbs('{{merge partly table}}'), { known: 1, later, key: 'value' })
    assert.equal(hbs('{{first entries}}-{{join (keys partly) ","}}'), 'b-known,later')
    assert.deepEqual(hbs('x {{last (reverse (split "a" ","))}} {{join (values partly)}}'), later)
  })

  test('keys reads no values: those of hostvars are made on access', () => {
    // CEL reads the first value to know the type of the map.
    const hostvars = Object.defineProperty({ pve1: {} }, 'pve2', {
      enumerable: true,
      get: () => assert.fail('a value was read'),
    })
    assert.deepEqual(evaluate(expressionOf('hostvars.keys()'), dataScope({ hostvars })), ['pve1', 'pve2'])
    assert.deepEqual(renderTemplate(templateOf('{{keys hostvars}}'), dataScope({ hostvars })), [
      'pve1',
      'pve2',
    ])
  })

  test('an error is not hidden by an unknown value that nothing needs', () => {
    assert.equal(
      mistake(() => cel('entries.first() == "b" && partly.merge(table).nothing == 1')),
      '47 there is no "nothing"',
    )
  })
})

describe('secrets stay secret', () => {
  const shownOf = (value: unknown): string => JSON.stringify(value)
  const derived: readonly (readonly [cel: string, hbs: string])[] = [
    ['sha256(password)', '{{sha256 password}}'],
    ['base64(password)', '{{base64 password}}'],
    ['base64(password).fromBase64()', '{{fromBase64 (base64 password)}}'],
    ['password.replace("open", "shut")', '{{replace password "open" "shut"}}'],
    ['password.split("-").first()', '{{first (split password "-")}}'],
    ['password.split("-").last()', '{{last (split password "-")}}'],
    ['password.split("").reverse().join()', '{{join (reverse (split password ""))}}'],
    ['password.regexGroups("-([a-z]+)-").last()', '{{last (regexGroups password "-([a-z]+)-")}}'],
    ['password.regexAll("[a-z]+").first()', '{{first (regexAll password "[a-z]+")}}'],
    ['password.regexReplace("-", "+")', '{{regexReplace password "-" "+"}}'],
    ['format("%.4s", password)', '{{format "%.4s" password}}'],
    ['format("%30s", password)', '{{format "%30s" password}}'],
    ['database.values().last()', '{{last (values database)}}'],
    ['json(database)', '{{json database}}'],
    ['yaml(database)', '{{yaml database}}'],
    ['fromJson(json(database)).password', '{{lookup (fromJson (json database)) "password"}}'],
    [
      '[database].flatten().first().password',
      '{{lookup (merge table (fromJson (json database))) "password"}}',
    ],
    ['max([password, "a"])', '{{max password "a"}}'],
    ['env("API_TOKEN")', '{{env "API_TOKEN"}}'],
    ['secretFrom("pass")', '{{secretFrom "pass"}}'],
    ['asSecret("visible-7")', '{{asSecret "visible-7"}}'],
    ['file("vault.yml")', '{{file "vault.yml"}}'],
    ['fromYaml(file("vault.yml")).port', '{{lookup (fromYaml (file "vault.yml")) "port"}}'],
    ['password.quote()', '{{quote password}}'],
    ['password.upper().lower().trim()', '{{trim (lower (upper password))}}'],
    ['("a/" + password).basename()', '{{basename password}}'],
    ['(password + "/a").dirname()', '{{dirname password}}'],
    ['(password + "\\nx").indent(1)', '{{indent password 2}}'],
  ]
  for (const [expression, template] of derived) {
    test(expression, () => {
      assert.equal(shownOf(cel(expression)), '"(secret)"')
      assert.equal(shownOf(cel(`{"a": [${expression}]}`)), '{"a":["(secret)"]}')
      assert.equal(shownOf(hbs(`x ${template}`)), '"(secret)"')
      assert.equal(shownOf(hbs(template)), '"(secret)"')
    })
  }

  test('texts beside a secret are not secrets', () => {
    assert.equal(
      shownOf(cel('database.merge({"port": "5432"})')),
      '{"user":"ann","password":"(secret)","port":"5432"}',
    )
    assert.equal(
      shownOf(hbs('{{mergeDeep database table}}')),
      '{"user":"ann","password":"(secret)","key":"value"}',
    )
    assert.equal(shownOf(cel('database.keys()')), '["user","password"]')
    assert.equal(shownOf(cel('("user=ann password=" + password).split(" ")')), '["user=ann","(secret)"]')
    assert.equal(hbs('{{lookup database "user"}} {{upper text}} {{length password}}'), 'ann TEXT 13')
  })

  test('an error does not quote a text that was made from a secret', () => {
    assert.equal(
      mistake(() => cel('fromJson(password)')),
      '1 "fromJson" got text that is not JSON',
    )
    assert.equal(
      mistake(() => hbs('{{fromYaml (format "[%s" password)}}')),
      '1 "fromYaml" got text that is not valid YAML (line 1)',
    )
    assert.equal(
      mistake(() => hbs('{{matches text password}}')),
      'no mistake, but false',
    )
  })
})
