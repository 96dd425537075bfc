/**
 * The window of one host: units that were planned on predictions and wait to be sent together.
 *
 * Their actions go to the host in task order. The first action that fails, or finds a state that differs from
 * its reading, ends the window, and nothing after it runs. Then every unit is probed again to check that
 * nothing is left to do. Units are settled in order. If one did not end as planned, the run continues from
 * there and keeps the progress of later units.
 */
import type { Action } from '../host/action.ts'
import { labelOf } from '../host/label.ts'
import type { Overlay } from '../host/overlay.ts'
import type { Plan } from '../host/plan.ts'
import type { Confirm } from './confirmations.ts'
import { mostRestarts } from './decide.ts'
import type { Flushed, Stage } from './stage.ts'
import { stillPlanned } from './still-planned.ts'
import type { ActionOutcome, Sent, TaskHost, WindowOwner } from './window-host.ts'
import { keptChanging, plainFailure } from './failures.ts'
import { askAll, type UnitAnswers, verify, type ExpectedUnit } from './verify.ts'
import type { Converged, Reading, TaskFailure, Unit } from './unit.ts'

/** The outcomes of the actions that were sent. */
interface Carried {
  readonly sent: readonly Sent[]
  readonly outcomes: readonly ActionOutcome[]
  readonly begun: readonly Sent[]
  /**
   * Answers about each waiting unit that followed the actions; undefined if none were asked, or an action
   * failed.
   */
  readonly asked: readonly (UnitAnswers | undefined)[] | undefined
}

/** Outcomes of actions that changed nothing. */
const neverBegan: ReadonlySet<ActionOutcome['kind']> = new Set(['notBegun', 'stale'])

const nothingSent: Carried = { sent: [], outcomes: [], begun: [], asked: undefined }

export interface WindowOptions {
  readonly host: TaskHost
  readonly owner: WindowOwner
  /** Sends each unit before the next is planned. */
  readonly stepByStep: boolean
}

export class Window implements Stage {
  readonly sends = true
  readonly #host: TaskHost
  readonly #owner: WindowOwner
  readonly #stepByStep: boolean
  #units: ExpectedUnit[] = []
  #overlay: Overlay | undefined

  constructor({ host, owner, stepByStep }: WindowOptions) {
    this.#host = host
    this.#owner = owner
    this.#stepByStep = stepByStep
  }

  get confirm(): Confirm | undefined {
    return this.#host.confirm
  }

  get waiting(): boolean {
    return this.#units.length > 0
  }

  probe(unit: Unit): Promise<Reading> {
    return this.#host.probe(unit, this.#overlay)
  }

  async queue(unit: Unit, plan: Plan, reading: Reading): Promise<void> {
    unit.queued = [...unit.queued, ...plan.actions.map((action) => ({ action, plan, reading }))]
    this.#overlay ??= this.#host.newOverlay()
    await this.#host.predict(unit, plan.actions, this.#overlay)
  }

  predict(): Promise<void> {
    throw new Error('only a dry run predicts without sending')
  }

  mayChange(): void {
    throw new Error('a run waits until it knows')
  }

