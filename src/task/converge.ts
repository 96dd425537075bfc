/**
 * Brings one host to what one task declares: probe, plan, act, and again until nothing is left.
 *
 * There is no `apply` in a module. A plan whose later steps rest on its first ones says so (`stage`); a plan that does not is final, and if the next
 * plan still has actions the task did not converge. So idempotence is checked on every change ever made.
 */
import { type ExitCode, HostError, type Problem, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import type { Diff, Finding, Plan, Refusal, Settle } from '../host/plan.ts'
import type { Module, Reply } from '../modules/module.ts'
import type { Confirm } from './confirm.ts'

/** What one probe saw, and what it looked at to see it. */
export interface Reading {
  readonly seen: unknown
  /** By machine and resource, a fingerprint of the answer: actions are refused on the host when these have changed meanwhile. */
  readonly touched: ReadonlyMap<string, string>
}

export type ActionOutcome =
  | { readonly kind: 'done'; readonly reply: Reply | undefined }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reply?: Reply }
  /** Something else changed what the plan rests on: nothing was done. */
  | { readonly kind: 'stale'; readonly what: string }
  /** The connection dropped: it is not known whether it was done. It is open again. */
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly problem: Problem }

export interface Host {
  /** Reads afresh; in a dry run through the overlay. Throws UnknownError, UnreachableError, HostError. */
  probe(): Promise<Reading>
  /** Holds the resources of the actions until `release`; `stale` when others held them first, so that what was read may not be true any more. */
  hold(actions: readonly Action[]): Promise<{ readonly stale: boolean; release(): void }>
  act(action: Action, reading: Reading, plan: Plan): Promise<ActionOutcome>
  /** Dry runs: what the action would leave behind. */
  predict(action: Action): void
  /** After a real change: sentences on effects that were predicted and not seen. */
  surprises(actions: readonly Action[]): Promise<readonly string[]>
  label(action: Action): string
  /** Asks the person; absent when nobody can be asked. */
  readonly confirm?: Confirm
  sleep(seconds: number): Promise<void>
  now(): number
}

export interface Failure {
  readonly problem: Problem
  readonly findings: readonly Finding[]
  readonly exitCode: ExitCode | undefined
}

interface Common {
  readonly labels: readonly string[]
  readonly diffs: readonly Diff[]
  readonly warnings: readonly string[]
  readonly replies: readonly Reply[]
}

export type Converged = Common &
  (
    | { readonly kind: 'ok' | 'changed'; readonly seen: unknown; readonly seenWhy: string | undefined }
    | { readonly kind: 'unknown'; readonly why: string }
    | {
        readonly kind: 'failed'
        readonly failure: Failure
        readonly changed: boolean
        /** What the plan that refused had seen; undefined for every other failure. */
        readonly seen: unknown
      }
    | { readonly kind: 'unreachable'; readonly problem: Problem }
  )

export interface ConvergeRequest {
  readonly module: Module
  readonly args: unknown
  readonly check: boolean
  readonly host: Host
  /** What was read ahead and still holds. */
  readonly first: Reading | undefined
}

/** How often one task begins again because something else changed the host, or because the connection dropped. */
const mostRestarts = 3
/** No task of ours has as many stages; a module that does is caught here. */
const mostStages = 24
const settleSteps = { first: 0.2, growth: 1.5, longest: 5 } as const

export async function converge(request: ConvergeRequest): Promise<Converged> {
  const record = new Record()
  try {
    return await (request.check ? predict(request, record) : carryOut(request, record))
  } catch (error) {
    if (error instanceof UnknownError) {
      return record.labels.length > 0
        ? record.finish({ kind: 'changed', seen: undefined, seenWhy: error.message })
        : record.finish({ kind: 'unknown', why: error.message })
    }
    if (error instanceof UnreachableError)
      return record.finish({ kind: 'unreachable', problem: error.problem })
    if (error instanceof HostError)
      return record.fail({ problem: error.problem, findings: [], exitCode: undefined })
    throw error
  }
}

