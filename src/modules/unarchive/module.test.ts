import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { unarchive } from './module.ts'

const args = { src: '/opt/x.tar.gz', dest: '/srv/x/' }
const same = { code: 0, stdout: '', stderr: '' }

function worldWith(...answers: readonly { code: number; stdout: string; stderr: string }[]): FakeWorld {
  const world = fakeWorld({ '/opt/x.tar.gz': '', '/srv/x/other': '' })
  const left = [...answers]
  world.answer = () => left.shift() ?? same
  return world
}

test('an archive is unpacked if an entry differs, and nothing is planned afterwards', async () => {
  const missing = {
    code: 1,
    stdout: 'a: Size differs\n',
    stderr: 'tar: b c: Warning: Cannot stat: No such file or directory\n',
  }
  const { actions, report, diffs } = await converge(unarchive, args, worldWith(missing))
  assertHas(actions, [
    {
      argv: 'tar --extract --force-local --file /opt/x.tar.gz --directory /srv/x'.split(' '),
      label: 'unpack /opt/x.tar.gz in /srv/x',
    },
  ])
  assert.deepEqual(report, args)
  assert.deepEqual(diffs, [{ title: '/srv/x', before: '2 entries differ\n', after: 'as in /opt/x.tar.gz\n' }])
})

test('other owners and times, and names of which nothing is left, are no difference', async () => {
  const world = worldWith({
    code: 1,
    stdout: 'a: Uid differs\na: Gid differs\nb: Mod time differs\n',
    stderr: 'tar: : Warning: Cannot stat: No such file or directory\n',
  })
  assert.deepEqual((await planOnce(unarchive, { ...args, strip_components: 1 }, world)).actions, [])
})

test('the archive is not compared with creates', async () => {
  const world = worldWith()
  const asked = { ...args, creates: '/srv/x/bin', strip_components: 1 }
  world.answer = () => assert.fail('compared')
  const { actions } = await planOnce(unarchive, asked, world)
  assertHas(actions, [
    {
      argv: 'tar --extract --force-local --file /opt/x.tar.gz --directory /srv/x --strip-components 1'.split(
        ' ',
      ),
    },
  ])
  addFile(world, '/srv/x/bin', '')
  assert.deepEqual((await planOnce(unarchive, asked, world)).actions, [])
})

test('a missing archive, a missing directory and a file that is no archive are refused', async () => {
  const none = await planOnce(unarchive, { ...args, src: '/opt/none' }, worldWith())
  assert.equal(none.refusal?.message, '/opt/none does not exist')
  const nowhere = await planOnce(unarchive, { ...args, dest: '/nowhere' }, worldWith())
  assert.equal(nowhere.refusal?.message, 'there is no directory /nowhere')
  const said =
    'tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n'
  await assert.rejects(
    planOnce(unarchive, args, worldWith({ code: 2, stdout: '', stderr: said })),
    /cannot read the archive \/opt\/x\.tar\.gz: tar: This does not look like a tar archive/,
  )
})

test('a path on the controller is a mistake', () => {
  assert.throws(() => completed(unarchive, { ...args, src: 'files/x.tar' }))
})
