/**
 * A host as the window of its tasks uses it, on real machines: probes through the reader, actions through the executors, with the lease taken at the first
 * action, the resources held, and the machine waited for when an action took it down.
 */
import type { HostName } from '../base/brand.ts'
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Privilege } from '../connection/connection.ts'
import type { Redactor } from '../events/redactor.ts'
import type { Machine } from '../fleet/machine.ts'
import { privilege } from '../fleet/targets.ts'
import type { Action } from '../host/action.ts'
import { expectationsOf } from '../host/expectations-of.ts'
import type { ActionResult } from '../host/machine.ts'
import { createOverlay } from '../host/overlay.ts'
import type { PendingNote } from '../host/expectation.ts'
import { noteActions } from '../host/notes.ts'
import { carryOutOwn } from '../host/own-actions.ts'
import type { Step, StepResult } from '../host/step.ts'
import { surprises } from '../host/surprises.ts'
import { carryOut } from '../host/window.ts'
import { claimsOf } from './claims.ts'
import type { TaskContext } from './context.ts'
import { overlapping } from './overlap.ts'
import { probeUnit } from './probe.ts'
import type { Unit } from './unit.ts'
import type { ActionOutcome, Sent, TaskHost } from './window.ts'

/** Seconds for which a connection that dropped is tried again. */
const reconnectSeconds = 60

type HostContext = Pick<TaskContext, 'run' | 'host' | 'pending' | 'connection' | 'confirm'>

export interface RealTaskHost extends TaskHost {
  /** Moves with every change and every prediction on the host and its node. */
  generation(): number
}

export function createTaskHost(context: HostContext): RealTaskHost {
  const { run, host } = context
  const { machine, variables } = host
  const { world, signal } = run
  const place = { name: machine.name, nodeName: machine.node?.name, ctid: machine.placement.ctid }
  const becomeOf = (unit: Unit): Privilege['become'] => becomeFor(unit, context)
  const reconnect = async (target: Machine): Promise<void> => {
    await target.closeShells()
    await target.reopen(reconnectSeconds * 1000)
  }
  const sender = new Sender(context, becomeOf, reconnect)

  return {
    ...(context.confirm === undefined ? {} : { confirm: context.confirm }),
    now: world.clock,
    sleep: (seconds) => world.sleep(seconds * 1000, signal),
    generation: () => machine.epoch.value,
    newOverlay: createOverlay,
    forbids: (action) => secretOnCommandLine(action, run.redactor),
    userOf: (unit) => becomeOf(unit)?.user ?? '',
    probe: (unit, overlay) =>
      probeUnit(unit, {
        reader: host.reader(becomeOf(unit)),
        overlay,
        environment: reveal(unit.ready.environment),
        check: run.check,
        reconnect: () => reconnect(machine),
      }),
    predict(unit, action, overlay) {
      overlay.apply(place, action, { byUser: !machine.isRoot(becomeOf(unit)) })
      machine.epoch.value += 1
    },
    async hold(actions) {
      const waiting = setTimeout(() => {
        run.emitter.emit({
          type: 'host.waiting',
          host: machine.name,
          why: 'waiting for another host of this run that is changing the same resource',
        })
      }, 1000)
      const before = machine.epoch.value
      try {
        const hold = await run.holds.acquire(claimsOf(actions, machine), signal)
        return { waited: hold.waited && machine.epoch.value !== before, release: () => hold.release() }
      } finally {
        clearTimeout(waiting)
      }
    },
    send: (sent, finished) => sender.send(sent, finished),
    touched(actions) {
      machine.epoch.value += 1
      for (const action of actions) host.reader().readings.dropFor(action, place)
      variables.forgetFacts()
      if (machine.node && actions.some(({ on }) => on === 'node'))
        run.fleet.variables(machine.node.name).forgetFacts()
    },
    waited() {
      machine.epoch.value += 1
      host.reader().readings.clear()
      host.reader().node?.readings.clear()
      variables.forgetFacts()
    },
    overlaps: (actions, reading) => overlapping(actions, reading, place),
    surprises: (unit, actions) =>
      actions.length === 0 ? Promise.resolve([]) : surprises(actions, host.reader(becomeOf(unit)).view()),
  }
}

