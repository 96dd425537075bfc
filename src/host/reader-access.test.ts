import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { raw, sh } from '../base/shell.ts'
import type { Action } from './action.ts'
import { createOverlay } from './overlay.ts'
import { createReader } from './reader.ts'
import { createLocalShell } from './testing/local-shell.ts'
import { scratch } from './testing/scratch.ts'

const place = { name: hostName('here') }
const asNobody = raw(sh`exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c`)

test('file access that a user may not have is unknown, under any name of the file', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to be another user')
  using dir = scratch()
  chmodSync(dir.directory, 0o755)
  mkdirSync(dir.path('root'))
  mkdirSync(dir.path('open'))
  chmodSync(dir.path('open'), 0o777)
  symlinkSync('../root', dir.path('open/link'))
  writeFileSync(dir.path('open/file'), '')
  const shell = createLocalShell()
  const reader = createReader({
    name: place.name,
    shell: async () => ({
      ...shell,
      // The shell of the other user has received no helpers.
      run: (script, options) => {
        const helpers = (options.helpers ?? []).map(({ text }) => text)
        return shell.run(sh`${asNobody} ${[...helpers, script].join('\n')}`, options)
      },
    }),
    signal: new AbortController().signal,
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  const overlay = createOverlay()
  const why = async (action: Action): Promise<string | undefined> =>
    (await reader.forTask({ overlay }).whyNot(action))?.why
  const write = (name: string): Action => ({
    kind: 'writeFile',
    path: dir.path(name),
    content: { kind: 'text', text: '' },
  })
  const make = (name: string): Action => ({ kind: 'makeDirectory', path: dir.path(name) })
  assert.equal(await why(write('root/a')), `the task's user cannot write in ${dir.path('root')}`)
  assert.equal(await why(write('open/a')), undefined)
  assert.equal(await why(write('open/link/a')), `the task's user cannot write in ${dir.path('root')}`)
  assert.equal(await why(make('root/a/b')), `the task's user cannot write in ${dir.path('root/a')}`)
  assert.equal(await why(make('open/a/b')), undefined)
  assert.match((await why({ kind: 'remove', path: dir.path('root/a') })) ?? '', /cannot write/)
  assert.match(
    (await why({ kind: 'setAttributes', path: dir.path('open/file'), mode: '0600' })) ?? '',
    /belongs to another user/,
  )
  overlay.apply(place, make('open/his'), { byUser: true })
  assert.equal(await why(write('open/his/a')), undefined)
  overlay.apply(place, { kind: 'remove', path: dir.path('open/gone') })
  overlay.apply(place, make('open/gone'))
  assert.match((await why(write('open/gone/a'))) ?? '', /cannot write/)
})
