/**
 * Verifies a window after it was sent: each of its units must have nothing left to do. If a later unit
 * changed a resource again, the probe of the later unit counts.
 *
 * Probing has no side effects on units. The answers are judged once all actions are known to have ended as
 * planned.
 */
import { HostError, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import { labelOf } from '../host/label.ts'
import type { Plan } from '../host/plan.ts'
import { mostRestarts } from './decide.ts'
import { notConverged } from './failures.ts'
import { makeAgain } from './overlap.ts'
import type { Converged, Reading, Unit } from './unit.ts'
import type { ProbeOrder, Sent, TaskHost } from './window-host.ts'

/** A unit that is planned to its end, with its predicted result. */
export interface ExpectedUnit {
  readonly unit: Unit
  readonly expected: Converged
}

/** The answers for one unit after its actions. */
export interface UnitAnswers {
  /** Undefined if the host could not answer. */
  readonly look: { readonly plan: Plan; readonly reading: Reading } | undefined
  /** Warnings about predicted effects that did not happen. */
  readonly surprises: readonly string[]
}

export type Verified =
  | { readonly kind: 'as planned'; readonly converged: Converged }
  | { readonly kind: 'again' }
  | { readonly kind: 'otherwise'; readonly warnings: readonly string[] }

/** Asks all questions about all units at once; undefined for units without a question. */
export function askAll(
  host: TaskHost,
  waiting: readonly ExpectedUnit[],
  begun: readonly Sent[],
  options: ProbeOrder = { behind: false },
): Promise<readonly (UnitAnswers | undefined)[]> {
  return Promise.all(
    questions(host, waiting, begun).map(async ({ unit, about, own }) => {
      if (about === 'nothing' || about === 'known result') return undefined
      const [look, surprises] = await Promise.all([
        lookAt(unit, host, options),
        about === 'all' ? host.surprises(unit, own) : [],
      ])
      return { look, surprises }
    }),
  )
}

/** Returns how units ended whose actions were all carried out, according to the answers. */
export function verify(
  host: TaskHost,
  waiting: readonly ExpectedUnit[],
  begun: readonly Sent[],
  asked: readonly (UnitAnswers | undefined)[],
): readonly Verified[] {
  return questions(host, waiting, begun).map((question, index): Verified => {
    const answer = asked[index]
    switch (question.about) {
      case 'nothing':
        return { kind: 'as planned', converged: question.expected }
      case 'known result':
      case 'result':
        return changedAgain(question, answer?.look)
      case 'all':
        return judge(question, answer, { host, begun })
    }
  })
}

interface Question extends ExpectedUnit {
  readonly about: 'nothing' | 'known result' | 'result' | 'all'
  /** Started actions of the unit. */
  readonly own: readonly Action[]
}

function questions(
  host: TaskHost,
  waiting: readonly ExpectedUnit[],
  begun: readonly Sent[],
): readonly Question[] {
  const actionsOf = (units: ReadonlySet<Unit>): readonly Action[] =>
    begun.filter(({ unit }) => units.has(unit)).map(({ planned }) => planned.action)
  return waiting.map(({ unit, expected }, index) => {
    const { reading } = unit
    const own = actionsOf(new Set([unit]))
    const after = actionsOf(new Set(waiting.slice(index + 1).map((other) => other.unit)))
    const question = (about: Question['about']): Question => ({ unit, expected, about, own })
    if (reading === undefined || (own.length === 0 && !reading.rests)) return question('nothing')
    const again = after.length > 0 && (host.overlaps(after, reading) || makeAgain(after, own))
    if (!again) return question('all')
    // A later unit saw the effects of this one before it changed them. Only the result may have to be read
    // again.
    return question(resultOf(expected) === undefined ? 'result' : 'known result')
  })
}

function resultOf(expected: Converged): { readonly seen: unknown } | undefined {
  const known = (expected.kind === 'ok' || expected.kind === 'changed') && expected.seenWhy === undefined
  return known ? { seen: expected.seen } : undefined
}

function changedAgain({ unit, expected }: Question, look: UnitAnswers['look']): Verified {
  // The thing that it started may not be there yet.
  if (look?.plan.settle) return { kind: 'again' }
  const { seen } = resultOf(expected) ?? look?.reading ?? { seen: undefined }
  return asDone(unit, seen)
}

function judge(
  { unit, own }: Question,
  answer: UnitAnswers | undefined,
  { host, begun }: { readonly host: TaskHost; readonly begun: readonly Sent[] },
): Verified {
  unit.progress.warn(answer?.surprises ?? [])
  if (answer?.look === undefined) return { kind: 'again' }
  const { plan, reading } = answer.look
  if (plan.settle || plan.refusal || (plan.actions.length > 0 && own.length === 0)) return { kind: 'again' }
  if (plan.actions.length === 0) {
    unit.progress.planned(plan)
    unit.reading = reading
    return asDone(unit, reading.seen)
  }
  // If no other unit can have interfered, acting again would not help. Earlier units were verified too, so
  // their effects are as planned, but a program may have done more than it declared.
  const first = begun.findIndex((one) => one.unit === unit)
  const last = begun.findLastIndex((one) => one.unit === unit)
  const actions = begun.map(({ planned }) => planned.action)
  const [before, after] = [actions.slice(0, first), actions.slice(last + 1)]
  const programs = before.filter(({ kind }) => kind === 'run')
  const undone = after.some(({ kind }) => kind === 'run') || host.overlaps([...programs, ...after], reading)
  unit.progress.restarts += 1
  if (unit.progress.restarts > mostRestarts || !undone)
    return { kind: 'as planned', converged: unit.progress.fail(notConverged(plan)) }
  const left = plan.actions.map(labelOf).join('; ')
  return { kind: 'otherwise', warnings: [`its effects differ from its plan; still to do: ${left}`] }
}

function asDone(unit: Unit, seen: unknown): Verified {
  const kind = unit.progress.labels.length > 0 ? 'changed' : 'ok'
  return { kind: 'as planned', converged: unit.progress.finish({ kind, seen, seenWhy: undefined }) }
}

async function lookAt(unit: Unit, host: TaskHost, options: ProbeOrder): Promise<UnitAnswers['look']> {
  try {
    const reading = await host.probe(unit, undefined, options)
    return { plan: unit.plan(reading), reading }
  } catch (error) {
    // The unit asks again later, and fails then if the error persists.
    if (error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError)
      return undefined
    throw error
  }
}
