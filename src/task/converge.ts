/**
 * Brings one host to what one unit declares: probe, plan, queue, and again until nothing is left.
 *
 * There is no `apply` in a module. A plan whose later steps rest on its first ones says so (`stage`); a plan that does not is final, and if the next
 * plan still has actions the task did not converge. A dry run takes the same way and never sends; a run sends what it queued when it has to see what
 * came of it, and otherwise goes on over the prediction.
 */
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import { findUnknown, UnknownError } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import { labelOf } from '../host/label.ts'
import type { Plan, Settle } from '../host/plan.ts'
import type { Reply } from '../modules/module.ts'
import type { Confirm } from './confirm.ts'
import {
  failureOf,
  keptChanging,
  lostImperative,
  notConverged,
  notSettled,
  plainFailure,
} from './failures.ts'
import type { Converged, Reading, Unit } from './unit.ts'

export type Flushed =
  /** All that was queued is done. */
  | { readonly kind: 'clear' }
  /** An earlier task did not end as it was planned: the run goes on there. */
  | { readonly kind: 'moved' }
  /** Nothing was sent: others held what was to be changed, and may have changed it. */
  | { readonly kind: 'again' }
  /** The unit's own actions: */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reply?: Reply }
  | { readonly kind: 'unreachable'; readonly problem: Problem }
  | { readonly kind: 'stale' | 'lost'; readonly why: string; readonly label: string }

/** What `converge` asks for. */
export interface Stage {
  /** False in a dry run. */
  readonly sends: boolean
  /** Actions of earlier units wait to be sent. */
  readonly waiting: boolean
  /** Reads the host, over what is queued. @throws UnknownError, UnreachableError, HostError */
  probe(unit: Unit): Promise<Reading>
  /** The actions are laid over all later readings, and wait; in a dry run that is all. */
  queue(unit: Unit, plan: Plan, reading: Reading): void
  /** In a dry run: what would be left behind, of a plan that may not be carried out. */
  predict(unit: Unit, plan: Plan): void
  /** Why an action must not be carried out, if it must not. */
  forbids(action: Action): Problem | undefined
  /** Sends all that waits, this unit's actions last, and settles the units before this one. */
  flush(unit: Unit): Promise<Flushed>
  /** Asks the person; absent when nobody can be asked. */
  readonly confirm?: Confirm | undefined
  /** Time passes, and with it what was read loses its worth. */
  wait(seconds: number): Promise<void>
  /** A person took time. */
  waited(): void
  now(): number
}

/** How often one unit begins again because something else changed the host, or because the connection dropped. */
export const mostRestarts = 3
/** No task of ours has as many stages; a module that does is caught here. */
const mostStages = 24
const settleSteps = { first: 0.2, growth: 1.5, longest: 5 } as const

/** undefined: the run goes on at an earlier task. */
export async function converge(unit: Unit, stage: Stage): Promise<Converged | undefined> {
  const state: State = {
    final: false,
    stages: new Set(),
    last: undefined,
    settling: undefined,
    agreed: undefined,
  }
  for (;;) {
    const look = await lookAndPlan(unit, stage)
    const step = decide(look, unit, state, stage)
    if (step.kind === 'finish') return step.converged
    if (step.kind === 'wait') {
      await stage.wait(step.seconds)
      continue
    }
    if (step.kind === 'ask') {
      const yes = await stage.confirm?.(step.asked.question)
      stage.waited()
      if (yes !== true) return declined(step.asked, step.reading, unit)
      state.agreed = step.asked.question
      continue
    }
    if (step.kind === 'queue') {
      const { plan, reading, thenFlush } = step
      state.final = plan.stage === undefined
      state.last = plan.stage
      if (plan.stage !== undefined) state.stages.add(plan.stage)
      stage.queue(unit, plan, reading)
      if (!thenFlush) continue
    }
    const end = afterFlush(await stage.flush(unit), unit, state)
    if (end.kind === 'moved') return undefined
    if (end.kind === 'end') return end.converged
    if (step.kind === 'queue' && unit.imperative && end.kind === 'clear') {
      return finish(unit, { kind: 'changed', seen: step.reading.seen, seenWhy: undefined })
    }
  }
}

