/**
 * The window of one host: units that were planned over a prediction and wait to be sent together.
 *
 * Their actions go to the host in task order; the first that fails, or finds something else than its plan saw, ends the window, and nothing behind it has
 * run. Then every unit is asked again whether anything is left to do. Units are settled in their order; where one did not end as it was planned, the run
 * goes on from there, with what was done for the later ones kept.
 */
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import { labelOf } from '../host/label.ts'
import type { Overlay } from '../host/overlay.ts'
import type { Plan } from '../host/plan.ts'
import type { Confirm } from './confirm.ts'
import { mostRestarts } from './decide.ts'
import type { Flushed, Stage } from './stage.ts'
import type { ActionOutcome, Sent, TaskHost, WindowOwner } from './window-host.ts'
import { keptChanging, notConverged, plainFailure } from './failures.ts'
import type { Converged, Reading, Unit } from './unit.ts'

interface Waiting {
  readonly unit: Unit
  readonly expected: Converged
}

export interface WindowOptions {
  readonly host: TaskHost
  readonly owner: WindowOwner
  /** Each unit that acts is sent before the next is planned. */
  readonly stepByStep: boolean
}

export class Window implements Stage {
  readonly sends = true
  readonly #host: TaskHost
  readonly #owner: WindowOwner
  readonly #stepByStep: boolean
  #units: Waiting[] = []
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

  forbids(action: Action): Problem | undefined {
    return this.#host.forbids(action)
  }

  now(): number {
    return this.#host.now()
  }

  /** The unit acts as another user than those that wait. */
  refuses(unit: Unit): boolean {
    const [first] = this.#units
    return first !== undefined && this.#host.userOf(first.unit) !== this.#host.userOf(unit)
  }

  /** The unit is planned to its end; it is settled at once when nothing waits. */
  async add(unit: Unit, expected: Converged): Promise<void> {
    if (unit.queued.length === 0 && !this.waiting) {
      await this.#owner.settle(unit, expected)
      return
    }
    this.#units.push({ unit, expected })
    if (this.#stepByStep) await this.flush()
  }

  /** Forgets what waits, unsent. */
  drop(): void {
    for (const { unit } of this.#units) unit.queued = []
    this.#units = []
    this.#overlay = undefined
  }

  /** Sends all that waits; of `current`, which is not planned to its end, the actions so far. */
  async flush(current?: Unit): Promise<Flushed> {
    const waiting = this.#units
    const units = [...waiting.map(({ unit }) => unit), ...(current === undefined ? [] : [current])]
    const sent = units.flatMap((unit) => unit.queued.map((planned): Sent => ({ unit, planned })))
    const actions = sent.map(({ planned }) => planned.action)
    this.drop()
    if (current) current.queued = []
    if (actions.length === 0) return this.#settleAll(waiting, current, { sent: [], outcomes: [] })
    const held = await this.#host.hold(actions)
    try {
      const [first] = units
      if (held.waited && first !== undefined) {
        // Others changed what was read: all of it is planned again, and nothing was sent.
        this.#host.touched(actions)
        if (first === current) return { kind: 'again' }
        await this.#owner.goBackTo(first)
        return { kind: 'moved' }
      }
      this.#owner.sending()
      const outcomes = await this.#host.send(sent, (index, milliseconds) => {
        const one = sent[index]
        if (one) this.#owner.acted(one.unit, one.planned, milliseconds)
      })
      return await this.#settleAll(waiting, current, { sent, outcomes })
    } finally {
      held.release()
    }
  }

