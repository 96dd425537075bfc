/** `loop_control`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mistakesIn, playsOf } from './testing/playbooks.ts'

const loopOf = (control: string) =>
  playsOf({
    '/p/site.yml': `- hosts: all\n  tasks: [{ debug: { msg: x }, loop: [1], loop_control: ${control} }]\n`,
  })[0]?.sections[0]?.tasks[0]?.loop

test('the keywords of loop_control', () => {
  const plain = loopOf('{}')
  assert.deepEqual(
    [plain?.variable, plain?.indexVariable, plain?.pause, plain?.extended, plain?.breakWhen],
    ['item', undefined, 0, 'no', undefined],
  )
  const all = loopOf(
    '{ loop_var: one, index_var: n, label: x, pause: 0.5, extended: true, break_when: [n > 1, one == 3] }',
  )
  assert.deepEqual([all?.variable, all?.indexVariable, all?.pause, all?.extended], ['one', 'n', 0.5, 'whole'])
  assert.deepEqual(
    all?.breakWhen?.map(({ source }) => source),
    ['n > 1', 'one == 3'],
  )
  assert.equal(loopOf('{ extended: true, extended_allitems: false }')?.extended, 'short')
  assert.equal(loopOf('{ extended_allitems: false }')?.extended, 'no')
})

const mistakes: readonly (readonly [control: string, used: string, ...messages: string[]])[] = [
  ['{ paus: 1 }', 'x', '6:23 unknown-keyword: "loop_control" has no "paus" (did you mean "pause"?)'],
  [
    '{ pause: -1 }',
    'x',
    '6:30 invalid-keyword: "pause" must be from 0 to 86400 seconds, not -1 (write a number from 0 to 86400)',
  ],
  ['{ extended: true }', '{{ ansible_loop.index0 }} {{ ansible_loop.previtem }}'],
  [
    '{ extended: true, extended_allitems: false }',
    '{{ ansible_loop.allitems }}',
    '4:31 no-such-key: "ansible_loop" has no "allitems" (it has index, index0, revindex, revindex0, first, last, length, previtem, nextitem)',
  ],
  [
    '{ extended: true }',
    '{{ ansible_loop.fist }}',
    '4:31 no-such-key: "ansible_loop" has no "fist" (did you mean "first"?)',
  ],
  ['{ break_when: itme == 1 }', 'x', '6:35 undefined-variable: "itme" is not defined (did you mean "item"?)'],
]

for (const [control, used, ...messages] of mistakes) {
  test(`loop_control ${control} with "${used}": ${messages.length === 0 ? 'no mistake' : 'a mistake'}`, () => {
    assert.deepEqual(
      mistakesIn(`- debug:\n    msg: "${used}"\n  loop: [1, 2]\n  loop_control: ${control}\n`),
      messages.map((message) => `site.yml:${message}`),
    )
  })
}

test('without "extended" there is no ansible_loop', () => {
  assert.match(
    mistakesIn('- debug: { msg: "{{ ansible_loop.index }}" }\n  loop: [1]\n').join(),
    /"ansible_loop" is not defined/,
  )
})
