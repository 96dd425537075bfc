import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Unknown } from '../base/unknown.ts'
import type { Variables } from './model.ts'
import { type Layer, layerOrder, VariableScope } from './scope.ts'
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

test('of all layers that have a name the last in the order wins, whatever order they are given in', () => {
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

test('adding a layer to a scope is the same as giving it from the start', () => {
  const layer = fc.record({ layer: fc.constantFrom(...layerOrder), value: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(layer), layer, (first, last) => {
      const make = ({ layer: name, value }: typeof last): Layer => ({
        layer: name,
        data: new Map([['x', value]]),
      })
      const atOnce = new VariableScope([...first, last].map(make)).get('x')
      assert.equal(new VariableScope(first.map(make)).with(make(last)).get('x'), atOnce)
    }),
  )
})

test('a variable is rendered in the scope that reads it, so that stronger layers reach into weaker ones', () => {
  const scope = new VariableScope([
    { layer: 'role defaults', written: written('url: "http://{{host}}:{{port}}"\nport: 80\n') },
    { layer: 'task vars', written: written('port: 8080\n') },
    { layer: 'registered', data: new Map([['host', 'pve1']]) },
  ])
  assert.equal(scope.get('url'), 'http://pve1:8080')
})

test('variables that are made of each other end with their names in a circle', () => {
  const scope = new VariableScope([
    { layer: 'play vars', written: written('a: "{{b}}"\nb: "x{{c}}"\nc: !cel a\n') },
  ])
  assert.equal(
    mistake(() => scope.get('a')),
    '1 this variable is made of itself: a -> b -> c -> a',
  )
})

test('what a value reads is followed through variables down to facts', () => {
  const scope = new VariableScope([
    {
      layer: 'play vars',
      written: written(
        'a: "{{b}} {{facts.kernel}}"\nb: [{x: !cel facts.memory.total > 4}]\nunused: "{{facts.disks}}"\n',
      ),
    },
  ])
  const facts = scope.reads([['a']]).filter(([root]) => root === 'facts')
  assert.deepEqual(facts.map((path) => path.join('.')).sort(), ['facts.kernel', 'facts.memory.total'])
})

test('lists and maps are rendered part by part, and an unknown part stays in its place', () => {
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
