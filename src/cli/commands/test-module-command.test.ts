import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/playbooks.md'), 'utf8')
const documented = (kind: string): string =>
  new RegExp(`^## Custom modules$[^]*?^\`\`\`${kind}\\n([^]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? ''

test('the module and the cases of the documentation pass', async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'modules'))
  writeFileSync(join(folder, 'modules/take-note.ts'), documented('ts'))
  const cases = documented('yaml').replaceAll('/srv', folder)
  writeFileSync(join(folder, 'modules/take-note.cases.yml'), cases)
  const { output, exitCode } = await gpuplay(folder, ['test-module', 'modules/take-note.ts'])
  assert.equal(output, 'ok      a new note\nok      the same note\n2 cases, 0 failed\n')
  assert.equal(exitCode, 0)

  writeFileSync(join(folder, 'modules/take-note.cases.yml'), cases.replace('dry: ok', 'dry: changed'))
  const failed = await gpuplay(folder, ['test-module', 'modules/take-note.ts'])
  assert.match(failed.output, /^FAILED {2}the same note\n {8}the outcome of the dry run is ok, not changed/m)
  assert.equal(failed.exitCode, 7)
})

test('a file that is no module, and one without cases, are mistakes', async () => {
  const folder = scratchFolder()
  for (const [path, message] of [
    ['take-note.ts', /is no module/],
    ['modules/take-note.ts', /there is no file .*take-note\.cases\.yml with cases/],
  ] as const) {
    const { errors, exitCode } = await gpuplay(folder, ['test-module', path])
    assert.match(errors, message)
    assert.equal(exitCode, 2)
  }
})
