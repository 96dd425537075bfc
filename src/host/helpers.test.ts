/** Helpers of questions and frames: one shell receives both kinds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShellHelper } from '../connection/connection.ts'
import { endHelper } from './batch-frame.ts'
import { filesHelper, frameHelper } from './executors/frame-helpers.ts'
import * as container from './queries/container-query.ts'
import * as files from './queries/file-queries.ts'
import { realpath } from './queries/realpath.ts'
import * as system from './queries/system-queries.ts'

test('no two helpers define a function with the same name', () => {
  const kinds = [...Object.values(container), ...Object.values(files), ...Object.values(system), realpath]
  const asking = kinds.flatMap((kind): readonly ShellHelper[] =>
    typeof kind === 'object' && 'helpers' in kind ? (kind.helpers ?? []) : [],
  )
  const helpers = new Set([...asking, endHelper, frameHelper, filesHelper])
  assert.ok(helpers.size > 6, 'the helpers are found')
  const names = [...helpers].flatMap(({ text }) => [
    ...new Set([...text.matchAll(/^(gp_\w+)\(\)/gm)].map(([, name = '']) => name)),
  ])
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  )
})
