/**
 * A sender for a container `ct` on the node `pve1`, or for a host `alone`. Its means record requests and
 * carry out nothing.
 */
import type { Privilege } from '../../connection/connection.ts'
import type { Machine } from '../../fleet/machine.ts'
import type { RunContext } from '../../fleet/run-context.ts'
import type { Event } from '../../events/events.ts'
import { labelOf } from '../../host/label.ts'
import type { MachineAccess } from '../../host/access.ts'
import type { Action } from '../../host/action.ts'
import { type Means, scripts } from '../../host/means.ts'
import type { Step, StepResult, WindowContext } from '../../host/step.ts'
import { Sender } from '../sender.ts'
import { prepared } from './prepared.ts'

export interface WatchedSender {
  readonly sender: Sender
  /** Log in order: `lease NAME`, `act LABEL, ...`, `down NAME` (for a reboot with `: REASON`), `up NAME`, `reconnect NAME`. */
  readonly log: string[]
  /** Steps of each frame. */
  readonly frames: (readonly Step[])[]
  readonly contexts: WindowContext[]
  /** The user of each frame; '' for the login. */
  readonly users: string[]
  readonly events: Event[]
  /** Results by label. Each is used once; actions without one are done. */
  readonly results: Map<string, StepResult[]>
  /** Users by key of the unit; by default that of the host. */
  readonly becomes: Map<string, Privilege['become']>
  /** Errors of taking a lease, by name of the machine. */
  readonly refusals: Map<string, Error>
  /** Called before each step. */
  before: (action: Action) => void
  /** The container's. */
  readonly machine: Machine
  readonly abort: () => void
}

export function watchedSender(name: 'ct' | 'alone' = 'ct'): WatchedSender {
  const log: string[] = []
  const events: Event[] = []
  const contexts: WindowContext[] = []
  const frames: (readonly Step[])[] = []
  const users: string[] = []
  const results = new Map<string, StepResult[]>()
  const becomes = new Map<string, Privilege['become']>()
  const refusals = new Map<string, Error>()
  const stop = new AbortController()
  let now = 0
  const { context } = prepared('- debug: { msg: x }', {
    inventory: 'all: { hosts: { alone: , pve1: , ct: { node: pve1, ctid: "101", connection: pct } } }',
    host: name,
    signal: stop.signal,
    clock: () => now,
    events,
  })
  const means: Means = {
    ...scripts,
    carryOut(steps, _machine, window) {
      log.push(`act ${steps.map(({ action }) => labelOf(action)).join(', ')}`)
      frames.push(steps)
      contexts.push(window)
      const ended: StepResult[] = []
      window.onWay?.()
      for (const [index, { action }] of steps.entries()) {
        now += 10
        made.before(action)
        // A lost frame loses all its remaining steps.
        const good = ended.every(({ kind }) => kind === 'done' || kind === 'lost') && !window.signal.aborted
        const result = good ? (results.get(labelOf(action))?.shift() ?? done) : notBegun
        ended.push(result)
        if (result.kind !== 'notBegun') window.finished?.(index, result)
      }
      return Promise.resolve(ended)
    },
  }
  const run: RunContext = {
    ...context.run,
    means,
    leases: {
      means,
      prepare: () => undefined,
      token: (name) => name.length,
      take({ name }) {
        log.push(`lease ${name}`)
        const refusal = refusals.get(name)
        return refusal === undefined ? Promise.resolve('taken') : Promise.reject(refusal)
      },
      accessOf({ name }, become) {
        users.push(become?.user ?? '')
        return Promise.resolve(accessOf(name))
      },
    },
    power: {
      ...context.run.power,
      async around(action, { name }, carryOut) {
        log.push(`down ${name}${action.kind === 'reboot' ? `: ${action.reason}` : ''}`)
        const result = await carryOut()
        now += 5
        log.push(`up ${name}`)
        return result
      },
    },
  }
  const { machine } = context.host
  const made: WatchedSender = {
    sender: new Sender(
      { ...context, run },
      ({ key }) => (becomes.has(key) ? becomes.get(key) : machine.privilege),
      ({ name }) => {
        log.push(`reconnect ${name}`)
        return Promise.resolve()
      },
    ),
    log,
    frames,
    contexts,
    users,
    events,
    results,
    becomes,
    refusals,
    before: () => undefined,
    machine,
    abort: () => stop.abort(new Error('interrupted')),
  }
  return made
}

const done: StepResult = { kind: 'done' }
const notBegun: StepResult = { kind: 'notBegun' }

function accessOf(name: MachineAccess['name']): MachineAccess {
  const never = (): Promise<never> => Promise.reject(new Error('not in this test'))
  return { name, shell: never, open: never, upload: never, signal: new AbortController().signal }
}
