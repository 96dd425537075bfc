import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { serviceFacts } from './module.ts'

test('service_facts reports loaded services, and unit files of others', async () => {
  const world = fakeWorld()
  world.answer = ([, verb]) => {
    const stdout =
      verb === 'list-units'
        ? 'ssh.service loaded active running OpenBSD Secure Shell server\nx.service loaded failed failed X\n  apt.service not-found inactive dead apt.service\n'
        : 'ssh.service enabled enabled\nx.service disabled enabled\nfstrim.service static -\n'
    return { code: 0, stdout, stderr: '' }
  }
  const { actions, report } = await converge(serviceFacts, {}, world)
  assert.deepEqual(actions, [])
  assert.deepEqual(report, {
    services: {
      'apt.service': { name: 'apt.service', state: 'stopped', status: '', source: 'systemd' },
      'fstrim.service': { name: 'fstrim.service', state: 'stopped', status: 'static', source: 'systemd' },
      'ssh.service': { name: 'ssh.service', state: 'running', status: 'enabled', source: 'systemd' },
      'x.service': { name: 'x.service', state: 'failed', status: 'disabled', source: 'systemd' },
    },
  })
})

test('a host without systemd is a failure, not a host without services', async () => {
  await assert.rejects(planOnce(serviceFacts, {}, fakeWorld()), /cannot list the services: systemctl: not/)
})
