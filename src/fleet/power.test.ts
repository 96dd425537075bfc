import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import type { Connection, Shell, ShellReply } from '../connection/connection.ts'
import type { Reboot } from '../host/action.ts'
import type { ActionResult } from '../host/machine.ts'
import { Machine, type Reach } from './machine.ts'
import { createPower, type PowerOptions } from './power.ts'

const never = new AbortController().signal
const restart: Reboot = { kind: 'reboot', reason: 'a test', timeout: 2 }

/** A machine whose shells greet with these boot ids, one after the other; the last stays. */
function machine(bootIds: readonly string[], scripts: string[] = []): Machine {
  const left = [...bootIds]
  const connection: Connection = {
    kind: 'local',
    open: () => Promise.reject(new Error('no channel is needed')),
    close: () => Promise.resolve(),
  }
  const reach: Reach = {
    connect: () => Promise.resolve(connection),
    openShell: () => {
      const bootId = left.length > 1 ? (left.shift() ?? '') : (left[0] ?? '')
      return Promise.resolve(shell(bootId, scripts))
    },
    upload: () => Promise.reject(new Error('nothing is sent')),
    close: () => Promise.resolve(),
  }
  return new Machine({
    name: hostName('pve1'),
    target: { kind: 'local' },
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    privilege: undefined,
    node: undefined,
    reach,
    signal: never,
    sleep: () => Promise.resolve(),
    onConnecting: () => undefined,
    onConnected: () => undefined,
  })
}

function shell(bootId: string, scripts: string[]): Shell {
  return {
    greeting: { bootId, uid: 0, kernel: '6.8', architecture: 'x86_64', hostname: 'pve1' },
    gone: never,
    close: () => Promise.resolve(),
    run(script): Promise<ShellReply> {
      scripts.push(script)
      const empty = Buffer.alloc(0)
      return Promise.resolve({
        kind: 'exited',
        code: 0,
        stdout: empty,
        stderr: empty,
        truncated: false,
        milliseconds: 1,
      })
    },
  }
}

function power(own: string): { readonly options: PowerOptions; readonly forgotten: string[] } {
  const forgotten: string[] = []
  return {
    forgotten,
    options: {
      emitter: { emit: () => undefined },
      sleep: () => Promise.resolve(),
      signal: never,
      ownBootId: () => Promise.resolve(own),
      forget: (target) => forgotten.push(target.name),
    },
  }
}

const done = (): Promise<ActionResult> => Promise.resolve({ kind: 'done' })

test('the machine that gpuplay runs on is not rebooted, and the run says why', async () => {
  let asked = false
  const result = await createPower(power('one').options).around(restart, machine(['one']), () => {
    asked = true
    return done()
  })
  assert.equal(result.kind === 'failed' && result.problem.code, 'own-machine')
  assert.equal(asked, false)
})

test('a reboot is over when another boot answers; what was read before is forgotten', async () => {
  const { options, forgotten } = power('another')
  const scripts: string[] = []
  const result = await createPower(options).around(restart, machine(['one', 'one', 'two'], scripts), done)
  assert.equal(result.kind, 'done')
  assert.deepEqual(forgotten, ['pve1'])
  assert.match(scripts[0] ?? '', /pct list/)
  assert.match(scripts.at(-1) ?? '', /guests-before-reboot/)
})

test('a machine that only ever answers from before the reboot did not come back', async () => {
  const result = await createPower(power('another').options).around(restart, machine(['one']), done)
  assert.equal(result.kind === 'failed' && result.problem.code, 'did-not-come-back')
})
