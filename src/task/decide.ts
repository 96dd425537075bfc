/** Decides the next step of a unit from its reading and plan. A pure function, for dry runs and real runs. */
import { defined } from '../base/defined.ts'
import { labelOf } from '../host/label.ts'
import type { Action } from '../host/action.ts'
import type { Pause, Plan, Settle } from '../host/plan.ts'
import type { Problem } from '../base/errors.ts'
import {
  failureOf,
  keptChanging,
  lostImperative,
  notConfirmed,
  notConverged,
  notSettled,
  plainFailure,
} from './failures.ts'
import type { Task } from '../language/model.ts'
import type { Flushed, Stage } from './stage.ts'
import type { Converged, Reading, Unit } from './unit.ts'

/** Maximum number of restarts of a unit after the host changed or the connection dropped. */
export const mostRestarts = 3
/** More stages than any module needs. Stops modules that loop. */
const mostStages = 24
const settleSteps = { first: 0.2, growth: 1.5, longest: 5 } as const

export interface State {
  /** The last plan was final: it leaves nothing to do. */
  final: boolean
  readonly stages: Set<string>
  last: string | undefined
  settling: Settling | undefined
  agreed: string | undefined
  /** The unit has waited for the pause of its plan. */
  paused: boolean
  /** The last plan leaves no trace that a probe can see. */
  once: boolean
}

export type Look =
  | { readonly kind: 'planned'; readonly reading: Reading; readonly plan: Plan }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'failed' | 'unreachable'; readonly problem: Problem }

export type Next =
  /** `open`: the changes of the unit are unknown. */
  | { readonly kind: 'finish'; readonly converged: Converged; readonly open?: boolean }
  /** Dry runs only: predicts the effects of a plan that may not be carried out. */
  | { readonly kind: 'predict'; readonly plan: Plan; readonly converged: Converged }
  | { readonly kind: 'flush' }
  /**
   * `reason`: what it waits for. `why`: what to tell the user, once the wait has taken a while. `whole`: there is
   * nothing to look for before its end.
   */
  | {
      readonly kind: 'wait'
      readonly seconds: number
      readonly reason: string
      readonly why?: string
      readonly whole?: boolean
    }
  /** `declined` ends the unit. */
  | { readonly kind: 'ask'; readonly question: string; readonly declined: () => Converged }
  | { readonly kind: 'queue'; readonly plan: Plan; readonly reading: Reading; readonly thenFlush: boolean }

