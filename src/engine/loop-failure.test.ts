import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { localFolder } from './testing/local-run.ts'

test('no task after a loop with a failed item runs, even if other items changed something', async () => {
  const folder = localFolder()
  try {
    folder.write('out/kept', '')
    const out = join(folder.path, 'out')
    const run = await folder.run(`
- hosts: localhost
  tasks:
    - name: loop
      copy: { content: x, dest: "{{ item }}" }
      loop: [${out}/no/such/folder/a, ${out}/c]
    - name: behind
      copy: { content: x, dest: ${out}/behind }
`)
    assert.equal(run.exitCode, 7)
    assert.deepEqual(run.outcomes, { loop: 'failed' })
    assert.equal(existsSync(join(out, 'c')), true)
    assert.equal(existsSync(join(out, 'behind')), false)
  } finally {
    folder.remove()
  }
})
