import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge } from '../testing/converge.ts'
import { fakeWorld, makeParents } from '../testing/fake-host.ts'
import { template } from './module.ts'

test('template writes the rendered text, and plans nothing afterwards', async () => {
  const world = fakeWorld({ '/etc/motd': 'old\n' })
  const args = { src: '/role/templates/motd.hbs', dest: '/etc/motd', content: 'gpu 0\n' }
  const { diffs } = await converge(template, args, world)
  assert.equal(world.files.get('/etc/motd')?.text, 'gpu 0\n')
  assert.deepEqual(diffs, [{ title: '/etc/motd', before: 'old\n', after: 'gpu 0\n' }])
})

test('in a directory, a template is written without its extension', async () => {
  const world = fakeWorld()
  makeParents(world, '/etc/conf.d/x')
  await converge(template, { src: '/t/app.conf.hbs', dest: '/etc/conf.d', content: 'x' }, world)
  assert.ok(world.files.has('/etc/conf.d/app.conf'))
})