  async #settleAll(
    waiting: readonly Waiting[],
    current: Unit | undefined,
    { sent, outcomes }: { readonly sent: readonly Sent[]; readonly outcomes: readonly ActionOutcome[] },
  ): Promise<Flushed> {
    const begun = sent.filter((_, index) => outcomes[index]?.kind !== 'notBegun')
    this.#host.touched(begun.map(({ planned }) => planned.action))
    for (const { unit } of begun) if (unit.reading !== undefined) this.#host.refresh(unit.reading)
    sent.forEach(({ unit, planned }, index) => {
      const outcome = outcomes[index]
      const label = labelOf(planned.action)
      if (outcome?.kind === 'done') unit.progress.did(label, planned.plan, outcome.reply)
      if (outcome?.kind === 'lost') unit.progress.lost = [...unit.progress.lost, label]
    })
    const badAt = outcomes.findIndex(({ kind }) => kind !== 'done')
    const bad = sent[badAt]
    const badUnit = bad?.unit
    const whole = badUnit === undefined ? waiting.length : waiting.findIndex(({ unit }) => unit === badUnit)
    const good = waiting.slice(0, whole === -1 ? waiting.length : whole)
    const looks = await this.#verify(good, begun)
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

  /** The action that ended the window. */
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

  /** One frame of questions for all units: each must have nothing left to do. What a later unit changed again was looked at by that one. */
  #verify(good: readonly Waiting[], begun: readonly Sent[]): Promise<readonly Verified[]> {
    return Promise.all(
      good.map(async ({ unit, expected }, index): Promise<Verified> => {
        const { reading } = unit
        const own = begun.filter((one) => one.unit === unit).map(({ planned }) => planned.action)
        if (reading === undefined) return { kind: 'as planned', converged: expected }
        if (own.length === 0 && !reading.rests) return { kind: 'as planned', converged: expected }
        const later = new Set(good.slice(index + 1).map((other) => other.unit))
        const after = begun.filter((one) => later.has(one.unit)).map(({ planned }) => planned.action)
        if (after.length > 0 && this.#host.overlaps(after, reading)) return this.#changedAgain(unit, expected)
        const [look, surprises] = await Promise.all([this.#look(unit), this.#host.surprises(unit, own)])
        unit.progress.warn(surprises)
        if (look === undefined) return { kind: 'again' }
        const { plan, seen } = look
        if (plan.settle) return { kind: 'again' }
        if (plan.refusal || (plan.actions.length > 0 && own.length === 0)) return { kind: 'again' }
        if (plan.actions.length > 0) {
          // Where no other unit can have had a hand in it, to act again would not help. A later program may have done more than it declared.
          const others = begun.filter((one) => one.unit !== unit).map(({ planned }) => planned.action)
          const undone = after.some(({ kind }) => kind === 'run') || this.#host.overlaps(others, look.reading)
          unit.progress.restarts += 1
          if (unit.progress.restarts > mostRestarts || !undone)
            return { kind: 'as planned', converged: unit.progress.fail(notConverged(plan)) }
          const left = plan.actions.map(labelOf).join('; ')
          return {
            kind: 'otherwise',
            warnings: [`did more, or less, than it said: this is left to do: ${left}`],
          }
        }
        unit.reading = look.reading
        const kind = unit.progress.labels.length > 0 ? 'changed' : 'ok'
        return { kind: 'as planned', converged: unit.progress.finish({ kind, seen, seenWhy: undefined }) }
      }),
    )
  }

  /** A later unit found what this one had made before it changed it again: only its result may have to be read anew. */
  async #changedAgain(unit: Unit, expected: Converged): Promise<Verified> {
    const known = (expected.kind === 'ok' || expected.kind === 'changed') && expected.seenWhy === undefined
    const look = known ? undefined : await this.#look(unit)
    // What it has started may not be there yet.
    if (look?.plan.settle) return { kind: 'again' }
    const seen = known ? expected.seen : look?.seen
    const kind = unit.progress.labels.length > 0 ? 'changed' : 'ok'
    return { kind: 'as planned', converged: unit.progress.finish({ kind, seen, seenWhy: undefined }) }
  }

  async #look(
    unit: Unit,
  ): Promise<{ readonly plan: Plan; readonly seen: unknown; readonly reading: Reading } | undefined> {
    try {
      const reading = await this.#host.probe(unit, undefined)
      return { plan: unit.plan(reading), seen: reading.seen, reading }
    } catch (error) {
      // It is asked again at its turn, and fails there if it does.
      if (error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError)
        return undefined
      throw error
    }
  }
}

type Verified =
  | { readonly kind: 'as planned'; readonly converged: Converged }
  | { readonly kind: 'again' }
  | { readonly kind: 'otherwise'; readonly warnings: readonly string[] }
