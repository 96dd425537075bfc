/**
 * What `converge` asks of a host, on a real machine: probes through the reader, actions through the executors, with the lease taken at the first action, the
 * resources held, and the machine waited for when an action took it down.
 */
import type { HostName } from '../base/brand.ts'
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import type { ShellText } from '../base/shell.ts'
import type { Privilege } from '../connection/connection.ts'
import type { Action, Run } from '../host/action.ts'
import { allEffects, heldBy } from '../host/effects.ts'
import { surprises } from '../host/surprises.ts'
import { execute, expectationsOf } from '../host/execute.ts'
import type { AskOptions, Host as HostReads } from '../host/host.ts'
import { labelOf } from '../host/label.ts'
import type { ActionResult, ExecutionContext } from '../host/machine.ts'
import type { Overlay, Place } from '../host/overlay.ts'
import type { HostReader } from '../host/reader.ts'
import type { Expectation } from '../host/window.ts'
import type { Module } from '../modules/module.ts'
import type { ActionOutcome, Host, Reading } from './converge.ts'
import type { Confirm } from './confirm.ts'
import type { Emitter } from '../events/emitter.ts'
import type { TaskRef } from '../events/events.ts'
import type { Claim, Holds } from '../fleet/holds.ts'
import type { Leases } from '../fleet/leases.ts'
import type { Machine } from '../fleet/machine.ts'
import type { Power } from '../fleet/power.ts'
import type { Redactor } from '../events/redactor.ts'

export interface RealHostOptions {
  readonly machine: Machine
  readonly reader: HostReader
  readonly overlay: Overlay | undefined
  readonly module: Module
  readonly args: unknown
  readonly ref: TaskRef
  readonly item: string | undefined
  readonly environment: Readonly<Record<string, string>>
  /** Written down on the machine with the first change: the handlers that it notifies. */
  readonly pendingScript: (machine: Machine) => Promise<ShellText | undefined>
  readonly leases: Leases
  readonly holds: Holds
  readonly power: Power
  readonly redactor: Redactor
  readonly emitter: Emitter
  /** The privilege of this task on its own host; the node is always acted on with the node's own. */
  readonly become: Privilege['become']
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly clock: () => number
  /** No new action after this. */
  readonly signal: AbortSignal
  readonly confirm?: Confirm | undefined
}

/** Seconds for which a connection that dropped is tried again. */
const reconnectSeconds = 60

export function createRealHost(options: RealHostOptions): Host {
  const { machine, reader, overlay, module, args, emitter, ref, clock, signal } = options
  const doneSince = new WeakMap<Reading, Action[]>()
  const at = { host: machine.name, task: ref, ...(options.item === undefined ? {} : { item: options.item }) }

  const probe = (): Promise<Reading> => {
    forget(options)
    return probeOnce(options, reconnect)
  }
  const reconnect = async (target: Machine): Promise<void> => {
    await target.closeShells()
    await target.reopen(reconnectSeconds * 1000)
  }

  return {
    probe,
    label: labelOf,
    ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
    now: clock,
    sleep: (seconds) => options.sleep(seconds * 1000, signal),
    predict(action) {
      overlay?.apply(placeOf(machine), action, { byUser: !machine.isRoot(options.become) })
      machine.epoch.value += 1
    },
    surprises(actions) {
      forget(options)
      return surprises(actions, reader.view())
    },
    async hold(actions) {
      const claims = claimsOf(actions, machine)
      const waiting = setTimeout(() => {
        emitter.emit({
          type: 'host.waiting',
          host: machine.name,
          why: 'another host of this run holds what is to be changed',
        })
      }, 1000)
      const before = machine.epoch.value
      try {
        const hold = await options.holds.acquire(claims, signal)
        return { stale: hold.waited && machine.epoch.value !== before, release: () => hold.release() }
      } finally {
        clearTimeout(waiting)
      }
    },
    async act(action, reading) {
      if (signal.aborted) return { kind: 'failed', problem: interrupted }
      const target = targetOf(action, machine)
      const onCommandLine = secretOnCommandLine(action, options.redactor)
      if (onCommandLine) return { kind: 'failed', problem: onCommandLine }
      const started = clock()
      try {
        await options.leases.take(target)
        if (action.kind === 'push' && machine.node) await options.leases.take(machine.node)
        const before = doneSince.get(reading) ?? []
        doneSince.set(reading, before)
        const access = await options.leases.accessOf(machine, options.become)
        const context: ExecutionContext = {
          signal,
          expectations: expectationsOf(
            action,
            { host: machine.name, node: machine.node?.name },
            { touched: reading.touched, before },
          ),
          lease: (name) => (mayReadState(options, name) ? options.leases.token(name) : undefined),
          progress: (message, done, total) =>
            emitter.emit({
              type: 'task.progress',
              ...at,
              message,
              ...(done === undefined ? {} : { done }),
              ...(total === undefined ? {} : { total }),
            }),
          ...(await also(target)),
        }
        const result = await options.power.around(action, target, () =>
          execute(withEnvironment(action, options.environment), access, context),
        )
        machine.epoch.value += 1
        const outcome = await outcomeOf(result, target, reconnect)
        if (outcome.kind !== 'done') return outcome
        before.push(action)
        emitter.emit({
          type: 'action.finished',
          host: machine.name,
          task: ref,
          on: target.name,
          kind: action.kind,
          label: labelOf(action),
          milliseconds: Math.round(clock() - started),
        })
        return outcome
      } catch (error) {
        if (error instanceof UnreachableError) return { kind: 'unreachable', problem: error.problem }
        if (error instanceof HostError) return { kind: 'failed', problem: error.problem }
        if (signal.aborted) return { kind: 'failed', problem: interrupted }
        throw error
      }
    },
  }

  /** In the same frame as the change, or, for an action of a user who may not write there, just before it: too often is safe, never is not. */
  async function also(target: Machine): Promise<{ readonly alsoScript?: ShellText }> {
    if (module.imperative?.(args) === true) return {}
    const script = await options.pendingScript(target)
    if (script === undefined) return {}
    if (mayReadState(options, target.name)) return { alsoScript: script }
    const shell = await target.shell('read', target.statePrivilege)
    await shell.run(script, { timeout: noteTimeout, signal })
    return {}
  }
}