/** A dry run: what would be done is written into the overlay; as long as stages follow each other the module is asked again, over the overlay. */
async function predict(request: ConvergeRequest, record: Record): Promise<Converged> {
  const { module, args, host } = request
  let reading = request.first ?? (await host.probe())
  for (let round = 0; round < mostStages; round += 1) {
    const plan = module.plan(args, reading.seen)
    record.warn(plan.warnings)
    if (plan.refusal) return record.fail(failureOf(plan.refusal), reading.seen)
    if (plan.settle) {
      return record.labels.length > 0
        ? record.finish({ kind: 'changed', seen: undefined, seenWhy: plan.settle.why })
        : record.finish({ kind: 'unknown', why: plan.settle.why })
    }
    if (plan.actions.length === 0) {
      return record.finish({
        kind: record.labels.length > 0 ? 'changed' : 'ok',
        seen: reading.seen,
        seenWhy: undefined,
      })
    }
    const asked = questionOf(plan)
    if (asked !== undefined) {
      if (host.confirm === undefined) return record.declined(asked, reading)
      for (const action of plan.actions) host.predict(action)
      return record.finish({ kind: 'unknown', why: `the run asks first: ${asked.question}` })
    }
    if (module.imperative?.(args) === true) {
      for (const action of plan.actions) host.predict(action)
      return record.finish({ kind: 'unknown', why: 'it runs a program whose effect only the run can show' })
    }
    record.diffs.push(...plan.diffs)
    for (const action of plan.actions) {
      record.labels.push(host.label(action))
      host.predict(action)
    }
    reading = await host.probe()
    if (plan.stage === undefined) {
      return record.finish({ kind: 'changed', seen: reading.seen, seenWhy: undefined })
    }
  }
  throw new Error(`${module.name} went through more than ${mostStages} stages in a dry run`)
}

async function carryOut(request: ConvergeRequest, record: Record): Promise<Converged> {
  const { module, args, host } = request
  const stages = new Set<string>()
  const done: Action[] = []
  let reading = request.first ?? (await host.probe())
  let final = false
  let restarts = 0
  let settling: Settling | undefined
  let agreed: string | undefined
  for (;;) {
    const plan = module.plan(args, reading.seen)
    record.warn(plan.warnings)
    if (plan.refusal) return record.fail(failureOf(plan.refusal), reading.seen)
    if (plan.settle) {
      settling ??= new Settling(host.now())
      if (settling.expired(plan.settle, host.now())) return record.fail(notSettled(plan.settle))
      await host.sleep(settling.pause())
      reading = await host.probe()
      continue
    }
    settling = undefined
    if (plan.actions.length === 0) {
      if (done.length > 0) record.warn(await host.surprises(done))
      return record.finish({
        kind: record.labels.length > 0 ? 'changed' : 'ok',
        seen: reading.seen,
        seenWhy: undefined,
      })
    }
    if (final) return record.fail(notConverged(plan, host))
    if (plan.stage !== undefined) {
      if (stages.has(plan.stage)) return record.fail(notConverged(plan, host))
      stages.add(plan.stage)
    }
    // Before anything is held: a person takes time. What has changed meanwhile is noticed when the actions are carried out.
    const asked = questionOf(plan)
    if (asked !== undefined && asked.question !== agreed) {
      if ((await host.confirm?.(asked.question)) !== true) return record.declined(asked, reading)
      agreed = asked.question
    }
    const held = await host.hold(plan.actions)
    try {
      if (held.stale) {
        reading = await host.probe()
        if (plan.stage !== undefined) stages.delete(plan.stage)
        continue
      }
      const result = await actAll(plan, reading, { request, record, done })
      if (result.kind === 'failed' || result.kind === 'unreachable') return result.end
      if (result.kind === 'again') {
        restarts += 1
        if (restarts > mostRestarts) return record.fail(keptChanging(result.why))
        if (plan.stage !== undefined) stages.delete(plan.stage)
      } else {
        final = plan.stage === undefined
        if (module.imperative?.(args) === true) {
          return record.finish({ kind: 'changed', seen: reading.seen, seenWhy: undefined })
        }
      }
      reading = await host.probe()
    } finally {
      held.release()
    }
  }
}

type ActedAll =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly why: string }
  | { readonly kind: 'failed' | 'unreachable'; readonly end: Converged }

