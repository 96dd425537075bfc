/** `ignore_unreachable` on hosts that cannot be reached. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { blockPlay, counts, say, steps } from './testing/block-plays.ts'
import { folderOfTests, lastEvent } from './testing/local-run.ts'

describe('ignore_unreachable', () => {
  const folder = folderOfTests()
  folder.write('gone.yml', 'all: { hosts: { a: { connection: openssh, address: 127.0.0.1, port: 1 } } }\n')
  const inventories = [`${folder.path}/gone.yml`]

  for (const check of [false, true]) {
    test(`the play continues on the host, and each task tries to reach it${check ? ', in a dry run too' : ''}`, async () => {
      const run = await folder.run(
        blockPlay(`
- { name: first, stat: { path: / }, ignore_unreachable: true, register: tried }
- ${say('needs nothing', '{{ tried.unreachable }}')}
- { name: second, stat: { path: /etc }, ignore_unreachable: true }
- { name: third, stat: { path: /etc } }
- ${say('not reached')}
`),
        { inventories, check },
      )
      assert.deepEqual(steps(run), [
        'first unreachable (ignored)',
        'needs nothing ok',
        'second unreachable (ignored)',
        'third unreachable',
      ])
      assert.equal(run.messages[0], 'true')
      assert.equal(run.exitCode, 3)
      assert.deepEqual(lastEvent(run).hosts, { a: counts({ ok: 1, ignored: 2, unreachable: 1 }) })
    })
  }

  test('with it on the play, nothing fails', async () => {
    const run = await folder.run(
      blockPlay(
        `\n- { name: first, stat: { path: /etc } }\n- ${say('second')}\n`,
        '  ignore_unreachable: true\n',
      ),
      { inventories },
    )
    assert.deepEqual([steps(run), run.exitCode], [['first unreachable (ignored)', 'second ok'], 0])
  })

  test('it does not ignore failures, and ignore_errors does not ignore unreachable hosts', async () => {
    const failing = await folder.run(blockPlay('\n- { name: f, fail: , ignore_unreachable: true }\n'))
    assert.deepEqual(steps(failing), ['f failed'])
    const gone = await folder.run(blockPlay('\n- { name: f, stat: { path: / }, ignore_errors: true }\n'), {
      inventories,
    })
    assert.deepEqual(steps(gone), ['f unreachable'])
  })
})