  whyNot(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async wait(seconds: number): Promise<void> {
    await this.#host.sleep(seconds)
    this.waited()
  }

  waited(): void {
    this.#host.waited()
  }

  forbids(unit: Unit, plan: Plan): TaskFailure | undefined {
    return this.#host.forbids(unit, plan)
  }

  now(): number {
    return this.#host.now()
  }

  /** True if the unit acts as a different user than the waiting units. */
  refuses(unit: Unit): boolean {
    const [first] = this.#units
    return first !== undefined && this.#host.userOf(first.unit) !== this.#host.userOf(unit)
  }

  /** Adds a unit that is planned to its end. Settles it at once if nothing waits. */
  async add(unit: Unit, expected: Converged): Promise<void> {
    if (unit.queued.length === 0 && !this.waiting) {
      await this.#owner.settle(unit, expected)
      return
    }
    this.#units.push({ unit, expected })
    if (this.#stepByStep) await this.flush()
  }

  /** Called when everything that was sent is reported. */
  settled(): void {
    this.#host.settled()
  }

  /** Drops all waiting units unsent. */
  drop(): void {
    for (const { unit } of this.#units) unit.queued = []
    this.#units = []
    this.#overlay = undefined
  }

  /** Sends all waiting actions, and those of `current` so far, which is not planned to its end. */
  async flush(current?: Unit): Promise<Flushed> {
    const waiting = this.#units
    const units = [...waiting.map(({ unit }) => unit), ...(current === undefined ? [] : [current])]
    const sent = units.flatMap((unit) => unit.queued.map((planned): Sent => ({ unit, planned })))
    const actions = actionsOf(sent)
    this.drop()
    if (current) current.queued = []
    if (actions.length === 0) return this.#settleAll(waiting, current, nothingSent)
    const held = await this.#host.hold(actions)
    try {
      const [first] = units
      if (held.waited && first !== undefined) {
        // Other hosts changed resources that were read. Nothing was sent, and everything is planned again.
        this.#host.touched(actions)
        if (first === current) return { kind: 'again' }
        await this.#owner.goBackTo(first)
        return { kind: 'moved' }
      }
      if (current !== undefined && !(await stillPlanned(current, actions, this.#host)))
        return {
          kind: 'stale',
          why: 'its plan was different once it held its resources',
          label: labels(actions),
        }
      this.#owner.sending()
      return await this.#settleAll(waiting, current, await this.#send(waiting, current, sent))
    } finally {
      held.release()
    }
  }

  /** Sends the actions. Questions about the state after them follow in the same direction, where possible. */
  async #send(
    waiting: readonly ExpectedUnit[],
    current: Unit | undefined,
    sent: readonly Sent[],
  ): Promise<Carried> {
    const host = this.#host
    let looks: Promise<Carried['asked']> | undefined
    for (const { unit } of sent) unit.progress.sent = true
    const [first, last] = [sent[0]?.unit, sent.at(-1)?.unit]
    const outcomes = await host.send(sent, {
      finished: (index, milliseconds) => {
        const one = sent[index]
        if (one) this.#owner.acted(one.unit, one.planned, milliseconds)
      },
      onWay: () => {
        if (this.#stepByStep || first === undefined || last === undefined) return
        this.#forget(sent)
        looks = askAll(host, waiting, sent, { behind: true }).catch(() => undefined)
        this.#owner.onWay({ first, last, current })
      },
    })
    const begun = sent.filter((_, index) => outcomes[index]?.kind !== 'notBegun')
    if (looks !== undefined && outcomes.every(({ kind }) => kind === 'done')) {
      host.touched(actionsOf(sent), first)
      return { sent, outcomes, begun, asked: await looks }
    }
    this.#forget(begun)
    // These probes end with the actions that they follow, however those end.
    await looks
    return { sent, outcomes, begun, asked: undefined }
  }

  /** Drops the kept answers about resources that the actions may have changed or depend on. */
  #forget(sent: readonly Sent[]): void {
    this.#host.touched(actionsOf(sent))
    for (const { unit } of sent) if (unit.reading !== undefined) this.#host.refresh(unit.reading)
  }

  async #settleAll(
    waiting: readonly ExpectedUnit[],
    current: Unit | undefined,
    { sent, outcomes, begun, asked }: Carried,
  ): Promise<Flushed> {
    sent.forEach(({ unit, planned }, index) => {
      const outcome = outcomes[index]
      const label = labelOf(planned.action)
      if (outcome?.kind === 'done') unit.progress.did(label, planned.plan, outcome.reply)
      if (outcome?.kind === 'lost') unit.progress.lost = [...unit.progress.lost, label]
      if (outcome !== undefined && !neverBegan.has(outcome.kind)) unit.progress.began(planned.plan)
    })
    const badAt = outcomes.findIndex(({ kind }) => kind !== 'done')
    const bad = sent[badAt]
    const badUnit = bad?.unit
    const whole = badUnit === undefined ? waiting.length : waiting.findIndex(({ unit }) => unit === badUnit)
    const good = waiting.slice(0, whole === -1 ? waiting.length : whole)
    const answers = asked ?? (await askAll(this.#host, good, begun))
    const looks = verify(this.#host, good, begun, answers)
    for (const [index, { unit }] of good.entries()) {
      const look = looks[index]
      if (look?.kind !== 'as planned') {
        if (look?.kind === 'otherwise') unit.progress.warn(look.warnings)
        await this.#owner.goBackTo(unit)
        return { kind: 'moved' }
      }
      if ((await this.#owner.settle(unit, look.converged)) === 'moved') return { kind: 'moved' }
    }
    if ((bad === undefined || badUnit === current) && (await this.#owner.drained()) === 'moved')
      return { kind: 'moved' }
    if (bad === undefined) return { kind: 'clear' }
    return this.#ended(bad, outcomes[badAt] ?? { kind: 'notBegun' }, current)
  }

  /** Handles the action that ended the window. */
  async #ended(bad: Sent, outcome: ActionOutcome, current: Unit | undefined): Promise<Flushed> {
    const { unit, planned } = bad
    const label = labelOf(planned.action)
    if (unit === current) {
      if (outcome.kind === 'stale' || outcome.kind === 'lost') return { ...outcome, label }
      if (outcome.kind === 'failed' || outcome.kind === 'unreachable') return outcome
      throw new Error('an action that was not carried out ended the window')
    }
    const { progress } = unit
    if (outcome.kind === 'failed') {
      if (outcome.reply) progress.replies.push(outcome.reply)
      await this.#owner.settle(unit, progress.fail(plainFailure(outcome.problem)))
    } else if (outcome.kind === 'unreachable') {
      await this.#owner.settle(unit, progress.finish({ kind: 'unreachable', problem: outcome.problem }))
    } else if (outcome.kind === 'stale' || outcome.kind === 'lost') {
      progress.restarts += 1
      if (progress.restarts > mostRestarts)
        await this.#owner.settle(unit, progress.fail(keptChanging(mostRestarts, outcome.why)))
      else await this.#owner.goBackTo(unit)
    }
    return { kind: 'moved' }
  }
}

function labels(actions: readonly Action[]): string {
  return actions.map(labelOf).join(', ')
}

function actionsOf(sent: readonly Sent[]): readonly Action[] {
  return sent.map(({ planned }) => planned.action)
}
