import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { replace } from './module.ts'

const path = '/etc/default/grub'

test('replace changes all matches, reports them, and plans nothing afterwards', async () => {
  const world = fakeWorld({ [path]: 'A="x"\nB="x"\n' })
  const args = { path, regexp: '^(\\w)="x"$', replace: '\\1="y"', backup: true }
  const { actions, diffs } = await converge(replace, args, world)
  assert.deepEqual(
    actions.map(({ kind, label }) => [kind, label]),
    [['writeFile', `replace the matches in ${path}`]],
  )
  assert.deepEqual(diffs, [{ title: path, before: 'A="x"\nB="x"\n', after: 'A="y"\nB="y"\n' }])
  assert.equal(world.files.get(path)?.text, 'A="y"\nB="y"\n')
  const again = await converge(replace, args, world)
  assert.deepEqual([again.actions, again.report], [[], { found: 0 }])
})

test('attributes are set even if nothing matches', async () => {
  const { actions } = await planOnce(
    replace,
    { path, regexp: 'none', mode: '0600' },
    fakeWorld({ [path]: '' }),
  )
  assert.deepEqual(actions, [{ kind: 'setAttributes', path, mode: '0600' }])
})

test('a replacement that matches again is refused', async () => {
  const args = { path, regexp: 'quiet', replace: 'quiet splash' }
  const { refusal } = await planOnce(replace, args, fakeWorld({ [path]: 'quiet\n' }))
  assert.equal(
    refusal?.message,
    'every run would change /etc/default/grub again, since `regexp` also matches after the replacement',
  )
})

test('a missing file and an invalid pattern are refused', async () => {
  const missing = await planOnce(replace, { path, regexp: 'x' }, fakeWorld())
  assert.deepEqual(missing.refusal, { code: 'file-not-found', message: `${path} does not exist` })
  const invalid = await planOnce(replace, { path, regexp: '(' }, fakeWorld({ [path]: '' }))
  assert.match(invalid.refusal?.message ?? '', /^`regexp`: /)
})
