import assert from 'node:assert/strict'
import { test } from 'node:test'
import { graphText } from './graph-text.ts'
import { flowPlay, flowTask } from '../testing/sample-flow.ts'

test('plays, roles, tasks and handlers are boxes, and the arrows follow them', () => {
  const role = {
    kind: 'role',
    id: 'r1',
    name: 'driver',
    steps: [flowTask('t1', 'Download'), flowTask('t2', 'Load')],
  } as const
  const text = graphText([
    flowPlay('p1', { name: 'Nodes', pattern: 'nodes', sections: [[role, flowTask('t3', 'command')]] }),
    flowPlay('p2', {
      name: 'Web',
      pattern: 'web',
      afterNode: true,
      inBatches: true,
      sections: [
        [flowTask('t4', 'Configure', { conditional: true, looped: true, notifies: ['h1'] })],
        [flowTask('t5', 'Verify')],
      ],
      handlers: [flowTask('h1', 'Restart', { module: 'service' })],
    }),
    flowPlay('p3', { name: 'all', pattern: 'all' }),
  ])
  assert.equal(
    text,
    `flowchart TD
  subgraph p1["Nodes (nodes)"]
    subgraph r1["role driver"]
      t1["Download<br/>command"]
      t2["Load<br/>command"]
    end
    t3["command"]
  end
  subgraph p2["Web (web), in batches"]
    t4{{"Configure<br/>command, for each item"}}
    t5["Verify<br/>command"]
    subgraph p2_handlers["handlers"]
      h1(["Restart<br/>service"])
    end
  end
  subgraph p3["all"]
    p3_none["no tasks"]
  end
  t1 --> t2
  t2 --> t3
  t4 -.->|"notify"| h1
  t4 -->|"handlers run"| t5
  p1 -.->|"after: node"| p2
  p2 ==>|"all hosts"| p3`,
  )
})

test('a block leads to its rescue if it fails, and both lead to what always runs', () => {
  const block = {
    kind: 'block',
    id: 'b1',
    name: 'Guarded',
    steps: [flowTask('t2', 'Try')],
    rescue: [flowTask('t3', 'Repair')],
    always: [flowTask('t4', 'Clean')],
  } as const
  const steps = [flowTask('t1', 'Before'), block, flowTask('t5', 'After')]
  const lines = graphText([flowPlay('p1', { sections: [steps] })]).split('\n')
  assert.deepEqual(lines.slice(lines.indexOf('    subgraph b1["Guarded"]')), [
    '    subgraph b1["Guarded"]',
    '      subgraph b1_block["block"]',
    '        t2["Try<br/>command"]',
    '      end',
    '      subgraph b1_rescue["rescue"]',
    '        t3["Repair<br/>command"]',
    '      end',
    '      subgraph b1_always["always"]',
    '        t4["Clean<br/>command"]',
    '      end',
    '    end',
    '    t5["After<br/>command"]',
    '  end',
    '  b1_block -->|"fails"| b1_rescue',
    '  t2 --> t4',
    '  t3 --> t4',
    '  t1 --> t2',
    '  t4 --> t5',
  ])
  const without = graphText([
    flowPlay('p1', { sections: [[{ ...block, always: [] }, flowTask('t5', 'After')]] }),
  ])
  assert.match(without, /\n {2}t2 --> t5\n {2}t3 --> t5$/)
  assert.doesNotMatch(without, /always/)
})

for (const [name, label] of [
  ['Say "hi" & <b>go</b>', 'Say #34;hi#34; #38; #60;b#62;go#60;/b#62;'],
  ['%%{init}%% `x` *y* a;b', '#37;#37;{init}#37;#37; #96;x#96; #42;y#42; a#59;b'],
  ['Set style:#35; now', 'Set style#58;#35;35#59; now'],
  ['Step 1: go', 'Step 1: go'],
  ['1. First', '1#46; First'],
  ['- item', '#45; item'],
  ['C:\\n\u001b[31mred', 'C#58;#92;nred'],
  ['Install {{ version }}', 'Install {{ version }}'],
  ['two\n lines ', 'two lines'],
] as const) {
  test(`the name ${JSON.stringify(name)} is a plain label`, () => {
    const text = graphText([flowPlay('p1', { sections: [[flowTask('t1', name, { module: name })]] })])
    assert.equal(text.split('\n')[2], `    t1["${label}"]`)
  })
}
