/**
 * The rules for every module, on a real host: a dry run changes nothing; a run makes the changes of the dry
 * run; the declared effects are present, also after the next boot; the result matches its schema; a second
 * run changes nothing.
 */
import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Converged } from '../../src/task/unit.ts'
import type { Action } from '../../src/host/action.ts'
import { declaresChange } from '../../src/engine/custom/declared-changes.ts'
import { allEffects } from '../../src/host/effects.ts'
import type { Module } from '../../src/modules/module.ts'
import { completed } from '../../src/modules/testing/converge.ts'
import type { Subject } from './subject.ts'

/** The registered results of earlier cases, by name. */
export type Registered = Map<string, Readonly<Record<string, unknown>>>

type Given = Readonly<Record<string, unknown>>

export interface ConformanceCase {
  readonly module: Module
  readonly says: string
  /** Shell commands that prepare the host for the case. */
  readonly setup?: string
  /** The same, if a shell on the host is not enough; returns a function that reverts it. */
  readonly arrange?: (subject: Subject) => Promise<() => Promise<void>>
  readonly args: Given | ((registered: Registered) => Given)
  /**
   * `unknown`: only the run knows the outcome. `refused`: it fails without a change, in a run and in a dry
   * run.
   */
  readonly dry?: 'changed' | 'unknown' | 'ok' | 'refused'
  /**
   * Code of the problem with which the task is refused, or with which the run fails although the dry run
   * could not predict it.
   */
  readonly problem?: string
  /**
   * Names of other changes (regular expressions) that the effects do not declare: caches and logs of
   * programs.
   */
  readonly besides?: readonly RegExp[]
  /** The changes of a second run. Default: none. */
  readonly again?: 'changed'
  /** The name of the module's result for later cases. */
  readonly register?: string
}

/** gpuplay's own state, which the first change on a machine creates and which belongs to no task. */
const ownBooks =
  /^\/var\/lib\/gpuplay\/v1\/(lease|lease\.holder|lease\.lock|packages\.lock|version|jobs\/.*)$/

/** @throws AssertionError that names the violated rule. */
export async function conforms(
  given: ConformanceCase,
  subject: Subject,
  registered: Registered = new Map(),
): Promise<void> {
  if (given.setup !== undefined) await subject.prepare(given.setup)
  const takeBack = await given.arrange?.(subject)
  try {
    await holds(given, subject, registered)
  } finally {
    await takeBack?.()
  }
}

async function holds(given: ConformanceCase, subject: Subject, registered: Registered): Promise<void> {
  const { module, dry: expected = 'changed', problem } = given
  const { engine } = subject
  const written = typeof given.args === 'function' ? given.args(registered) : given.args
  const args = completed(module, written)
  const task = { host: subject.name, module, args }
  const asLeft = given.setup === undefined && given.arrange === undefined ? subject.latest() : undefined
  const before = asLeft ?? (await subject.snapshot())

  const dry = await engine.go(task, true)
  // If the run also changes nothing, one comparison is enough for both.
  const looked = expected === 'ok' || expected === 'refused' ? before : await subject.snapshot()
  assert.deepEqual(changedNames(before, looked), [], 'probe and plan change nothing')
  assert.equal(kindOf(dry.converged), expected, `the dry run: ${why(dry.converged)}`)

  const real = await engine.go(task, false)
  const after = await subject.snapshot()
  const strange = changedNames(looked, after).filter(
    (name) => !ownBooks.test(pathOf(name)) && !declared(name, { ...given, actions: real.actions, subject }),
  )
  if (problem !== undefined) {
    assert.equal(kindOf(real.converged), 'refused', `the run: ${why(real.converged)}`)
    assert.equal(problemOf(real.converged), problem, why(real.converged))
    if (expected === 'refused') assert.equal(problemOf(dry.converged), problem, why(dry.converged))
    assert.deepEqual(real.actions, [], 'a refused task does not begin')
    assert.deepEqual(strange, [], 'a refused task changes nothing')
    return
  }
  assert.equal(
    kindOf(real.converged),
    expected === 'ok' ? 'ok' : 'changed',
    `the run: ${why(real.converged)}`,
  )
  if (expected === 'changed')
    assert.deepEqual(real.converged.labels, dry.converged.labels, 'the run carries out the predicted actions')
  assert.deepEqual(real.converged.warnings, dry.converged.warnings, 'no declared effect is missing')
  assert.deepEqual(strange, [], 'the run changes only declared resources')
  await bootHolds(real.actions, subject)
  const report = reportOf(module, args, real.converged)
  if (given.register !== undefined) registered.set(given.register, report)

  // A boot takes a while.
  if (real.actions.some(({ kind }) => kind === 'reboot' || kind === 'containerPower')) subject.forget()
  if (module.imperative?.(args) === true) return
  const again = await engine.go(task, false)
  if (given.again === 'changed') {
    assert.equal(again.converged.kind, 'changed', `the second run: ${why(again.converged)}`)
    return
  }
  assert.equal(again.converged.kind, 'ok', `the second run: ${why(again.converged)}`)
  assert.deepEqual(again.actions, [], 'a second run carries out nothing')
}

