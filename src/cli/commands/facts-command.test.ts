import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

test('an unreachable host is named, and gpuplay does not claim that no host was contacted', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'inventory.yml')
  writeFileSync(
    file,
    'all:\n  hosts:\n    here: { connection: local }\n    down: { address: 127.0.0.1, port: 1 }\n',
  )
  const { exitCode, output, errors } = await gpuplay(folder, ['facts', '-i', file, '--only', 'kernel', 'all'])
  const facts: Record<string, unknown> = JSON.parse(output)
  assert.deepEqual(Object.keys(facts), ['here'])
  assert.match(errors, /^down \| error: .*127\.0\.0\.1/)
  assert.doesNotMatch(errors, /nothing was/)
  assert.equal(exitCode, 3)
})
