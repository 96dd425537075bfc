import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import { surprises } from './surprises.ts'
import type { Host } from './host.ts'
import { createReader } from './reader.ts'
import { createLocalShell } from './testing/local-shell.ts'
import { scratch } from './testing/scratch.ts'

function here(): Host {
  const shell = createLocalShell()
  return createReader({
    name: hostName('here'),
    shell: async () => shell,
    signal: new AbortController().signal,
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  }).view()
}

test('only effects that did not happen are reported', async () => {
  using dir = scratch()
  writeFileSync(dir.path('right'), 'right', { mode: 0o600 })
  writeFileSync(dir.path('wrong'), 'other', { mode: 0o644 })
  writeFileSync(dir.path('there'), '')
  mkdirSync(dir.path('directory'))
  const write = (name: string, text: string): Action => ({
    kind: 'writeFile',
    path: dir.path(name),
    content: { kind: 'text', text },
    mode: '0600',
    owner: '0',
  })
  const actions: readonly Action[] = [
    write('right', 'not the last word'),
    write('right', 'right'),
    write('wrong', 'wanted'),
    { kind: 'remove', path: dir.path('there') },
    { kind: 'makeLink', path: dir.path('directory'), target: 'x' },
    {
      kind: 'run',
      argv: ['x'],
      effects: [
        { kind: 'kernelModule', name: 'no_such_module', becomes: { loaded: true } },
        { kind: 'kernelModule', name: 'after_boot', becomes: { loaded: true }, afterBoot: true },
        { kind: 'command', name: 'sh', becomes: { path: undefined } },
      ],
    },
  ]
  const owner = process.getuid?.() === 0
  const sentences = await surprises(actions, here())
  assert.deepEqual(
    sentences
      .filter((sentence) => owner || !sentence.includes('owner'))
      .map((sentence) =>
        sentence
          .replaceAll(/[0-9a-f]{64}/g, 'SUM')
          .replaceAll(dir.directory, 'DIR')
          .replace('/usr/bin', '/bin'),
      )
      .sort(),
    [
      'kind of DIR/directory is "directory"; predicted: "link"',
      'kind of DIR/there is "file"; predicted: "absent"',
      'loaded of kernel module no_such_module is false; predicted: true',
      'mode of DIR/wrong is "0644"; predicted: "0600"',
      'path of program sh is "/bin/sh"; predicted: none',
      'sha256 of DIR/wrong is "SUM"; predicted: "SUM"',
    ].sort(),
  )
})

test('effects that were declared unknown later are not compared', async () => {
  using dir = scratch()
  const actions: readonly Action[] = [
    { kind: 'writeFile', path: dir.path('a'), content: { kind: 'text', text: 'x' } },
    {
      kind: 'run',
      argv: ['x'],
      effects: [{ kind: 'unknown', resources: [`file:${dir.directory}/*`], why: 'x' }],
    },
  ]
  assert.deepEqual(await surprises(actions, here()), [])
})
