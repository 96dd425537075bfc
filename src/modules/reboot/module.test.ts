import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { clusterFile } from '../../proxmox/cluster.ts'
import { corosyncFile } from '../../proxmox/testing/corosync.ts'
import { addFile, fakeWorld } from '../testing/fake-host.ts'
import { reboot } from './module.ts'

test('reboot acts only if a restart is needed, and never in containers', async () => {
  const world = fakeWorld()
  assert.deepEqual((await planOnce(reboot, { required: false }, world)).actions, [])
  const { actions } = await converge(reboot, { reason: 'new driver', timeout: 60 }, world)
  assert.deepEqual(actions, [{ kind: 'reboot', reason: 'new driver', timeout: 60, slots: [] }])
  addFile(world, clusterFile, corosyncFile('prod', ['pve1', 'pve2']))
  const clustered = await planOnce(reboot, {}, world)
  assert.deepEqual(clustered.actions, [
    {
      kind: 'reboot',
      reason: 'requested by a playbook',
      timeout: 600,
      slots: ['prod 192.0.2.11', 'prod 192.0.2.12'],
    },
  ])
  world.ctid = '101'
  const { refusal } = await planOnce(reboot, {}, world)
  assert.equal(refusal?.code, 'no-reboot-of-containers')
  assert.match(refusal.hint ?? '', /or run `pct reboot` on the node$/)
})