/** Compares the effects that actions declared for the next boot after the boot of any later case. */
async function bootHolds(actions: readonly Action[], { awaitsBoot, engine, name }: Subject): Promise<void> {
  awaitsBoot.push(...actions.flatMap(onlyAfterBoot))
  const reboot = actions.find(({ kind }) => kind === 'reboot')
  if (reboot === undefined) return
  const said = await engine.surprises(name, [...awaitsBoot.splice(0), reboot])
  assert.deepEqual(said, [], 'the boot has the declared effects')
}

function onlyAfterBoot(action: Action): readonly Action[] {
  const effects = allEffects(action).filter(({ afterBoot }) => afterBoot === true)
  return effects.length === 0 ? [] : [{ kind: 'run', argv: ['true'], effects }]
}

function reportOf(module: Module, args: unknown, converged: Converged): Given {
  if (converged.kind !== 'ok' && converged.kind !== 'changed') return {}
  const report = module.report?.(args, converged.seen, converged.replies) ?? {}
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true })
  assert.ok(ajv.validate({ ...(module.result as object) }, report), `the report: ${ajv.errorsText()}`)
  return report
}

function kindOf({ kind }: Converged): string {
  return kind === 'failed' ? 'refused' : kind
}

function problemOf(converged: Converged): string | undefined {
  return converged.kind === 'failed' ? converged.failure.problem.code : undefined
}

function why(converged: Converged): string {
  switch (converged.kind) {
    case 'failed': {
      const { problem, findings } = converged.failure
      const found = findings.map(({ message }) => message).join('; ')
      return `${problem.code}: ${problem.message} (${problem.hint ?? ''}) ${found}`
    }
    case 'unreachable':
      return converged.problem.message
    case 'unknown':
      return converged.why
    case 'ok':
    case 'changed':
      return converged.labels.join('; ')
  }
}

function changedNames(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort()
}

function pathOf(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

interface Declaration {
  readonly actions: readonly Action[]
  readonly besides?: readonly RegExp[]
  readonly subject: Subject
}

/**
 * Whether an effect covers the change: the file, its new directories, the files of a package, files that a
 * boot creates or removes.
 */
function declared(name: string, { actions, besides = [], subject: { places } }: Declaration): boolean {
  const path = pathOf(name)
  if (besides.some((known) => known.test(path))) return true
  const place = name.slice(0, -path.length - 1)
  const isAt = (on: 'host' | 'node'): boolean => place === places[on]
  return actions.some((action) => {
    const on = action.on ?? 'host'
    if (action.kind === 'reboot' && comesWithBoot(name, places[on])) return true
    if (action.kind === 'containerPower' && name === `${places[on]} container ${action.ctid}:boot`)
      return true
    return declaresChange(action, path, isAt)
  })
}

/** Of a node: its boot, modules and devices; of its containers: their boots. */
function comesWithBoot(name: string, node: string): boolean {
  const path = pathOf(name)
  if (name.startsWith(`${node} container `)) return path === 'boot'
  return name.startsWith(`${node}:`) && (path === 'boot' || /^(module |\/dev\/)/.test(path))
}