/** Milliseconds to write a note of a few bytes. */
const noteTimeout = 30_000

function mayReadState({ machine, become }: RealHostOptions, name: HostName): boolean {
  return name !== machine.name || become?.user === machine.statePrivilege?.user
}

export type ProbeOptions = Pick<
  RealHostOptions,
  'machine' | 'reader' | 'overlay' | 'module' | 'args' | 'environment'
>

/** A probe at its turn reads afresh. */
function forget({ reader }: Pick<RealHostOptions, 'reader'>): void {
  reader.readings.clear()
  reader.node?.readings.clear()
}

/** A probe of its own view; a connection that drops under it is opened again and the probe repeated. */
export async function probeOnce(
  { machine, reader, overlay, module, args, environment }: ProbeOptions,
  reconnect: (machine: Machine) => Promise<void>,
): Promise<Reading> {
  for (let attempt = 0; ; attempt += 1) {
    const view = reader.forTask({ overlay })
    try {
      const seen = await module.probe(args, withAskEnvironment(view.host, environment))
      return { seen, touched: contents(view.touched()) }
    } catch (error) {
      const lost = error instanceof UnreachableError && error.problem.code === 'connection-lost'
      if (!lost || attempt >= 2) throw error
      await reconnect(machine)
    }
  }
}

function contents(touched: ReadonlyMap<string, Expectation>): ReadonlyMap<string, string> {
  return new Map([...touched].map(([key, { content }]) => [key, content]))
}

/** The task's environment is for the programs that it asks as well as for those that it runs. */
function withAskEnvironment(host: HostReads, environment: Readonly<Record<string, string>>): HostReads {
  if (Object.keys(environment).length === 0) return host
  const asked: HostReads = Object.create(host, {
    ask: {
      value: (argv: readonly string[], options: AskOptions = {}) =>
        host.ask(argv, { ...options, environment: { ...environment, ...options.environment } }),
    },
  })
  return asked
}

const interrupted: Problem = {
  code: 'interrupted',
  message: 'interrupted before this was done',
  hint: 'run again: what was done stays done',
}

export function placeOf(machine: Machine): Place {
  return { name: machine.name, nodeName: machine.node?.name, ctid: machine.placement.ctid }
}

function targetOf(action: Action, machine: Machine): Machine {
  return action.on === 'node' && machine.node ? machine.node : machine
}

/** What takes a machine down holds it, its containers and its cluster's turn alone; everything else holds the machine with others and its own resources alone. */
function claimsOf(actions: readonly Action[], machine: Machine): readonly Claim[] {
  const claims: Claim[] = []
  for (const action of actions) {
    const target = targetOf(action, machine)
    if (action.kind === 'reboot') {
      claims.push({ key: `machine ${target.name}`, mode: 'exclusive' })
      claims.push({ key: `reboot ${target.placement.cluster ?? target.name}`, mode: 'exclusive' })
      continue
    }
    if (action.kind === 'containerPower') {
      const container = target.containers.find((candidate) => candidate.placement.ctid === action.ctid)
      if (container) claims.push({ key: `machine ${container.name}`, mode: 'exclusive' })
    }
    claims.push({ key: `machine ${target.name}`, mode: 'shared' })
    if (target.node) claims.push({ key: `machine ${target.node.name}`, mode: 'shared' })
    if (action.lock?.kind === 'dpkg') claims.push({ key: `${target.name} dpkg`, mode: 'exclusive' })
    for (const effect of allEffects(action)) {
      const where = effect.on === 'node' && machine.node ? machine.node : target
      const held = heldBy(effect)
      if (held !== undefined) claims.push({ key: `${where.name} ${held}`, mode: 'exclusive' })
    }
  }
  return claims
}

async function outcomeOf(
  result: ActionResult,
  target: Machine,
  reconnect: (machine: Machine) => Promise<void>,
): Promise<ActionOutcome> {
  switch (result.kind) {
    case 'done':
      return { kind: 'done', reply: result.reply }
    case 'failed':
      return {
        kind: 'failed',
        problem: result.problem,
        ...(result.reply === undefined ? {} : { reply: result.reply }),
      }
    case 'locked':
      return { kind: 'failed', problem: result.problem }
    case 'stale':
      return result
    case 'lost':
      await reconnect(target)
      return result
  }
}

function withEnvironment(action: Action, environment: Readonly<Record<string, string>>): Action {
  if (action.kind !== 'run' || Object.keys(environment).length === 0) return action
  const run: Run = { ...action, environment: { ...environment, ...action.environment } }
  return run
}

/** Command lines can be read by everyone on a host. */
function secretOnCommandLine(action: Action, redactor: Redactor): Problem | undefined {
  if (action.kind !== 'run' || !action.argv.some((word) => redactor.holds(word))) return undefined
  return {
    code: 'secret-on-command-line',
    message: 'a secret would be on a command line, where every user of the host can read it',
    hint: 'hand it over by `stdin`, by `environment`, or in a file that only root can read',
  }
}
