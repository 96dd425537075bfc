import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { defined, mapped } from '../base/defined.ts'
import { scripts } from '../host/means.ts'
import type { Connection } from '../connection/connection.ts'
import type { Reboot } from '../host/action.ts'
import type { ActionResult } from '../host/access.ts'
import { createLocalShell } from '../host/testing/local-shell.ts'
import { createTestMachine } from '../host/testing/test-machine.ts'
import { type Scratch, scratch } from '../host/testing/scratch.ts'
import { Machine, type Reach } from './machine.ts'
import { createPower, type Power, type PowerOptions } from './power.ts'

const never = new AbortController().signal
const restart: Reboot = { kind: 'reboot', reason: 'a test', slots: [], timeout: 2 }

/** A node with its guests: fake `pct` and `qm`, and a separate state directory. */
interface Node {
  readonly machine: Machine
  readonly options: PowerOptions
  readonly forgotten: readonly string[]
  readonly warnings: readonly string[]
  /** Calls of `pct` and `qm`, and the reboot among them. */
  readonly calls: () => readonly string[]
}

interface NodeOptions {
  /** Boot ids of its shells, in order; the last one repeats. */
  readonly bootIds: readonly string[]
  /** Boot id of the machine that gpuplay runs on. */
  readonly own?: string
  /** The script of `pct`. Without it the machine is not a Proxmox node. */
  readonly pct?: string
}

function node(dir: Scratch, { bootIds, own = 'another', pct }: NodeOptions): Node {
  const left = [...bootIds]
  const forgotten: string[] = []
  const warnings: string[] = []
  mkdirSync(dir.path('bin'))
  const programs = { systemctl: 'exit 0', ...defined({ pct, qm: mapped(pct, () => 'exit 0') }) }
  for (const [name, does] of Object.entries(programs)) {
    writeFileSync(dir.path(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >> ${dir.path('calls')}\n${does}\n`)
    chmodSync(dir.path(`bin/${name}`), 0o755)
  }
  const connection: Connection = {
    kind: 'local',
    open: () => Promise.reject(new Error('no channel is needed')),
    close: () => Promise.resolve(),
  }
  const reach: Reach = {
    connect: () => Promise.resolve(connection),
    openShell: () => {
      const bootId = left.length > 1 ? (left.shift() ?? '') : (left[0] ?? '')
      const shell = createLocalShell({ PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` })
      return Promise.resolve({ ...shell, greeting: { ...shell.greeting, bootId } })
    },
    upload: () => Promise.reject(new Error('nothing is sent')),
    close: () => Promise.resolve(),
  }
  const machine = new Machine({
    name: hostName('pve1'),
    target: { kind: 'local' },
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    privilege: undefined,
    node: undefined,
    reach,
    signal: never,
    sleep: () => Promise.resolve(),
    clock: () => 0,
    stateDirectory: dir.path('state'),
    onConnecting: () => undefined,
    onConnected: () => undefined,
  })
  return {
    machine,
    forgotten,
    warnings,
    calls: () =>
      existsSync(dir.path('calls')) ? readFileSync(dir.path('calls'), 'utf8').trim().split('\n') : [],
    options: {
      emitter: {
        emit: (event) => {
          if (event.type === 'warning') warnings.push(event.message)
        },
      },
      sleep: () => Promise.resolve(),
      signal: never,
      accessOf: async (target) => ({
        ...createTestMachine({ stateDirectory: dir.path('state') }),
        shell: () => target.shell('act', undefined),
      }),
      lease: () => undefined,
      means: scripts,
      ownBootId: () => Promise.resolve(own),
      forget: (target) => forgotten.push(target.name),
    },
  }
}

const done = (): Promise<ActionResult> => Promise.resolve({ kind: 'done' })

test('the machine that gpuplay runs on is not rebooted, with a reason', async () => {
  using dir = scratch()
  const { machine, options } = node(dir, { bootIds: ['one'], own: 'one' })
  let asked = false
  const result = await createPower(options).around(restart, machine, () => {
    asked = true
    return done()
  })
  assert.equal(result.kind === 'failed' && result.problem.code, 'own-machine')
  assert.equal(asked, false)
})