/** With which privilege a unit acts on its own host; on the node it is always the node's own. */
function becomeFor({ ready }: Unit, { host, run, connection }: HostContext): Privilege['become'] {
  const { machine } = host
  if (ready.become === undefined) return machine.privilege
  if (!ready.become.enabled) return undefined
  return privilege(ready.become.user, run.fleet.variable(machine.name), connection)
}

const interrupted: Problem = {
  code: 'interrupted',
  message: 'interrupted before this was done',
  hint: 'run again: finished tasks are kept',
}

/** Command lines can be read by everyone on a host. */
function secretOnCommandLine(action: Action, redactor: Redactor): Problem | undefined {
  if (action.kind !== 'run' || !action.argv.some((word) => redactor.holds(word))) return undefined
  return {
    code: 'secret-on-command-line',
    message: 'a secret would be on a command line, where every user of the host can read it',
    hint: 'pass it by `stdin`, by `environment`, or in a file that only root can read',
  }
}

/** Carries out what a window holds. */
class Sender {
  readonly #context: HostContext
  readonly #becomeOf: (unit: Unit) => Privilege['become']
  readonly #reconnect: (machine: Machine) => Promise<void>

  constructor(
    context: HostContext,
    becomeOf: (unit: Unit) => Privilege['become'],
    reconnect: (machine: Machine) => Promise<void>,
  ) {
    this.#context = context
    this.#becomeOf = becomeOf
    this.#reconnect = reconnect
  }

  /** In order, in as few frames as can be; what takes a machine down goes by itself. */
  async send(
    sent: readonly Sent[],
    finished: (index: number, milliseconds: number) => void,
  ): Promise<readonly ActionOutcome[]> {
    const outcomes: ActionOutcome[] = []
    const [first] = sent
    if (first === undefined) return outcomes
    const { run } = this.#context
    try {
      if (run.signal.aborted) throw new Interrupted()
      await this.#takeLeases(sent)
      const steps = await this.#stepsOf(sent)
      for (const [from, to] of portions(sent)) {
        const results = await this.#portion(
          sent.slice(from, to),
          steps.slice(from, to),
          (index, milliseconds) => finished(from + index, milliseconds),
        )
        for (const [index, result] of results.entries()) {
          const one = sent[from + index]
          // All that a frame lost it lost at once.
          if (one && result.kind === 'lost' && results[index - 1]?.kind !== 'lost')
            await this.#reconnect(targetOf(one.planned.action, this.#context.host.machine))
          outcomes.push(outcomeOf(result))
        }
        if (outcomes.some(({ kind }) => kind !== 'done')) break
      }
    } catch (error) {
      if (error instanceof UnreachableError) outcomes.push({ kind: 'unreachable', problem: error.problem })
      else if (error instanceof HostError) outcomes.push({ kind: 'failed', problem: error.problem })
      else if (run.signal.aborted) outcomes.push({ kind: 'failed', problem: interrupted })
      else throw error
    }
    while (outcomes.length < sent.length) outcomes.push({ kind: 'notBegun' })
    return outcomes
  }

  async #takeLeases(sent: readonly Sent[]): Promise<void> {
    const { run, host } = this.#context
    const { machine } = host
    const targets = new Set<Machine>()
    for (const { planned } of sent) {
      const { action } = planned
      targets.add(targetOf(action, machine))
      if (action.kind === 'push' && machine.node) targets.add(machine.node)
    }
    for (const target of targets) await run.leases.take(target)
  }

  /** With each unit's first change on a machine the handlers that it notifies are written down there. */
  async #stepsOf(sent: readonly Sent[]): Promise<readonly Step[]> {
    const { pending, host } = this.#context
    const { machine } = host
    const noted = new Set<string>()
    const steps: Step[] = []
    for (const [index, { unit, planned }] of sent.entries()) {
      const { action, plan, reading } = planned
      const target = targetOf(action, machine)
      const before = sent
        .slice(0, index)
        .flatMap((one) => (one.planned.plan === plan ? [one.planned.action] : []))
      const key = `${unit.key} ${target.name}`
      const notes = noted.has(key) ? [] : pending.notes(unit.task, target)
      noted.add(key)
      const here = this.#mayReadState(unit, target)
      if (!here && notes.length > 0) await this.#noteAsKeeper(notes, target)
      steps.push({
        action: withEnvironment(action, reveal(unit.ready.environment)),
        expects: expectationsOf(
          action,
          { host: machine.name, node: machine.node?.name },
          { touched: reading.touched, before },
        ),
        notes: here ? notes : [],
      })
    }
    return steps
  }

  /** For a user who may not write there: just before the change. A note too many is harmless, a missing one is not. */
  async #noteAsKeeper(notes: readonly PendingNote[], target: Machine): Promise<void> {
    const { leases, signal } = this.#context.run
    const access = await leases.accessOf(target, target.statePrivilege)
    await carryOutOwn(noteActions(notes, await target.stateDirectory()), access, {
      signal,
      lease: (name) => leases.token(name),
    })
  }

  async #portion(
    sent: readonly Sent[],
    steps: readonly Step[],
    finished: (index: number, milliseconds: number) => void,
  ): Promise<readonly StepResult[]> {
    const { run, host } = this.#context
    const { machine } = host
    const { clock } = run.world
    const [first] = sent
    if (first === undefined) return []
    const access = await run.leases.accessOf(machine, this.#becomeOf(first.unit))
    let last = clock()
    const begin = (): Promise<readonly StepResult[]> =>
      carryOut(steps, access, {
        signal: run.signal,
        lease: (name) => (this.#mayReadState(first.unit, name) ? run.leases.token(name) : undefined),
        progress: (index, message, done, total) =>
          this.#progress(sent[index] ?? first, { message, done, total }),
        finished: (index, result) => {
          const now = clock()
          if (result.kind === 'done' && !isPower(sent[index])) finished(index, now - last)
          last = now
        },
      })
    if (!isPower(first)) return begin()
    const { action } = first.planned
    const result = await run.power.around(action, targetOf(action, machine), async () =>
      onlyResult(await begin()),
    )
    if (result.kind === 'done') finished(0, clock() - last)
    return [result]
  }

  #progress(
    { unit }: Sent,
    {
      message,
      done,
      total,
    }: { readonly message: string; readonly done?: number | undefined; readonly total?: number | undefined },
  ): void {
    const { run, host } = this.#context
    run.emitter.emit({
      type: 'task.progress',
      host: host.machine.name,
      task: unit.ref,
      ...(unit.item.label === '' ? {} : { item: unit.item.label }),
      message,
      ...(done === undefined ? {} : { done }),
      ...(total === undefined ? {} : { total }),
    })
  }

  /** Whether the unit's user may see the state directory of a machine: its own host's with the same privilege, every other's. */
  #mayReadState(unit: Unit, target: Machine | HostName): boolean {
    const { machine } = this.#context.host
    const name = typeof target === 'string' ? target : target.name
    return name !== machine.name || this.#becomeOf(unit)?.user === machine.statePrivilege?.user
  }
}

