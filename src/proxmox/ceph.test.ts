import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHealth } from './ceph.ts'

interface Check {
  readonly message: string
  readonly severity?: string
  readonly muted?: boolean
}

function health(status: string, checks: Readonly<Record<string, Check>>): string {
  const all = Object.entries(checks).map(([code, { message, severity = 'HEALTH_WARN', muted = false }]) => [
    code,
    { severity, summary: { message, count: 1 }, muted },
  ])
  return JSON.stringify({ status, checks: Object.fromEntries(all), mutes: [] })
}

const warn = (checks: Readonly<Record<string, Check>>): readonly string[] | undefined =>
  parseHealth(health('HEALTH_WARN', checks))

test('flags that are set for maintenance are no problem, alone or together', () => {
  assert.deepEqual(warn({ OSDMAP_FLAGS: { message: 'noout flag(s) set' } }), [])
  const all = 'noout,nobackfill,norebalance,norecover,noscrub,nodeep-scrub flag(s) set'
  assert.deepEqual(warn({ OSDMAP_FLAGS: { message: all } }), [])
})

test('flags that stop Ceph, and warnings beside the flags, are problems', () => {
  for (const flags of ['noout,nodown', 'pauserd,pausewr', 'noup', 'full']) {
    const message = `${flags} flag(s) set`
    assert.deepEqual(warn({ OSDMAP_FLAGS: { message } }), [`HEALTH_WARN: ${message}`])
  }
  const both = { OSDMAP_FLAGS: { message: 'noout flag(s) set' }, OSD_DOWN: { message: '1 osds down' } }
  assert.deepEqual(warn(both), ['HEALTH_WARN: 1 osds down'])
})

test('an error is a problem with every flag, and a status that nothing explains too', () => {
  const flags = { OSDMAP_FLAGS: { message: 'noout flag(s) set' } }
  assert.deepEqual(parseHealth(health('HEALTH_ERR', flags)), ['HEALTH_ERR'])
  assert.deepEqual(warn({}), ['HEALTH_WARN'])
  const full = { OSD_FULL: { message: '1 full osd(s)', severity: 'HEALTH_ERR' } }
  assert.deepEqual(parseHealth(health('HEALTH_ERR', full)), ['HEALTH_ERR: 1 full osd(s)'])
})

test('muted checks do not count, and an answer of another form is not good health', () => {
  assert.deepEqual(warn({ POOL_NO_REDUNDANCY: { message: '1 pool(s)', muted: true } }), [])
  assert.deepEqual(parseHealth(health('HEALTH_OK', {})), [])
  for (const other of ['', 'HEALTH_OK', '[]', 'null', '{}']) assert.equal(parseHealth(other), undefined)
})
