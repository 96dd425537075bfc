/**
 * Converges one host on the state that one unit declares: probe, plan, queue, and repeat until nothing is
 * left.
 *
 * Modules have no `apply`. A plan whose later steps depend on its first ones names its `stage`. A plan
 * without a stage is final: if the next plan still has actions, the task did not converge. A dry run takes
 * the same path and never sends. A run sends its queue when it needs to see the effects, and otherwise plans
 * on the prediction.
 */
import { HostError, UnreachableError } from '../base/errors.ts'
import { findUnknown, UnknownError } from '../base/unknown.ts'
import type { Plan } from '../host/plan.ts'
import { afterFlush, decide, shownQuestion, type Look, type Next, type State } from './decide.ts'
import type { Stage } from './stage.ts'
import { TimeLimit } from './time-limit.ts'
import { plainFailure } from './failures.ts'
import { type Converged, mayChange, type Unit } from './unit.ts'

/**
 * @param tell gets what a long wait is for, once
 * @returns undefined if the run continues at an earlier task
 */
export async function converge(
  unit: Unit,
  stage: Stage,
  tell?: (message: string) => void,
): Promise<Converged | undefined> {
  const state: State = {
    final: false,
    stages: new Set(),
    last: undefined,
    settling: undefined,
    agreed: undefined,
    paused: false,
    once: false,
  }
  const startLimit = (): void => {
    unit.limit = TimeLimit.of(unit.task, () => stage.now())
  }
  startLimit()
  let told: string | undefined
  let waitedFor = 'the host has not answered'
  for (;;) {
    const step = withinLimit(decide(await lookAndPlan(unit, stage, waitedFor), unit, state, stage), unit)
    switch (step.kind) {
      case 'finish':
        return step.open === true && !stage.sends ? leftOpen(unit, step.converged, stage) : step.converged
      case 'predict':
        foresee(unit, step.plan)
        await stage.predict(unit, step.plan)
        return step.converged
      case 'wait':
        if (step.why !== undefined && step.why !== told) tell?.(step.why)
        told = step.why
        waitedFor = step.reason
        await stage.wait(Math.min(step.seconds, unit.limit?.left ?? Infinity))
        if (step.whole === true && unit.limit?.left === 0) return outOfTime(unit, unit.limit, step.reason)
        continue
      case 'ask': {
        const yes = await stage.confirm?.(shownQuestion(step.question, unit.task))
        stage.waited()
        if (yes !== true) return step.declined()
        state.agreed = step.question
        continue
      }
      case 'queue': {
        if (!stage.sends) foresee(unit, step.plan)
        const why = stage.sends ? undefined : await stage.whyNot(unit, step.plan)
        if (why !== undefined)
          return leftOpen(unit, unit.progress.finish({ kind: 'unknown', why: why.why }), stage)
        await queue(step, unit, { state, stage })
        if (!step.thenFlush) continue
        break
      }
      case 'flush':
    }
    const own = unit.queued.length > 0
    const end = afterFlush(await stage.flush(unit), unit, state)
    if (end.kind === 'moved') return undefined
    // The tasks before it had the time until now.
    if (!own) startLimit()
    if (end.kind === 'end') return end.converged
    if (step.kind === 'queue' && (unit.imperative || state.once) && end.kind === 'clear')
      return unit.progress.finish({ kind: 'changed', seen: step.reading.seen, seenWhy: undefined })
  }
}

/** Ends the unit instead of a step for which its time limit leaves no time. */
function withinLimit(step: Next, unit: Unit): Next {
  if (unit.limit?.left !== 0 || (step.kind !== 'wait' && step.kind !== 'queue')) return step
  const doing = step.kind === 'wait' ? step.reason : ''
  return { kind: 'finish', converged: outOfTime(unit, unit.limit, doing) }
}

function outOfTime({ progress }: Unit, limit: TimeLimit, doing: string): Converged {
  return progress.fail(plainFailure(limit.problem(doing)))
}

async function queue(
  { plan, reading }: Extract<Next, { kind: 'queue' }>,
  unit: Unit,
  { state, stage }: { readonly state: State; readonly stage: Stage },
): Promise<void> {
  state.final = plan.stage === undefined
  state.last = plan.stage
  state.once = plan.once === true
  if (plan.stage !== undefined) state.stages.add(plan.stage)
  await stage.queue(unit, plan, reading)
}

/** Dry runs only: records the actions for a plan file. */
function foresee(unit: Unit, plan: Plan): void {
  const { reading } = unit
  if (reading === undefined) return
  unit.foreseen = [...unit.foreseen, ...plan.actions.map((action) => ({ action, plan, reading }))]
}

/** Dry runs only: marks all resources that the unit may change as unknown. */
function leftOpen(unit: Unit, converged: Converged, stage: Stage): Converged {
  const { args } = unit.ready
  stage.mayChange(mayChange(unit.module, args), `a dry run cannot know what "${unit.task.name}" changes`)
  return converged
}

/**
 * A run never plans on predicted unknown values. It sends its queue first and then reads the host.
 *
 * @param waitedFor why the unit has no more time, if the answer comes too late
 */
async function lookAndPlan(unit: Unit, stage: Stage, waitedFor: string): Promise<Look> {
  try {
    const { limit, progress } = unit
    const asked = unit.takeEarly() ?? stage.probe(unit)
    // What was changed in time is verified, however long that takes.
    const reading = await (limit === undefined || progress.sent
      ? asked
      : limit.during(Promise.resolve(asked), waitedFor))
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