test('a reboot ends when a new boot answers; earlier answers are dropped', async () => {
  using dir = scratch()
  const { machine, options, forgotten } = node(dir, { bootIds: ['one', 'one', 'one', 'two'] })
  const result = await createPower(options).around(restart, machine, done)
  assert.deepEqual(result, { kind: 'done' })
  assert.deepEqual(forgotten, ['pve1'])
  assert.ok(!existsSync(dir.path('state/guests-to-start')))
})

test('a machine that only answers with its old boot id did not come back', async () => {
  using dir = scratch()
  const { machine, options } = node(dir, { bootIds: ['one'] })
  const result = await createPower(options).around(restart, machine, done)
  assert.equal(result.kind === 'failed' && result.problem.code, 'did-not-come-back')
})

/** 101 and 103 are running, 102 is stopped; after the reboot all are stopped. */
const listing = `case $1 in list) printf 'VMID Status Lock Name\\n101 running ct\\n102 stopped ct\\n103 running ct\\n';; status) echo 'status: stopped';; esac`

test('a member of a cluster starts its guests after it has its quorum again', async () => {
  using dir = scratch()
  const { machine, options, calls } = node(dir, { bootIds: ['one', 'one', 'one', 'two'], pct: listing })
  const pvecm = `#!/bin/sh\necho "pvecm $*" >> ${dir.path('calls')}\n[ -e ${dir.path('no-quorum')} ] || echo 'Quorate: Yes'\n`
  writeFileSync(dir.path('bin/pvecm'), pvecm, { mode: 0o755 })
  const power = createPower({
    ...options,
    sleep: () => {
      rmSync(dir.path('no-quorum'), { force: true })
      return Promise.resolve()
    },
  })
  await power.around({ ...restart, slots: ['prod a'] }, machine, () => {
    writeFileSync(dir.path('no-quorum'), '')
    return done()
  })
  const asked = calls().filter((call) => /^pvecm|start/.test(call))
  assert.deepEqual(asked.slice(1, 4), ['pvecm status', 'pvecm status', 'pct start 101'])
})

test('guests that ran before a reboot are started after it, and stopped ones stay stopped', async () => {
  using dir = scratch()
  const { machine, options, calls } = node(dir, { bootIds: ['one', 'one', 'one', 'two'], pct: listing })
  let recorded: readonly string[] = []
  const result = await createPower(options).around(restart, machine, () => {
    recorded = readdirSync(dir.path('state/guests-to-start'))
    return done()
  })
  assert.deepEqual(result, { kind: 'done' })
  assert.deepEqual(recorded, ['pct-101', 'pct-103'])
  assert.deepEqual(
    calls().filter((call) => call.startsWith('pct start')),
    ['pct start 101', 'pct start 103'],
  )
  assert.deepEqual(readdirSync(dir.path('state/guests-to-start')), [])
})

test('a node whose running guests cannot be recorded is not rebooted', async () => {
  for (const [pct, blocked] of [
    ['echo "ipcc_send_rec failed: Connection refused" >&2; exit 255', false],
    [listing, true],
  ] as const) {
    using dir = scratch()
    const { machine, options } = node(dir, { bootIds: ['one', 'one', 'one', 'two'], pct })
    if (blocked) writeFileSync(dir.path('state'), 'no directory')
    let asked = false
    const result = await createPower(options).around(restart, machine, () => {
      asked = true
      return done()
    })
    assert.equal(asked, false)
    assert.ok(result.kind === 'failed' && result.problem.code === 'guests-not-recorded')
    assert.match(
      result.problem.message,
      /^pve1 was not rebooted, because gpuplay could not record which guests to start afterwards: cannot record the running guests: /,
    )
  }
})

