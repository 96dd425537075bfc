import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchFolder } from '../connection/testing/programs.ts'
import { gpuplay } from './testing/command-line.ts'

test('without an inventory, the hint says how to get one', async () => {
  const { exitCode, errors } = await gpuplay(scratchFolder(), ['inventory', '--list'])
  assert.equal(
    errors,
    `error: no inventory was given, and this folder contains none
  help: pass one with -i, or start with "gpuplay init", which copies an example

1 problem; no host was contacted, nothing was changed
`,
  )
  assert.equal(exitCode, 2)
})

test('gpuplay inventory shows one view at a time', async () => {
  const { exitCode, errors } = await gpuplay(scratchFolder(), ['inventory', '--list', '--graph'])
  assert.equal(exitCode, 2)
  assert.match(errors, /--list and --graph exclude each other/)
  assert.match(errors, /give one of --list, --graph and --host/)
})
