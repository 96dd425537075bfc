import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Unknown } from '../base/unknown.ts'
import type { Variables } from './model.ts'
import { layerOrder, VariableScope } from './scope.ts'
import { SourceFile } from './source.ts'
import { mistake } from './testing/scopes.ts'
import { ValueReader } from './values.ts'
import { readYaml } from './yaml.ts'

function written(text: string): Variables {
  const values = new ValueReader()
  const { root } = readYaml(new SourceFile('vars.yml', text))
  assert.ok(root?.kind === 'map')
  const variables = values.variables(root)
  assert.deepEqual(values.problems, [])
  return variables
}

test('the layer with the highest precedence wins, in whatever order the layers are given', () => {
  const layers = fc.shuffledSubarray([...layerOrder], { minLength: 1 })
  fc.assert(
    fc.property(layers, (names) => {
      const scope = new VariableScope(names.map((layer) => ({ layer, data: new Map([['x', layer]]) })))
      const strongest = [...names].sort(
        (left, right) => layerOrder.indexOf(right) - layerOrder.indexOf(left),
      )[0]
      assert.equal(scope.get('x'), strongest)
      assert.equal(scope.origin('x')?.layer, strongest)
    }),
  )
})

test('a variable is rendered in the scope that reads it, so stronger layers affect variables of weaker ones', () => {
  const scope = new VariableScope([
    { layer: 'role defaults', written: written('url: "http://{{host}}:{{port}}"\nport: 80\n') },
    { layer: 'task vars', written: written('port: 8080\n') },
    { layer: 'registered', data: new Map([['host', 'pve1']]) },
  ])
  assert.equal(scope.get('url'), 'http://pve1:8080')
})

test('for variables that refer to each other in a circle, the message shows the circle', () => {
  const scope = new VariableScope([
    { layer: 'play vars', written: written('a: "{{b}}"\nb: "x{{c}}"\nc: !cel a\n') },
  ])
  assert.equal(
    mistake(() => scope.get('a')),
    '1 this variable refers to itself: a -> b -> c -> a',
  )
})

test('lists and maps are rendered element by element; an unknown element leaves the others known', () => {
  const scope = new VariableScope([
    { layer: 'play vars', written: written('m: {a: "{{x}}", b: ["{{u}}", !cel 1 + 1]}\n') },
    {
      layer: 'registered',
      data: new Map<string, unknown>([
        ['x', 5],
        ['u', new Unknown('later')],
      ]),
    },
  ])
  assert.deepEqual(scope.get('m'), { a: 5, b: [new Unknown('later'), 2] })
})