test('guests that do not start after a reboot are named, and fail the play at its end if they still do not start', async () => {
  using dir = scratch()
  const pct = `${listing}\n[ "$1 $2" != "start 103" ] || { echo "no such card" >&2; exit 1; }`
  const { machine, options, warnings } = node(dir, { bootIds: ['one', 'one', 'one', 'two'], pct })
  const power = createPower(options)
  assert.deepEqual(await power.around(restart, machine, done), { kind: 'done' })
  assert.deepEqual(warnings, [
    'these guests ran before and do not start: pct 103: no such card; gpuplay tries again at the end of the play',
  ])
  await assert.rejects(power.settleGuests(machine), {
    message: 'these guests of pve1 ran before and are not started again: pct 103: no such card',
  })
  assert.deepEqual(readdirSync(dir.path('state/guests-to-start')), ['pct-103'])
})

/** Container 101 with the file of its owed start; `ends` is how its `pct` answers. */
async function stoppedByRun(dir: Scratch, pct: string): Promise<Node & { readonly power: Power }> {
  const made = node(dir, { bootIds: ['one'], pct })
  const power = createPower(made.options)
  mkdirSync(dir.path('state/guests-to-start'), { recursive: true })
  writeFileSync(dir.path('state/guests-to-start/pct-101'), '1:1 9999999999\n')
  const shutdown = { kind: 'containerPower', ctid: '101', verb: 'shutdown' } as const
  await power.around(shutdown, made.machine, done)
  return { ...made, power }
}

test('a container that a run has stopped and not started is started at the end of the play', async () => {
  using dir = scratch()
  const { power, machine, warnings, calls } = await stoppedByRun(dir, listing)
  await power.settleGuests(machine)
  assert.ok(calls().includes('pct start 101'))
  assert.deepEqual(warnings, ['started again, because the run had stopped them: pct 101'])
  const before = calls().length
  await power.settleGuests(machine)
  assert.equal(calls().length, before)
})

test('a container that is to stay stopped is not started at the end of the play', async () => {
  using dir = scratch()
  const { machine, options, calls } = node(dir, { bootIds: ['one'], pct: listing })
  const power = createPower(options)
  await power.around({ kind: 'containerPower', ctid: '101', verb: 'stop' }, machine, done)
  await power.settleGuests(machine)
  assert.deepEqual(calls(), [])
})

test('a container that was destroyed meanwhile is forgotten, and one that runs is not started', async () => {
  for (const answer of [
    `echo "Configuration file 'nodes/pve1/lxc/101.conf' does not exist" >&2; exit 2`,
    'echo "status: running"',
  ]) {
    using dir = scratch()
    const { power, machine, calls } = await stoppedByRun(dir, answer)
    await power.settleGuests(machine)
    assert.deepEqual(
      calls().filter((call) => call.startsWith('pct start')),
      [],
    )
    assert.deepEqual(readdirSync(dir.path('state/guests-to-start')), [])
  }
})

test('a container whose shutdown goes on after its time limit is started when it has stopped', async () => {
  using dir = scratch()
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  const first = `${process.pid}:${stat[19] ?? ''}`
  const looks = dir.path('looks')
  const going = `case $1 in status) if [ "$(wc -l < ${looks})" -gt 2 ]; then echo "status: stopped"; else echo "status: running"; fi;; esac`
  const made = await stoppedByRun(dir, going)
  writeFileSync(looks, '')
  // The first process of the container is there for two looks.
  const info = `#!/bin/sh\necho look >> ${looks}\n[ "$(wc -l < ${looks})" -gt 2 ] || echo ${process.pid}\n`
  writeFileSync(dir.path('bin/lxc-info'), info)
  chmodSync(dir.path('bin/lxc-info'), 0o755)
  writeFileSync(dir.path('state/guests-to-start/pct-101'), `${first} 9999999999\n`)
  await made.power.settleGuests(made.machine)
  assert.ok(made.calls().includes('pct start 101'))
  // An earlier time limit: it ignores its shutdown, and nothing is owed.
  writeFileSync(dir.path('bin/lxc-info'), `#!/bin/sh\necho ${process.pid}\n`)
  writeFileSync(looks, '')
  writeFileSync(dir.path('state/guests-to-start/pct-101'), `${first} 1\n`)
  await made.power.restoreGuests(made.machine)
  assert.deepEqual(readdirSync(dir.path('state/guests-to-start')), [])
})
