import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { defined } from '../../base/defined.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'
import { here, kinds, outputOf, runAction, step, writeAction } from '../testing/steps.ts'
import { carryOut } from '../action-frame.ts'
import { frameHelper } from './frame-helpers.ts'

const { signal } = new AbortController()

/** Programs that record their arguments and the present files before they run. */
function traced(dir: Scratch): { readonly environment: Record<string, string>; readonly log: () => string } {
  mkdirSync(dir.path('bin'))
  for (const name of ['chmod', 'chown', 'mv', 'sync', 'stat', 'sha256sum']) {
    const file = dir.path(`bin/${name}`)
    const look = `for f in ${dir.path('.gpuplay-')}*; do [ ! -e "$f" ] || /usr/bin/stat -c 'state %a %u %s' "$f"; done`
    writeFileSync(
      file,
      `#!/bin/sh\n{ echo "${name} $*"; ${look}; } >> ${dir.path('log')}\nexec /usr/bin/${name} "$@"\n`,
    )
    chmodSync(file, 0o755)
  }
  return {
    environment: { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` },
    log: () => readFileSync(dir.path('log'), 'utf8'),
  }
}

const needsRoot = process.getuid?.() === 0 ? false : 'needs root, to change owners'

test(
  'a file is never more accessible than intended, and its content is never an argument',
  { skip: needsRoot },
  async () => {
    for (const [before, wanted, allowed] of [
      [undefined, '0600', ['600']],
      ['0644', '0600', ['600']],
      ['0600', '0644', ['600', '644']],
      ['0644', undefined, ['600', '644']],
      ['4755', undefined, ['600', '4755']],
      [undefined, '4750', ['600', '4750']],
    ] as const) {
      using dir = scratch()
      const { environment, log } = traced(dir)
      const path = dir.path('a')
      if (before !== undefined) {
        writeFileSync(path, 'old')
        chownSync(path, 65534, 65534)
        chmodSync(path, Number.parseInt(before, 8))
      }
      const action = writeAction(path, 'hush hush', {
        owner: '1',
        ...defined({ mode: wanted }),
      })
      const results = await carryOut([step(action)], here(dir, environment), { signal })
      assert.deepEqual(kinds(results), ['done'])
      const states = [...log().matchAll(/^state (\d+) /gm)].map(([, mode = '']) => mode)
      assert.ok(states.length > 2)
      assert.deepEqual(
        states.filter((mode) => !allowed.some((fine) => fine === mode)),
        [],
        log(),
      )
      const { mode, uid } = statSync(path)
      assert.equal((mode & 0o7777).toString(8), (wanted ?? before)?.replace(/^0/, ''))
      assert.equal(uid, 1)
      assert.ok(!log().includes('hush'))
    }
  },
)

test('a change of the owner keeps setuid', { skip: needsRoot }, async () => {
  using dir = scratch()
  const path = dir.path('a')
  for (const known of [false, true]) {
    writeFileSync(path, 'x')
    chownSync(path, 65534, 65534)
    chmodSync(path, 0o4755)
    const status = {
      kind: 'file',
      mode: '4755',
      owner: 'nobody',
      group: 'nogroup',
      uid: 65534,
      gid: 65534,
      size: 1,
    } as const
    const expects = known ? new Map([[path, { content: 'present', status }]]) : new Map()
    const results = await carryOut(
      [step({ kind: 'setAttributes', path, owner: 'root' }, { expects })],
      here(dir),
      { signal },
    )
    assert.deepEqual(kinds(results), ['done'])
    assert.equal(statSync(path).mode & 0o7777, 0o4755)
    assert.equal(statSync(path).uid, 0)
  }
})

test('one sync writes all files of a frame before any of them is reported', async () => {
  using dir = scratch()
  const { environment, log } = traced(dir)
  const synced: number[] = []
  const steps = ['a', 'b', 'c'].map((name) => step(writeAction(dir.path(name), 'x')))
  const results = await carryOut([...steps, step(runAction('true'))], here(dir, environment), {
    signal,
    finished: () => synced.push(log().match(/^sync /gm)?.length ?? 0),
  })
  assert.deepEqual(kinds(results), ['done', 'done', 'done', 'done'])
  assert.deepEqual(synced, [1, 1, 1, 1])
  assert.match(
    log(),
    new RegExp(`^sync -- ${dir.path('a')} ${dir.path('b')} ${dir.path('c')} ${dir.directory}/$`, 'm'),
  )
})

test('the lock for packages is in a directory of root', { skip: needsRoot }, async () => {
  using dir = scratch()
  const lock = { kind: 'dpkg', timeout: 5 } as const
  const tries = runAction(`flock -n ${dir.path('state/packages.lock')} true && echo free || echo held`, {
    lock,
  })
  const results = await carryOut([step(tries), step({ ...tries, argv: tries.argv })], here(dir), { signal })
  assert.deepEqual(results.map(outputOf), ['held\n', 'held\n'])
  assert.equal(statSync(dir.path('state')).mode & 0o777, 0o700)
  // If another user owns the state directory, the lock is not in a directory in which users can create files.
  assert.doesNotMatch(frameHelper.text, /\/run\/lock|\/tmp/)
})
