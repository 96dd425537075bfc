import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { scratch } from '../host/testing/scratch.ts'
import { rollbackScript, rollbackState } from './rollbacks.ts'

const request = { snapshot: 'before', time: 17, request: '2026-11-22' }

test('a rollback is noted before it begins, and its end after it', () => {
  for (const [pct, config, interrupted, calls, record, status] of [
    ['exit 0', 'cores: 1\n', false, 'rollback 101 before\n', 'done', 0],
    ['exit 0', 'lock: rollback\n', true, 'unlock 101\nrollback 101 before\n', 'done', 0],
    // Refused before anything was changed, and failed in the middle.
    ['exit 7', 'cores: 1\n\n[a1]\nlock: rollback\n', false, 'rollback 101 before\n', 'failed', 7],
    ['exit 7', 'lock: rollback\n', false, 'rollback 101 before\n', 'begun', 7],
    ['kill -9 $PPID', 'cores: 1\n', false, 'rollback 101 before\n', 'begun', null],
  ] as const) {
    using dir = scratch()
    mkdirSync(dir.path('bin'))
    const seen = `cat ${dir.path('records/101')} >>${dir.path('seen')}`
    writeFileSync(dir.path('bin/pct'), `#!/bin/sh\necho "$*" >>${dir.path('calls')}\n${seen}\n${pct}\n`)
    chmodSync(dir.path('bin/pct'), 0o755)
    writeFileSync(dir.path('101.conf'), config)
    const script = rollbackScript('101', request, { interrupted })
      .replaceAll('/var/lib/gpuplay/v1/rollbacks', dir.path('records'))
      .replaceAll('/etc/pve/lxc/', `${dir.directory}/`)
    const env = { ...process.env, PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` }
    assert.equal(spawnSync('sh', ['-c', script], { env }).status, status, pct)
    assert.equal(readFileSync(dir.path('calls'), 'utf8'), calls)
    assert.match(readFileSync(dir.path('seen'), 'utf8'), /^begun before 17 2026-11-22\n/)
    const text = readFileSync(dir.path('records/101'), 'utf8')
    assert.match(text, new RegExp(`${record} before 17 2026-11-22\\n$`))
    assert.equal(rollbackState(text, request), record === 'failed' ? undefined : record)
  }
})

test('a request without a text, and one of another snapshot, are other requests', () => {
  const record = 'begun before 17\ndone before 17\n'
  assert.equal(rollbackState(record, { ...request, request: '' }), 'done')
  assert.equal(rollbackState(record, request), undefined)
  assert.equal(rollbackState(record, { ...request, request: '', time: 18 }), undefined)
  assert.equal(rollbackState('', request), undefined)
})
