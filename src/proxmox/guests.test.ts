import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { scratch } from '../host/testing/scratch.ts'
import { startedGuests, startGuests } from './guests.ts'

interface Ended {
  readonly started: readonly string[]
  readonly failed: readonly string[]
  /** Recorded guests that are left. */
  readonly left: readonly string[]
}

/** Starts the recorded container 7. After `pct start`, `pct status` says that it runs from the given time on. */
function start(runsAfter: number): Ended {
  using dir = scratch()
  const record = dir.path('guests-to-start')
  mkdirSync(record)
  writeFileSync(`${record}/pct-7`, '')
  const seen = dir.path('seen')
  const programs = {
    pct: `case $1 in
start) : >${seen}; echo 'Requesting HA start for CT 7' ;;
status) if [ -e ${seen} ]; then echo >>${seen}; [ "$(wc -l <${seen})" -le ${runsAfter} ] || { echo "status: running"; exit; }; fi
  echo "status: stopped" ;;
esac`,
    sleep: '',
    systemctl: '',
  }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(dir.path(name), `#!/bin/sh\n${text}\n`)
    chmodSync(dir.path(name), 0o755)
  }
  const [program = '', ...argv] = startGuests(dir.directory, { patience: 0 }).argv
  const path = `${dir.directory}:${process.env['PATH'] ?? ''}`
  const printed = execFileSync(program, argv, { encoding: 'utf8', env: { PATH: path } })
  const { started, failed } = startedGuests(printed, 'pve1')
  return { started, failed, left: readdirSync(record) }
}

test('a guest is started once it runs: HA starts its guests later than asked', () => {
  for (const runsAfter of [0, 3])
    assert.deepEqual(start(runsAfter), { started: ['pct 7'], failed: [], left: [] })
})

test('a guest that HA does not start in time stays recorded', () => {
  assert.deepEqual(start(1000), {
    started: [],
    failed: ['pct 7: HA was asked to start it, and has not done so within 180 s'],
    left: ['pct-7'],
  })
})
