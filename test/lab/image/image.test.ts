import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesSuite } from './image.ts'

test('recognizes the apt sources of the distribution in both formats, and no others', () => {
  assert.equal(namesSuite('deb http://mirror.test/debian bookworm main contrib\n'), true)
  assert.equal(
    namesSuite('deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main\n'),
    true,
  )
  assert.equal(
    namesSuite('Types: deb\nURIs: http://m.test/\nSuites: bookworm bookworm-updates\nComponents: main\n'),
    true,
  )
  assert.equal(namesSuite('deb http://mirror.test/apt cloud-sdk-bookworm main\n'), false)
  assert.equal(namesSuite('# deb http://mirror.test/debian bookworm main\n'), false)
  assert.equal(namesSuite('Types: deb\nURIs: http://m.test/\nSuites: nodistro\nComponents: main\n'), false)
})