interface Acting {
  readonly request: ConvergeRequest
  readonly record: Record
  readonly done: Action[]
}

type Asked = NonNullable<Extract<Action, { readonly kind: 'reboot' }>['ask']>

function questionOf({ actions }: Plan): Asked | undefined {
  return actions.flatMap((action) => (action.kind === 'reboot' ? (action.ask ?? []) : []))[0]
}

/** In order, stopping at the first failure. */
async function actAll(plan: Plan, reading: Reading, { request, record, done }: Acting): Promise<ActedAll> {
  const { host } = request
  let diffsNoted = false
  for (const action of plan.actions) {
    const outcome = await host.act(action, reading, plan)
    switch (outcome.kind) {
      case 'done':
        done.push(action)
        record.labels.push(host.label(action))
        if (!diffsNoted) record.diffs.push(...plan.diffs)
        diffsNoted = true
        if (outcome.reply) record.replies.push(outcome.reply)
        break
      case 'failed':
        if (outcome.reply) record.replies.push(outcome.reply)
        return {
          kind: 'failed',
          end: record.fail({ problem: outcome.problem, findings: [], exitCode: undefined }),
        }
      case 'unreachable':
        return { kind: 'unreachable', end: record.finish({ kind: 'unreachable', problem: outcome.problem }) }
      case 'stale':
        return { kind: 'again', why: outcome.what }
      case 'lost':
        if (request.module.imperative?.(request.args) === true) {
          return { kind: 'failed', end: record.fail(lostImperative(host.label(action), outcome.why)) }
        }
        return { kind: 'again', why: outcome.why }
    }
  }
  return { kind: 'done' }
}

/** What has happened so far in this task. */
class Record {
  readonly labels: string[] = []
  readonly diffs: Diff[] = []
  readonly replies: Reply[] = []
  readonly #warnings = new Set<string>()

  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#warnings.add(warning)
  }

  finish<T>(result: T): T & Common {
    return {
      ...result,
      labels: this.labels,
      diffs: this.diffs,
      replies: this.replies,
      warnings: [...this.#warnings],
    }
  }

  /** The plan is left undone, as if it had none of its actions. */
  declined({ declined }: Asked, { seen }: Reading): Converged {
    this.warn([declined])
    return this.finish({ kind: this.labels.length > 0 ? 'changed' : 'ok', seen, seenWhy: undefined })
  }

  fail(failure: Failure, seen?: unknown): Converged {
    return this.finish({ kind: 'failed' as const, failure, changed: this.labels.length > 0, seen })
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

function failureOf(refusal: Refusal): Failure {
  const { code, message, hint, findings, exitCode } = refusal
  return {
    problem: { code, message, ...(hint === undefined ? {} : { hint }) },
    findings: findings ?? [],
    exitCode,
  }
}

function notSettled({ why, timeout, hint }: Settle): Failure {
  const message = `gave up after ${timeout} s: ${why}`
  return {
    problem: { code: 'not-settled', message, ...(hint === undefined ? {} : { hint }) },
    findings: [],
    exitCode: undefined,
  }
}

function notConverged(plan: Plan, host: Host): Failure {
  const left = plan.actions.map((action) => host.label(action)).join('; ')
  return {
    problem: {
      code: 'not-converged',
      message: `did not converge: after its changes this is still left to do: ${left}`,
      hint: 'something on the host undoes the change, or the module is at fault; run with -vv to see what was done',
    },
    findings: [],
    exitCode: undefined,
  }
}

function keptChanging(why: string): Failure {
  return {
    problem: {
      code: 'kept-changing',
      message: `began again ${mostRestarts} times and gave up: ${why}`,
      hint: 'see what else works on this host at the same time, then run again',
    },
    findings: [],
    exitCode: undefined,
  }
}

function lostImperative(label: string, why: string): Failure {
  return {
    problem: {
      code: 'connection-lost',
      message: `the connection dropped while this ran, so whether it was done is not known: ${label} (${why})`,
      hint: 'look at the host; a task with `creates` or a module that describes a state can be run again safely',
    },
    findings: [],
    exitCode: undefined,
  }
}
