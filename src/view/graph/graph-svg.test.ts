import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create } from 'xmlbuilder2'
import type { PlayFlow } from '../../events/play-flow.ts'
import { flowGraph } from './flow-graph.ts'
import { layoutGraph, type PlacedBox } from './graph-layout.ts'
import { graphSvg } from './graph-svg.ts'
import { flowPlay, flowTask } from '../testing/sample-flow.ts'

const block = {
  kind: 'block',
  id: 'b1',
  name: 'Guarded',
  steps: [flowTask('t3')],
  rescue: [flowTask('t4', 'Repair', { notifies: ['h2'] })],
  always: [flowTask('t5')],
} as const
const role = {
  kind: 'role',
  id: 'r1',
  name: 'driver',
  steps: [
    flowTask('t1', 'Read', { notifies: ['h1', 'h2'] }),
    flowTask('t2', 'Load', { conditional: true }),
    block,
  ],
} as const
const plays: readonly PlayFlow[] = [
  flowPlay('p1', {
    sections: [[role, flowTask('t6')], [flowTask('t7')]],
    handlers: [flowTask('h1'), flowTask('h2')],
  }),
  flowPlay('p2', { afterNode: true, sections: [[flowTask('t8')]] }),
  flowPlay('p3'),
]

describe('the layout of a graph', () => {
  const { boxes, arrows, width, height } = layoutGraph(flowGraph(plays))
  const place = (id: string): PlacedBox => {
    const found = boxes.find(({ box }) => box.id === id)
    assert.ok(found, id)
    return found
  }
  const inside = (inner: PlacedBox, outer: Omit<PlacedBox, 'box' | 'lines' | 'more'>): boolean =>
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height

  test('has every box inside its group and inside the drawing, below the title', () => {
    for (const outer of boxes) {
      assert.ok(inside(outer, { x: 0, y: 0, width, height }), outer.box.id)
      if (outer.box.kind !== 'group') continue
      for (const { id } of outer.box.boxes) {
        assert.ok(inside(place(id), outer), `${id} in ${outer.box.id}`)
        assert.ok(place(id).y >= outer.y + 17 * outer.lines.length, `${id} below the title`)
      }
    }
  })

  test('has no two tasks on the same place', () => {
    const leaves = boxes.filter(({ box }) => box.kind !== 'group')
    for (const one of leaves)
      for (const other of leaves)
        assert.ok(
          one === other ||
            one.x + one.width <= other.x ||
            other.x + other.width <= one.x ||
            one.y + one.height <= other.y ||
            other.y + other.height <= one.y,
          `${one.box.id} ${other.box.id}`,
        )
  })

  test('has what follows below, plays in a row, and handlers at the right', () => {
    for (const [first, second] of [
      ['t1', 't2'],
      ['t2', 'b1'],
      ['b1_block', 'b1_rescue'],
      ['b1_rescue', 'b1_always'],
      ['r1', 't6'],
      ['t6', 't7'],
      ['h1', 'h2'],
    ] as const)
      assert.ok(place(first).y + place(first).height <= place(second).y, `${first} above ${second}`)
    assert.ok(place('p1').x + place('p1').width < place('p2').x)
    assert.equal(place('p1').y, place('p3').y)
    assert.ok(place('r1').x + place('r1').width < place('p1_handlers').x)
  })

  test('has the arrows, from edge to edge', () => {
    assert.deepEqual(arrows.map(({ arrow: { from, to, why } }) => `${from} ${to} ${why}`).sort(), [
      'b1_block b1_always next',
      'b1_block b1_rescue fails',
      'b1_rescue b1_always next',
      'p1 p2 after: node',
      'p2 p3 all hosts',
      'r1 t6 next',
      't1 h1 notify',
      't1 h2 notify',
      't1 t2 next',
      't2 b1 next',
      't4 h2 notify',
      't6 t7 handlers run',
    ])
    for (const { arrow, points } of arrows) {
      const [begin, end] = [points[0], points.at(-1)]
      assert.ok(end)
      for (const [point, { x, y, width, height }] of [
        [begin, place(arrow.from)],
        [end, place(arrow.to)],
      ] as const) {
        const [right, low] = [x + width, y + height]
        const [across, along] = [
          Math.min(Math.abs(point.x - x), Math.abs(point.x - right)),
          Math.min(Math.abs(point.y - y), Math.abs(point.y - low)),
        ]
        assert.ok(Math.min(across, along) < 1, `${arrow.from} ${arrow.to}`)
        assert.ok(point.x >= x - 1 && point.x <= right + 1 && point.y >= y - 1 && point.y <= low + 1)
      }
    }
  })

  test('breaks long names into lines', () => {
    const name = `${'Install the driver for each kernel '.repeat(3)}${'x'.repeat(80)}`
    const {
      boxes: [, one],
    } = layoutGraph(flowGraph([flowPlay('p1', { sections: [[flowTask('t1', name)]] })]))
    assert.equal(one?.lines.join('').replaceAll(' ', ''), name.replaceAll(' ', ''))
    assert.ok(one.lines.length >= 5 && one.lines.every((line) => line.length <= 36))
  })
})

describe('the drawing of a graph', () => {
  test('has an element for each box, with its kind, and for each arrow', () => {
    const svg = graphSvg(plays)
    const drawn = [...svg.matchAll(/<g id="([^"]+)" class="([^"]+)">/g)].map(
      ([, id, kind]) => `${id} ${kind}`,
    )
    assert.deepEqual(drawn.slice(0, 4), ['p1 play', 'r1 role', 't1 task', 't2 conditional'])
    assert.ok(
      drawn.includes('h1 handler') && drawn.includes('b1_rescue part') && drawn.includes('p3_none none'),
    )
    assert.equal(svg.match(/<path class="arrow /g)?.length, 12)
    assert.match(svg, /<path class="arrow after-node" [^>]*data-from="p1" data-to="p2"/)
    assert.match(svg, /<text class="label"[^>]*>handlers run<\/text>/)
    assert.match(svg, /<title>Flow of p1, p2, p3<\/title>/)
    assert.doesNotMatch(svg, /NaN|undefined|<script|href=/)
  })

  for (const [name, shown] of [
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['a]]>&amp;"', 'a]]&gt;&amp;amp;"'],
    ['a\u0000b\u001b[31mred', 'abred'],
    ['a\ud800b', 'a\ufffdb'],
    ['Läuft 日本', 'Läuft 日本'],
  ] as const) {
    test(`shows ${JSON.stringify(name)} as text`, () => {
      const svg = graphSvg([flowPlay('p1', { name, sections: [[flowTask('t1', name, { module: name })]] })])
      // Throws if it is not well-formed.
      create(svg)
      assert.ok(svg.includes(`>${shown}</text>`), svg)
      assert.doesNotMatch(svg, /<script/)
    })
  }
})