interface State {
  /** The last plan said that nothing would be left after it. */
  final: boolean
  readonly stages: Set<string>
  last: string | undefined
  settling: Settling | undefined
  agreed: string | undefined
}

type Look =
  | { readonly kind: 'planned'; readonly reading: Reading; readonly plan: Plan }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'failed' | 'unreachable'; readonly problem: Problem }

/** A run never plans on what is only predicted to be unknown: it sends first, and looks. */
async function lookAndPlan(unit: Unit, stage: Stage): Promise<Look> {
  try {
    const reading = unit.takeEarly() ?? (await stage.probe(unit))
    unit.reading = reading
    const unknown = stage.sends ? findUnknown(reading.seen) : undefined
    if (unknown !== undefined) return { kind: 'unknown', why: unknown.why }
    return { kind: 'planned', reading, plan: unit.plan(reading) }
  } catch (error) {
    if (error instanceof UnknownError) return { kind: 'unknown', why: error.message }
    if (error instanceof UnreachableError) return { kind: 'unreachable', problem: error.problem }
    if (error instanceof HostError) return { kind: 'failed', problem: error.problem }
    throw error
  }
}

type Next =
  | { readonly kind: 'finish'; readonly converged: Converged }
  | { readonly kind: 'flush' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'ask'; readonly asked: Asked; readonly reading: Reading }
  | { readonly kind: 'queue'; readonly plan: Plan; readonly reading: Reading; readonly thenFlush: boolean }

function decide(look: Look, unit: Unit, state: State, stage: Stage): Next {
  const pending = stage.sends && (stage.waiting || unit.queued.length > 0)
  const { progress } = unit
  if (look.kind === 'unknown') {
    const changed = stage.sends ? state.final && unit.queued.length > 0 : progress.labels.length > 0
    if (changed) return done(finish(unit, { kind: 'changed', seen: undefined, seenWhy: look.why }))
    return pending ? { kind: 'flush' } : done(finish(unit, { kind: 'unknown', why: look.why }))
  }
  // What failed over a prediction is asked again when everything before it has been done.
  if (look.kind !== 'planned') {
    if (pending) return { kind: 'flush' }
    return done(
      look.kind === 'unreachable'
        ? progress.finish({ kind: 'unreachable', problem: look.problem })
        : progress.fail(plainFailure(look.problem)),
    )
  }
  const { plan, reading } = look
  if (!stage.sends && state.final)
    return done(finish(unit, { kind: 'changed', seen: reading.seen, seenWhy: undefined }))
  progress.warn(plan.warnings)
  if (plan.refusal)
    return pending ? { kind: 'flush' } : done(progress.fail(failureOf(plan.refusal), reading.seen))
  if (plan.settle) return settle(plan.settle, unit, state, stage)
  state.settling = undefined
  progress.found(plan.actions.map(labelOf))
  if (plan.actions.length === 0) {
    const changed = progress.labels.length > 0 || unit.queued.length > 0
    return done(finish(unit, { kind: changed ? 'changed' : 'ok', seen: reading.seen, seenWhy: undefined }))
  }
  if (
    state.final ||
    (plan.stage !== undefined && state.stages.has(plan.stage)) ||
    state.stages.size >= mostStages
  ) {
    return unit.queued.length > 0 && stage.sends ? { kind: 'flush' } : done(progress.fail(notConverged(plan)))
  }
  return act(plan, reading, { unit, state, stage })
}

function act(
  plan: Plan,
  reading: Reading,
  { unit, state, stage }: { readonly unit: Unit; readonly state: State; readonly stage: Stage },
): Next {
  const queue = { kind: 'queue', plan, reading } as const
  for (const action of plan.actions) {
    const problem = stage.forbids(action)
    if (problem === undefined) continue
    if (stage.sends && (stage.waiting || unit.queued.length > 0)) return { kind: 'flush' }
    return done(unit.progress.fail(plainFailure(problem)))
  }
  const asked = questionOf(plan)
  if (!stage.sends) {
    if (asked !== undefined && stage.confirm === undefined) return done(declined(asked, reading, unit))
    if (asked === undefined && !unit.imperative) return { ...queue, thenFlush: false }
    stage.predict(unit, plan)
    const why =
      asked === undefined
        ? 'it runs a program whose effect only the run can show'
        : `the run asks first: ${asked.question}`
    return done(finish(unit, { kind: 'unknown', why }))
  }
  const pending = stage.waiting || unit.queued.length > 0
  const question = asked !== undefined && asked.question !== state.agreed
  const first = question || unit.imperative || unit.alone || plan.actions.some(isLong)
  if (first && pending) return { kind: 'flush' }
  // Before anything is held: a person takes time. What has changed meanwhile is noticed when the actions are carried out.
  if (question) return { kind: 'ask', asked, reading }
  return { ...queue, thenFlush: first }
}

