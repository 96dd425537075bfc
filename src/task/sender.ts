/**
 * Carries out the actions of a window: takes leases, records handlers, sends frames, and sends actions that
 * take a machine down separately.
 */
import { defined } from '../base/defined.ts'
import { asJob } from './async-jobs.ts'
import { type HostContext, reveal } from './host-context.ts'
import type { HostName } from '../base/brand.ts'
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import type { Privilege } from '../connection/connection.ts'
import type { FleetHost } from '../fleet/fleet.ts'
import type { Machine } from '../fleet/machine.ts'
import type { Action } from '../host/action.ts'
import { expectationsOf } from '../host/expectations-of.ts'
import type { ActionResult } from '../host/access.ts'
import type { Step, StepResult } from '../host/step.ts'
import { recordAsKeeper, recordAtOwner } from './record-notes.ts'
import type { Unit } from './unit.ts'
import { unforeseen } from './unforeseen.ts'
import type { ActionOutcome, SendCallbacks, Sent } from './window-host.ts'

const interrupted: Problem = {
  code: 'interrupted',
  message: 'interrupted before this was done',
  hint: 'run again: finished tasks are kept',
}

const waited: ActionOutcome = {
  kind: 'stale',
  why: 'a program of an interrupted run was still running until now',
}
const notBegun: ActionOutcome = { kind: 'notBegun' }

export class Sender {
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