function outcomeOf(result: StepResult): ActionOutcome {
  switch (result.kind) {
    case 'done':
    case 'notBegun':
    case 'lost':
      return result
    case 'failed':
      return {
        kind: 'failed',
        problem: result.problem,
        ...(result.reply === undefined ? {} : { reply: result.reply }),
      }
    case 'locked':
      return { kind: 'failed', problem: result.problem }
    case 'stale':
      return { kind: 'stale', why: result.what }
  }
}

class Interrupted extends Error {}

function onlyResult([result]: readonly StepResult[]): ActionResult {
  if (result === undefined || result.kind === 'notBegun')
    throw new Error('an action was not begun, and nothing says why')
  return result
}

/** What takes a machine down alone, everything else together. */
function portions(sent: readonly Sent[]): readonly (readonly [number, number])[] {
  const result: (readonly [number, number])[] = []
  let from = 0
  for (const [index, one] of sent.entries()) {
    if (!isPower(one)) continue
    if (index > from) result.push([from, index])
    result.push([index, index + 1])
    from = index + 1
  }
  if (from < sent.length) result.push([from, sent.length])
  return result
}

function isPower(sent: Sent | undefined): boolean {
  const kind = sent?.planned.action.kind
  return kind === 'reboot' || kind === 'containerPower'
}

function targetOf(action: Action, machine: Machine): Machine {
  return action.on === 'node' && machine.node ? machine.node : machine
}

function withEnvironment(action: Action, environment: Readonly<Record<string, string>>): Action {
  if (action.kind !== 'run' || Object.keys(environment).length === 0) return action
  return { ...action, environment: { ...environment, ...action.environment } }
}

function reveal(environment: Readonly<Record<string, string | Secret>>): Readonly<Record<string, string>> {
  const entries = Object.entries(environment)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  )
}
