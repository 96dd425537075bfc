/** `gpuplay init`, and the examples that it does not copy. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

const folder = scratchFolder()
const type = (...words: readonly string[]) => gpuplay(folder, words)

test('init copies the example inventory and never overwrites', async () => {
  const { exitCode, output } = await type('init')
  assert.equal(exitCode, 0)
  assert.match(output, /gpuplay run site\.yml -i inventory --check/)
  assert.ok(existsSync(join(folder, 'inventory/group_vars/all.yml')))
  const hosts = readFileSync(join(folder, 'inventory/hosts.yml'), 'utf8')
  assert.match(hosts, /ctid: 101/)
  const again = await type('init')
  assert.match(again.errors, /^error: "inventory" already exists\n.*gpuplay init --inventory-only DIRECTORY/)
  assert.equal(again.exitCode, 2)
  assert.equal((await type('init', '--inventory-only', 'other')).exitCode, 0)
  assert.ok(existsSync(join(folder, 'other/hosts.yml')))
  assert.ok(!existsSync(join(folder, 'other/site.yml')))
  const { errors } = await type('init', '--inventory-only', 'a/b/c')
  assert.equal(errors, '')
})

test('init with a directory creates a project without mistakes, and never overwrites', async () => {
  const { exitCode, output } = await type('init', 'fleet')
  assert.equal(exitCode, 0)
  const shown = [...output.matchAll(/^ {2}(\S+)(?: {2,}\S)/gm)].map(([, path = '']) => path)
  assert.deepEqual(shown, ['site.yml', 'inventory/', 'roles/login_message/', 'gpuplay.yml', '.gitignore'])
  for (const path of [...shown, 'inventory/group_vars/all.yml', 'roles/login_message/meta/arguments.yml'])
    assert.ok(existsSync(join(folder, 'fleet', path)), path)
  assert.ok(!existsSync(join(folder, 'fleet/gitignore')))
  const project = join(folder, 'fleet')
  for (const words of [
    ['lint', project, '-i', join(project, 'inventory')],
    ['run', join(project, 'site.yml'), '--syntax-check'],
  ]) {
    const checked = await gpuplay(project, words)
    assert.deepEqual([checked.exitCode, checked.errors], [0, ''], checked.output)
  }
  // In a folder with other files, but not over a file of the project.
  const used = scratchFolder()
  writeFileSync(join(used, 'README.md'), 'mine\n')
  const here = await gpuplay(used, ['init', '.'])
  assert.equal(here.exitCode, 0)
  assert.match(here.output, /\n {2}1\. Put your hosts into inventory\/hosts\.yml/)
  rmSync(join(used, 'gpuplay.yml'))
  const again = await gpuplay(used, ['init', '.'])
  assert.equal(again.exitCode, 2)
  assert.match(
    again.errors,
    /^error: "(?!\/)\S+" already exists\n {2}help: remove it, or name another directory/,
  )
  assert.ok(!existsSync(join(used, 'gpuplay.yml')))
})

test('the examples have no mistakes, and lint has no advice', async () => {
  const examples = join(import.meta.dirname, '../../../examples')
  for (const words of [
    ['lint', examples],
    ['lint', examples, '-i', join(examples, 'inventory')],
  ]) {
    const { exitCode, output, errors } = await gpuplay(examples, words)
    assert.equal(exitCode, 0, output + errors)
  }
})
