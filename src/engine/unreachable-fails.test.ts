/** A host that cannot be reached counts as one that has failed, wherever failures count. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { blockPlay, say, steps } from './testing/block-plays.ts'
import { folderOfTests, lastEvent } from './testing/local-run.ts'

describe('an unreachable host', () => {
  const folder = folderOfTests()
  folder.write(
    'gone.yml',
    'all: { hosts: { gone: { connection: openssh, address: 127.0.0.1, port: 1 }, b: { connection: local } } }\n',
  )
  const inventories = [join(folder.path, 'gone.yml')]
  const tasks = `\n- { name: first, stat: { path: / } }\n- ${say('second')}\n`

  test('ends the run with any_errors_fatal', async () => {
    const run = await folder.run(blockPlay(tasks, '  any_errors_fatal: true\n  strategy: linear\n'), {
      inventories,
    })
    assert.deepEqual(
      steps(run).filter((step) => step.includes('second')),
      [],
    )
    assert.equal(run.exitCode, 3)
  })

  test('ends the run if it was the whole batch, and takes no part in later plays', async () => {
    const run = await folder.run(blockPlay(tasks, '  serial: 1\n'), { inventories })
    assert.deepEqual(steps(run), ['first unreachable'])
    assert.deepEqual(lastEvent(run).unfinished, ['b'])
    const later = await folder.run(blockPlay(tasks) + blockPlay(tasks).replace('name: Play', 'name: Later'), {
      inventories,
    })
    assert.equal(steps(later).filter((step) => step.startsWith('gone')).length, 1)
  })

  test('is rescued by the block around the block in which it was met, and then counts as none', async () => {
    const run = await folder.run(
      blockPlay(
        `
- block:
    - block: [{ name: inner, stat: { path: / } }]
      always: [${say('cleans up')}]
  rescue: [${say('saves')}]
- ${say('continues')}
`,
        '  max_fail_percentage: 0\n',
      ),
      { inventories, limit: 'gone' },
    )
    assert.deepEqual(steps(run), ['inner unreachable (rescued)', 'cleans up ok', 'saves ok', 'continues ok'])
    assert.equal(run.exitCode, 0)
  })
})