function settle(wanted: Settle, unit: Unit, state: State, stage: Stage): Next {
  if (!stage.sends) {
    return done(
      unit.progress.labels.length > 0
        ? finish(unit, { kind: 'changed', seen: undefined, seenWhy: wanted.why })
        : finish(unit, { kind: 'unknown', why: wanted.why }),
    )
  }
  if (stage.waiting || unit.queued.length > 0) return { kind: 'flush' }
  state.settling ??= new Settling(stage.now())
  if (state.settling.expired(wanted, stage.now())) return done(unit.progress.fail(notSettled(wanted)))
  return { kind: 'wait', seconds: state.settling.pause() }
}

type After =
  { readonly kind: 'clear' | 'again' | 'moved' } | { readonly kind: 'end'; readonly converged: Converged }

function afterFlush(flushed: Flushed, unit: Unit, state: State): After {
  const { progress } = unit
  switch (flushed.kind) {
    case 'clear':
    case 'moved':
      return flushed
    case 'again':
      state.final = false
      if (state.last !== undefined) state.stages.delete(state.last)
      return flushed
    case 'failed':
      if (flushed.reply) progress.replies.push(flushed.reply)
      return { kind: 'end', converged: progress.fail(plainFailure(flushed.problem)) }
    case 'unreachable':
      return { kind: 'end', converged: progress.finish({ kind: 'unreachable', problem: flushed.problem }) }
    case 'stale':
    case 'lost':
      if (flushed.kind === 'lost' && unit.imperative)
        return { kind: 'end', converged: progress.fail(lostImperative(flushed.label, flushed.why)) }
      progress.restarts += 1
      if (progress.restarts > mostRestarts)
        return { kind: 'end', converged: progress.fail(keptChanging(mostRestarts, flushed.why)) }
      state.final = false
      if (state.last !== undefined) state.stages.delete(state.last)
      return { kind: 'again' }
  }
}

function done(converged: Converged): Next {
  return { kind: 'finish', converged }
}

function finish<T>(unit: Unit, result: T): ReturnType<typeof unit.progress.finish<T>> {
  return unit.progress.finish(result)
}

type Asked = NonNullable<Extract<Action, { readonly kind: 'reboot' }>['ask']>

function questionOf({ actions }: Plan): Asked | undefined {
  return actions.flatMap((action) => (action.kind === 'reboot' ? (action.ask ?? []) : []))[0]
}

/** The plan is left undone, as if it had none of its actions. */
function declined(asked: Asked, { seen }: Reading, unit: Unit): Converged {
  unit.progress.warn([asked.declined])
  const kind = unit.progress.labels.length > 0 ? 'changed' : 'ok'
  return finish(unit, { kind, seen, seenWhy: undefined })
}

/** Takes its time, or takes the machine down: it goes by itself, so that what came before it is told first. */
function isLong(action: Action): boolean {
  switch (action.kind) {
    case 'download':
    case 'push':
    case 'containerPower':
    case 'reboot':
      return true
    case 'writeFile':
      return action.content.kind === 'controllerFile'
    case 'run':
      return action.detached !== undefined || action.lock?.kind === 'dpkg'
    default:
      return false
  }
}

class Settling {
  readonly #since: number
  #next: number = settleSteps.first
  constructor(since: number) {
    this.#since = since
  }
  expired(settle: Settle, now: number): boolean {
    return (now - this.#since) / 1000 >= settle.timeout
  }
  pause(): number {
    const pause = this.#next
    this.#next = Math.min(pause * settleSteps.growth, settleSteps.longest)
    return pause
  }
}
