import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterState } from '../proxmox/cluster-state.ts'
import { awaitCeph, awaitQuorum, clusterState, type Rejoin } from './rejoin.ts'

const separator = '== ceph health\n'
const alone = `Quorate:          No\n${separator}`
const back = `Quorate:          Yes\n${separator}`
const ceph = (message: string): string =>
  `${back}${JSON.stringify({ status: 'HEALTH_WARN', checks: { OSD_DOWN: { summary: { message } } } })}\n`

interface Watched {
  readonly rejoin: Rejoin
  readonly warnings: string[]
  /** Seconds. */
  slept: number
}

/** A node that gives these answers in order; the last one repeats. */
function answering(...answers: readonly string[]): Watched {
  const left = [...answers]
  const watched: Watched = {
    warnings: [],
    slept: 0,
    rejoin: {
      node: 'pve1',
      carryOut: () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? ''),
      sleep: (milliseconds) => {
        watched.slept += milliseconds / 1000
        return Promise.resolve()
      },
      warn: (message) => void watched.warnings.push(message),
    },
  }
  return watched
}

const healthy: ClusterState = { quorate: true, ceph: [] }

test('a node that was quorate is waited for until it is again', async () => {
  const { rejoin, warnings } = answering(alone, alone, back)
  await awaitQuorum(healthy, rejoin)
  assert.deepEqual(warnings, [])
  assert.deepEqual(await clusterState(rejoin), healthy)
})

test('the wait for the quorum ends with a warning, and is left out without a quorum before', async () => {
  const late = answering(alone)
  await awaitQuorum(healthy, late.rejoin)
  assert.deepEqual(late.warnings, ['pve1 is back, but has no quorum in its cluster after 120 s'])
  assert.equal(late.slept, 120)
  const lost = answering(alone)
  await awaitQuorum({ quorate: false, ceph: [] }, lost.rejoin)
  assert.deepEqual([lost.slept, lost.warnings], [0, []])
})

test('problems of Ceph that came with the reboot are waited for, earlier ones are not', async () => {
  const passing = answering(ceph('1 osds down'), ceph('1 osds down'), back)
  await awaitCeph(healthy, passing.rejoin)
  assert.deepEqual([passing.slept, passing.warnings], [4, []])
  const lasting = answering(ceph('1 osds down'))
  await awaitCeph({ quorate: true, ceph: ['HEALTH_WARN: 1 osds down'] }, lasting.rejoin)
  assert.equal(lasting.slept, 0)
  await awaitCeph(healthy, lasting.rejoin)
  assert.deepEqual(lasting.warnings, [
    'pve1 is back, but Ceph has not recovered after 300 s: HEALTH_WARN: 1 osds down',
  ])
})
