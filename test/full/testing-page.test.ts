/** docs/testing.md as it is written: its files and its commands, in a new folder on this machine. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeFolder, repository } from '../whole/command-line.ts'
import { readPage } from '../whole/support/markdown.ts'
import { blockSteps } from '../whole/support/page-steps.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'

/** The directory of the page's example. */
const example = '/tmp/gpuplay-example'
const whyNot =
  process.getuid?.() === 0 ? false : 'the page runs as root, so that gpuplay may write /var/lib/gpuplay'

describe('docs/testing.md', { skip: whyNot }, () => {
  let folder: ReturnType<typeof makeFolder>
  let notes: ReturnType<typeof makeFolder>
  before(() => {
    folder = makeFolder({})
    notes = makeFolder({})
  })
  after(() => {
    folder.remove()
    notes.remove()
  })

  const steps = blockSteps(readPage(readFileSync(join(repository, 'docs/testing.md'), 'utf8')))
  it('has files and commands', () => {
    assert.ok(steps.filter(({ text }) => text !== undefined).length > 4)
    assert.ok(steps.filter(({ text }) => text === undefined).length > 6)
  })
  for (const { line, text } of steps)
    it(`says: ${line}`, async () => {
      if (text !== undefined) {
        const path = join(folder.path, line)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, text.replaceAll(example, join(notes.path, 'example')))
        return
      }
      const [program, ...words] = line.split(' ')
      assert.equal(program, 'gpuplay')
      const ended = await gpuplay(words, { cwd: folder.path, output: 'plain' })
      assert.equal(ended.exitCode, 0, ended.text.slice(-3000))
    })
})
