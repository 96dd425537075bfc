import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isChosen } from './tags.ts'

const cases: readonly (readonly [tags: string, wanted: string, skipped: string, chosen: boolean])[] = [
  ['', '', '', true],
  ['a', '', '', true],
  ['never', '', '', false],
  ['never a', 'a', '', true],
  ['a', 'a', '', true],
  ['b', 'a', '', false],
  ['', 'a', '', false],
  ['always', 'a', '', true],
  ['always', 'a', 'always', false],
  ['a', 'a', 'a', false],
  ['a', 'tagged', '', true],
  ['', 'tagged', '', false],
  ['', 'untagged', '', true],
  ['a', '', 'tagged', false],
  ['a', 'all', '', true],
  ['never', 'all', '', false],
]

for (const [tags, wanted, skipped, chosen] of cases) {
  test(`a task tagged "${tags}" is ${chosen ? '' : 'not '}selected by --tags "${wanted}" --skip-tags "${skipped}"`, () => {
    const list = (text: string) => text.split(' ').filter((word) => word !== '')
    assert.equal(isChosen(list(tags), { tags: list(wanted), skipTags: list(skipped) }), chosen)
  })
}