export function decide(look: Look, unit: Unit, state: State, stage: Stage): Next {
  const pending = stage.sends && (stage.waiting || unit.queued.length > 0)
  const { progress } = unit
  if (look.kind === 'unknown') {
    const changed = stage.sends ? state.final && unit.queued.length > 0 : progress.labels.length > 0
    if (changed) return done(unit.progress.finish({ kind: 'changed', seen: undefined, seenWhy: look.why }))
    return pending ? { kind: 'flush' } : open(unit.progress.finish({ kind: 'unknown', why: look.why }))
  }
  // Repeat a probe that failed on a prediction after sending everything before it.
  if (look.kind !== 'planned') {
    if (pending) return { kind: 'flush' }
    return look.kind === 'unreachable'
      ? unreachable(look.problem, unit, state, stage)
      : done(progress.fail(plainFailure(look.problem)))
  }
  const { plan, reading } = look
  if (!stage.sends && state.final) {
    // What the run will say once nothing is left to do. A plan that leaves something rests on too little.
    if (leavesNothing(plan)) progress.planned(plan)
    return done(unit.progress.finish({ kind: 'changed', seen: reading.seen, seenWhy: undefined }))
  }
  progress.planned(plan)
  if (plan.refusal)
    return pending ? { kind: 'flush' } : done(progress.fail(failureOf(plan.refusal), reading.seen))
  if (plan.pause && stage.sends && !state.paused) return pause(plan.pause, unit, state, stage)
  if (plan.settle) return settle(plan.settle, unit, state, stage)
  state.settling = undefined
  progress.found(plan.actions.map(labelOf))
  if (plan.actions.length === 0) {
    const changed = progress.labels.length > 0 || unit.queued.length > 0
    return done(
      unit.progress.finish({ kind: changed ? 'changed' : 'ok', seen: reading.seen, seenWhy: undefined }),
    )
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

/** Ends the unit, unless its module waits for the host and has time left. */
function unreachable(problem: Problem, unit: Unit, state: State, stage: Stage): Next {
  const { pause: first, settle: wanted } = unit.module.whileUnreachable?.(unit.ready.args) ?? {}
  if (first && stage.sends && !state.paused) return pause(first, unit, state, stage)
  const expired = wanted === undefined || state.settling?.expired(wanted, stage.now()) === true
  if (expired) return done(unit.progress.finish({ kind: 'unreachable', problem }))
  return settle(wanted, unit, state, stage)
}

function leavesNothing({ actions, refusal, settle: wait }: Plan): boolean {
  return actions.length === 0 && refusal === undefined && wait === undefined
}

function act(
  plan: Plan,
  reading: Reading,
  { unit, state, stage }: { readonly unit: Unit; readonly state: State; readonly stage: Stage },
): Next {
  const queue = { kind: 'queue', plan, reading } as const
  const forbidden = stage.forbids(unit, plan)
  if (forbidden !== undefined) {
    if (stage.sends && (stage.waiting || unit.queued.length > 0)) return { kind: 'flush' }
    return done(unit.progress.fail(forbidden))
  }
  const asked = questionOf(plan)
  if (!stage.sends) {
    if (asked !== undefined && stage.confirm === undefined) return done(declined(asked, reading, unit))
    if (asked === undefined && !unit.imperative && plan.doubt === undefined)
      return { ...queue, thenFlush: false }
    const why =
      asked === undefined
        ? (plan.doubt?.why ?? 'it runs a program, and a dry run cannot know its effect')
        : `the run asks first: ${asked.question}`
    return { kind: 'predict', plan, converged: unit.progress.finish({ kind: 'unknown', why }) }
  }
  const pending = stage.waiting || unit.queued.length > 0
  const question = asked !== undefined && asked.question !== state.agreed
  const first = question || unit.imperative || plan.once === true || unit.alone || plan.actions.some(isLong)
  if (first && pending) return { kind: 'flush' }
  // Ask before locking anything, because answers take time. The actions detect changes that happen meanwhile.
  if (question)
    return { kind: 'ask', question: asked.question, declined: () => declined(asked, reading, unit) }
  return { ...queue, thenFlush: first }
}

function settle(wanted: Settle, unit: Unit, state: State, stage: Stage): Next {
  if (!stage.sends) {
    return unit.progress.labels.length > 0
      ? done(unit.progress.finish({ kind: 'changed', seen: undefined, seenWhy: wanted.why }))
      : open(unit.progress.finish({ kind: 'unknown', why: wanted.why }))
  }
  if (stage.waiting || unit.queued.length > 0) return { kind: 'flush' }
  state.settling ??= new Settling(stage.now())
  if (state.settling.expired(wanted, stage.now())) return done(unit.progress.fail(notSettled(wanted)))
  const why = state.settling.isLong(stage.now())
    ? `waiting up to ${wanted.timeout} s: ${wanted.why}`
    : undefined
  const seconds = wanted.sleep ?? state.settling.pause()
  return { kind: 'wait', seconds, reason: wanted.why, ...defined({ why }) }
}

function pause({ seconds, question }: Pause, unit: Unit, state: State, stage: Stage): Next {
  if (stage.waiting || unit.queued.length > 0) return { kind: 'flush' }
  if (question !== undefined && state.agreed !== question) {
    const stops = (): Converged => unit.progress.fail(notConfirmed(stage.confirm !== undefined))
    return stage.confirm === undefined ? done(stops()) : { kind: 'ask', question, declined: stops }
  }
  state.paused = true
  return { kind: 'wait', seconds, reason: 'the pause is not over', whole: true }
}

export type After =
  { readonly kind: 'clear' | 'again' | 'moved' } | { readonly kind: 'end'; readonly converged: Converged }

export function afterFlush(flushed: Flushed, unit: Unit, state: State): After {
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
      // A job is found again.
      if (flushed.kind === 'lost' && unit.job === undefined && (unit.imperative || state.once))
        return { kind: 'end', converged: progress.fail(lostImperative(flushed.label, flushed.why)) }
      if (unit.job === undefined || flushed.kind === 'stale') progress.restarts += 1
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

function open(converged: Converged): Next {
  return { kind: 'finish', converged, open: true }
}

type Confirmation = NonNullable<Extract<Action, { readonly kind: 'reboot' }>['ask']>

function questionOf({ actions }: Plan): Confirmation | undefined {
  return actions.flatMap((action) => (action.kind === 'reboot' ? (action.ask ?? []) : []))[0]
}

/** The question as the user sees it. A module may build it from values that `no_log` hides. */
export function shownQuestion(question: string, { name, noLog }: Pick<Task, 'name' | 'noLog'>): string {
  return noLog ? `Continue with "${name}"? (the question is hidden by no_log)` : question
}

/** Ends the unit as if the plan had no actions. */
export function declined(asked: Confirmation, { seen }: Reading, unit: Unit): Converged {
  unit.progress.warn([asked.declined])
  const kind = unit.progress.labels.length > 0 ? 'changed' : 'ok'
  return unit.progress.finish({ kind, seen, seenWhy: undefined })
}

/**
 * True for actions that take long or take the machine down. They are sent separately, so that earlier results
 * are reported first.
 */
function isLong(action: Action): boolean {
  switch (action.kind) {
    case 'download':
    case 'push':
    case 'fetch':
    case 'containerPower':
    case 'reboot':
      return true
    case 'writeFile':
      return action.content.kind === 'controllerFile'
    case 'run':
      return action.detached !== undefined || action.lock?.kind === 'dpkg'
    case 'setAttributes':
    case 'makeDirectory':
    case 'makeLink':
    case 'remove':
      return false
  }
}

class Settling {
  readonly #since: number
  #next: number = settleSteps.first
  constructor(since: number) {
    this.#since = since
  }
  /** Whether the user would ask why nothing happens. */
  isLong(now: number): boolean {
    return now - this.#since >= 2000
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