  /**
   * Sends the actions in order and in as few frames as possible. An action that takes a machine down is sent
   * separately.
   */
  async send(sent: readonly Sent[], hear: SendCallbacks): Promise<readonly ActionOutcome[]> {
    const outcomes: ActionOutcome[] = []
    const [first] = sent
    if (first === undefined) return outcomes
    const { run } = this.#context
    try {
      if (run.signal.aborted) throw new Interrupted()
      await this.#context.pending.looked()
      if ((await this.#takeLeases(sent)) === 'waited')
        return sent.map((_, index) => (index === 0 ? waited : notBegun))
      await recordAtOwner(sent, this.#context)
      const steps = await this.#stepsOf(sent)
      for (const [from, to] of portions(sent)) {
        const results = await this.#portion(sent.slice(from, to), steps.slice(from, to), {
          finished: (index, milliseconds) => hear.finished(from + index, milliseconds),
          onWay: () => {
            if (to === sent.length && this.#asksWhereItActs) hear.onWay()
          },
        })
        for (const [index, result] of results.entries()) {
          const one = sent[from + index]
          // A dropped connection loses all remaining actions of a frame at once, so reconnect once.
          if (one && result.kind === 'lost' && results[index - 1]?.kind !== 'lost')
            await this.#reconnect(targetOf(one.planned.action, this.#context.host.machine))
          outcomes.push(result)
        }
        const bad = outcomes.findIndex(({ kind }) => kind !== 'done')
        // Nothing before it failed, so an interruption kept it from starting.
        if (outcomes[bad]?.kind === 'notBegun') outcomes[bad] = { kind: 'failed', problem: interrupted }
        if (bad !== -1) break
      }
    } catch (error) {
      if (error instanceof UnreachableError) outcomes.push({ kind: 'unreachable', problem: error.problem })
      else if (error instanceof HostError) outcomes.push({ kind: 'failed', problem: error.problem })
      else if (run.signal.aborted) outcomes.push({ kind: 'failed', problem: interrupted })
      else outcomes.push({ kind: 'failed', problem: unforeseen(error).problem })
    }
    while (outcomes.length < sent.length) outcomes.push(notBegun)
    return outcomes
  }

  async #takeLeases(sent: readonly Sent[]): Promise<'taken' | 'waited'> {
    const { run, host } = this.#context
    const { machine } = host
    const targets = new Set<Machine>()
    for (const { planned } of sent) {
      const { action } = planned
      targets.add(targetOf(action, machine))
      if (action.kind === 'push' && machine.node) targets.add(machine.node)
    }
    let result: 'taken' | 'waited' = 'taken'
    for (const target of targets) if ((await run.leases.take(target)) === 'waited') result = 'waited'
    return result
  }

  /**
   * Builds the steps. The first change of each unit on a machine also records the handlers that it notifies
   * there.
   */
  async #stepsOf(sent: readonly Sent[]): Promise<readonly Step[]> {
    const { pending, host, from } = this.#context
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
      const notes = noted.has(key) || from !== undefined ? [] : pending.notes(unit.task, target)
      noted.add(key)
      const here = this.#mayReadState(unit, target)
      if (!here && notes.length > 0) await recordAsKeeper(notes, target, this.#context.run)
      steps.push({
        action: withEnvironment(sentAction(unit, action), reveal(unit.ready.environment)),
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

  async #portion(
    sent: readonly Sent[],
    steps: readonly Step[],
    { finished, onWay }: SendCallbacks,
  ): Promise<readonly StepResult[]> {
    const { run, host } = this.#context
    const { machine } = host
    const { clock } = run.world
    const [first] = sent
    if (first === undefined) return []
    const access = await run.leases.accessOf(machine, this.#becomeOf(first.unit), this.#owner.machine.name)
    let last = clock()
    const begin = (): Promise<readonly StepResult[]> =>
      run.means.carryOut(steps, access, {
        signal: run.signal,
        lease: (name) => (this.#mayReadState(first.unit, name) ? run.leases.token(name) : undefined),
        progress: (index, message, done, total) =>
          this.#progress(sent[index] ?? first, { message, done, total }),
        log: (index, path, text) => this.#log(sent[index] ?? first, path, text),
        finished: (index, result) => {
          // An action that takes a machine down is finished once the machine is back.
          if (isPower(sent[index])) return
          const now = clock()
          if (result.kind === 'done') finished(index, now - last)
          last = now
        },
        onWay,
      })
    if (!isPower(first)) return begin()
    const { action } = first.planned
    const shown =
      first.unit.task.noLog && action.kind === 'reboot' ? { ...action, reason: 'hidden by no_log' } : action
    const result = await run.power.around(shown, targetOf(action, machine), async () =>
      onlyResult(await begin()),
    )
    if (result.kind === 'done') finished(0, clock() - last)
    return [result]
  }

  /** The host whose tasks these are. */
  get #owner(): FleetHost {
    return this.#context.from ?? this.#context.host
  }

  /** True if questions and actions share a shell, which keeps them in order. */
  get #asksWhereItActs(): boolean {
    const { host, from } = this.#context
    const { machine } = host
    return from === undefined && machine.node === undefined && machine.containers.length === 0
  }

  #progress(
    { unit }: Sent,
    {
      message,
      done,
      total,
    }: { readonly message: string; readonly done?: number | undefined; readonly total?: number | undefined },
  ): void {
    const { run } = this.#context
    if (unit.task.noLog) return
    run.emitter.emit({
      type: 'task.progress',
      host: this.#owner.machine.name,
      task: unit.ref,
      ...defined({ item: unit.item.label === '' ? undefined : unit.item.label }),
      message,
      ...defined({ done, total }),
    })
  }

  #log({ unit, planned }: Sent, path: string, text: string): void {
    const { run, host } = this.#context
    if (unit.task.noLog) return
    run.emitter.emit({
      type: 'program.log',
      host: this.#owner.machine.name,
      task: unit.ref,
      on: targetOf(planned.action, host.machine).name,
      path,
      text,
    })
  }

  /**
   * True if the unit's user can read the state directory of a machine: on its own host if the privileges
   * match, on every other machine always.
   */
  #mayReadState(unit: Unit, target: Machine | HostName): boolean {
    const { machine } = this.#context.host
    const name = typeof target === 'string' ? target : target.name
    return name !== machine.name || this.#becomeOf(unit)?.user === machine.statePrivilege?.user
  }
}

class Interrupted extends Error {}

function onlyResult([result]: readonly StepResult[]): ActionResult {
  if (result === undefined || result.kind === 'notBegun')
    throw new Error('an action did not begin, without a reason')
  return result
}

/** Splits the actions: each one that takes a machine down alone, all others together. */
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

/** The action as a job, and with the time that is left to its task. */
function sentAction({ job, limit, task }: Unit, action: Action): Action {
  const whole = asJob(action, job, task)
  return limit?.limited(whole) ?? whole
}

function withEnvironment(action: Action, environment: Readonly<Record<string, string>>): Action {
  if (action.kind !== 'run' || Object.keys(environment).length === 0) return action
  return { ...action, environment: { ...environment, ...action.environment } }
}
