/**
 * Parsers return an answer or a message for each item, for any output of a host, and throw only HostErrors.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  array,
  assert as check,
  constantFrom,
  integer,
  oneof,
  property,
  record,
  string,
  uint8Array,
} from 'fast-check'
import { HostError } from '../../base/errors.ts'
import { allQueries, assertAnswers, pieces, subjects } from '../testing/answers.ts'
import { stat } from './file-queries.ts'

const stream = oneof(
  array(oneof(constantFrom(...pieces), string({ maxLength: 5 })), { maxLength: 40 }).map((parts) =>
    Buffer.from(parts.join('')),
  ),
  uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)
const output = record({
  stdout: stream,
  stderr: stream,
  code: oneof(constantFrom(0, 1, 2, 124, 127), integer()),
})

describe('an invalid answer', () => {
  test('has a test subject for every kind of query', () => {
    const named = Object.values(subjects).map(({ kind }) => kind)
    assert.equal(allQueries.length, named.length)
    assert.deepEqual(new Set(allQueries), new Set(named))
  })

  for (const [name, { answers, counts }] of Object.entries(subjects)) {
    test(`${name}: each item gets an answer or a message`, () => {
      check(
        property(output, constantFrom(...counts), (said, count) => {
          try {
            assertAnswers(answers(said, count), count)
          } catch (error) {
            if (!(error instanceof HostError)) throw error
          }
        }),
        { numRuns: 400 },
      )
    })
  }

  test('an empty answer does not mean absent', () => {
    const silence = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), code: 0 }
    for (const name of [
      'stat',
      'statFollow',
      'hash',
      'list',
      'dpkg',
      'unit',
      'command',
      'container',
      'user',
      'group',
      'mount',
    ]) {
      const [answer] = subjects[name]?.answers(silence, 1) ?? []
      assert.ok(typeof answer === 'object' && answer !== null && 'ok' in answer && !answer.ok, name)
    }
  })

  test('a forged stat is quoted', () => {
    const said = { stdout: Buffer.from('/etc/x\0zzzz\0y\0'), stderr: Buffer.alloc(0), code: 0 }
    const message = 'cannot read /etc/x: invalid answer from stat: "zzzz"'
    assert.deepEqual(stat.parse(said, ['/etc/x']), [{ ok: false, problem: { code: 'read-failed', message } }])
  })
})
