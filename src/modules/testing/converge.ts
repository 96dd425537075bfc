/** The law of every module, on a host in memory: after the actions of its plan, it plans nothing. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Action } from '../../host/action.ts'
import type { Plan } from '../../host/plan.ts'
import type { Module, Reply } from '../module.ts'
import { carryOutFake } from './carry-out.ts'
import { fakeHost, fakeProgramHost, type FakeWorld } from './fake-host.ts'

export interface ModuleRun {
  /** Actions of all stages, in order. */
  readonly actions: readonly Action[]
  readonly stages: readonly string[]
  /** The last plan without actions: empty, a refusal, or a wait. */
  readonly end: Plan
  readonly report: Readonly<Record<string, unknown>>
  readonly diffs: Plan['diffs']
}

/**
 * Fills in the defaults of the module's schema, as the engine does before `probe`.
 * @throws Error with what is wrong, for arguments that the module does not accept.
 */
export function completed<Args, Seen>(
  module: Module<Args, Seen>,
  given: Readonly<Record<string, unknown>>,
): Args {
  const ajv = new Ajv2020({
    useDefaults: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
  })
  const data: unknown = structuredClone(given)
  const validate = ajv.compile<Args>(asObject(module.args))
  if (validate(data)) return data
  throw new Error(ajv.errorsText(validate.errors))
}

/** Probes and plans once; applies nothing. */
export async function planOnce<Args, Seen>(
  module: Module<Args, Seen>,
  given: Readonly<Record<string, unknown>>,
  world: FakeWorld,
): Promise<Plan> {
  const args = completed(module, given)
  return module.plan(args, await probeIn(module, args, world))
}

function probeIn<Args, Seen>(module: Module<Args, Seen>, args: Args, world: FakeWorld): Promise<Seen> {
  return module.runs === undefined
    ? module.probe(args, fakeHost(world))
    : module.probe(args, fakeProgramHost(world))
}

/** @throws Error if the module does not converge. */
export async function converge<Args, Seen>(
  module: Module<Args, Seen>,
  given: Readonly<Record<string, unknown>>,
  world: FakeWorld,
): Promise<ModuleRun> {
  const args = completed(module, given)
  const [actions, replies, stages, diffs]: [Action[], Reply[], string[], Plan['diffs'][number][]] = [
    [],
    [],
    [],
    [],
  ]
  for (let final = false; ;) {
    const seen = await probeIn(module, args, world)
    const plan = module.plan(args, seen)
    const report = module.report?.(args, seen, replies) ?? {}
    if (plan.actions.length === 0) {
      checkReport(module, report)
      return { actions, stages, end: plan, report, diffs }
    }
    if (final) throw new Error(`${module.name} did not converge: ${JSON.stringify(plan.actions)}`)
    if (plan.stage !== undefined && stages.includes(plan.stage)) throw new Error(`again: ${plan.stage}`)
    if (plan.stage !== undefined) stages.push(plan.stage)
    for (const action of plan.actions) {
      const reply = carryOutFake(world, action)
      actions.push(action)
      if (reply) replies.push(reply)
    }
    diffs.push(...plan.diffs)
    final = plan.stage === undefined
    if (module.imperative?.(args) === true || plan.once === true)
      return { actions, stages, end: plan, report: module.report?.(args, seen, replies) ?? {}, diffs }
  }
}

/** Conditions are checked against the declared result, so it must be correct. */
function checkReport(
  module: Pick<Module, 'name' | 'result'>,
  report: Readonly<Record<string, unknown>>,
): void {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
  if (!ajv.validate(asObject(module.result), report))
    throw new Error(`the report of ${module.name} is not as declared: ${ajv.errorsText()}`)
}

function asObject(schema: object): Record<string, unknown> {
  return { ...schema }
}
