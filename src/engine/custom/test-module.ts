/**
 * Runs the cases of a module as a user would, and checks the rules for every module: a dry run changes nothing; a
 * run makes the changes of the dry run, and only declared ones; the result matches its schema; a second run
 * changes nothing.
 */
import { basename, dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { InputError } from '../../base/errors.ts'
import type { Event, Outcome } from '../../events/events.ts'
import type { Action } from '../../host/action.ts'
import { actions as planned } from '../../host/plan.ts'
import type { Files } from '../../language/read-files.ts'
import { SchemaChecker } from '../../language/schema.ts'
import { problem } from '../../language/source.ts'
import type { Module } from '../../modules/module.ts'
import type { RunDependencies, RunRequest } from '../request.ts'
import { runPlaybooks } from '../run-playbooks.ts'
import { customModuleName } from './custom-modules.ts'
import { declaresChange } from './declared-changes.ts'
import { type ModuleCase, readModuleCases } from './module-cases.ts'

export interface TestedCase {
  readonly says: string
  /** The rules that the module broke; empty: it conforms. */
  readonly broken: readonly string[]
}

export interface TestModuleOptions {
  /** The file `modules/NAME.ts`. */
  readonly path: string
  readonly host: string
  readonly files: Files
  /** Everything else of a run. Called for each. */
  prepare(request: Pick<RunRequest, 'playbooks' | 'check'>): Promise<{
    readonly request: RunRequest
    readonly dependencies: RunDependencies
  }>
  readonly tested: (result: TestedCase) => void
}

/** @throws InputError for mistakes in the module, its cases or the inventory */
export async function testModule(options: TestModuleOptions): Promise<readonly TestedCase[]> {
  const { path, files, tested } = options
  const name = customModuleName(path)
  if (name === undefined || basename(dirname(path)) !== 'modules')
    throw new InputError([
      problem('no-module', `${path} is no module`, {
        hint: 'name a file modules/NAME.ts of a project or a role',
      }),
    ])
  const { watch, cases } = readModuleCases(path.replace(/\.ts$/, '.cases.yml'), files)
  const results: TestedCase[] = []
  for (const given of cases) {
    const subject = new Subject(name, watch, options)
    const broken = await brokenRules(given, subject)
    const result = { says: given.says, broken }
    results.push(result)
    tested(result)
  }
  return results
}

async function brokenRules(given: ModuleCase, subject: Subject): Promise<readonly string[]> {
  if (given.setup !== undefined) {
    const ended = await subject.run([{ name: 'setup', shell: { cmd: given.setup } }], { check: false })
    if (ended.outcome !== 'changed') return [`the setup failed: ${ended.why}`]
  }
  const before = await subject.snapshot()
  const dry = await subject.go(given, true)
  const untouched = await subject.snapshot()
  const broken: string[] = []
  const rule = (holds: boolean, message: string): void => {
    if (!holds) broken.push(message)
  }
  const touched = changedPaths(before, untouched)
  rule(touched.length === 0, `the dry run changed ${touched.join(', ')}`)
  rule(
    dry.outcome === given.dry,
    `the outcome of the dry run is ${dry.outcome}, not ${given.dry}: ${dry.why}`,
  )

  const real = await subject.go(given, false)
  const changes = changedPaths(untouched, await subject.snapshot())
  const besides = given.besides.map((pattern) => new RegExp(pattern))
  const strange = changes.filter(
    (path) =>
      !besides.some((known) => known.test(path)) &&
      !real.actions.some((action) => declaresChange(action, path, () => true)),
  )
  rule(strange.length === 0, `the run changed what no action declares: ${strange.join(', ')}`)
  broken.push(...real.mistakes)
  if (given.dry === 'failed') {
    rule(real.outcome === 'failed', `the outcome of the run is ${real.outcome}, not failed`)
    for (const { problem: code, when } of [
      { ...dry, when: 'dry run' },
      { ...real, when: 'run' },
    ])
      rule(
        given.problem === undefined || code === given.problem,
        `the ${when} failed with ${code ?? 'no problem'}, not ${given.problem ?? ''}`,
      )
    rule(changes.length === 0, `a task that fails changed ${changes.join(', ')}`)
    return broken
  }
  const wanted = given.dry === 'ok' ? 'ok' : 'changed'
  rule(real.outcome === wanted, `the outcome of the run is ${real.outcome}, not ${wanted}: ${real.why}`)
  if (given.dry === 'changed')
    rule(
      isDeepStrictEqual(real.labels, dry.labels),
      `the run did "${real.labels.join('; ')}", but the dry run predicted "${dry.labels.join('; ')}"`,
    )
  const surprises = real.warnings.filter((warning) => !dry.warnings.includes(warning))
  rule(surprises.length === 0, `the run warned of what the dry run did not predict: ${surprises.join('; ')}`)
  if (real.imperative) return broken
  const again = await subject.go(given, false)
  rule(
    again.outcome === given.again,
    `the outcome of the second run is ${again.outcome}, not ${given.again}: ${again.why || again.labels.join('; ')}`,
  )
  return broken
}

interface Ended {
  readonly outcome: Outcome | 'none'
  readonly why: string
  readonly problem: string | undefined
  readonly labels: readonly string[]
  readonly warnings: readonly string[]
  /** All actions that the module planned. */
  readonly actions: readonly Action[]
  /** Rules that the module broke while it ran. */
  readonly mistakes: readonly string[]
  readonly imperative: boolean
}

/** Name, kind, mode, owner, size and time of everything in the directories, by path. */
type Snapshot = ReadonlyMap<string, string>

/** The host, through runs of small playbooks next to the module's folder. */
class Subject {
  readonly #module: string
  readonly #watch: readonly string[]
  readonly #options: TestModuleOptions

  constructor(module: string, watch: readonly string[], options: TestModuleOptions) {
    this.#module = module
    this.#watch = watch
    this.#options = options
  }

  go({ args }: ModuleCase, check: boolean): Promise<Ended> {
    return this.run([{ name: 'case', [this.#module]: args }], { check })
  }

  async snapshot(): Promise<Snapshot> {
    let seen = ''
    const take: Module = {
      name: 'compare_directories',
      summary: 'Lists what is in directories.',
      args: { type: 'object' },
      result: { type: 'object' },
      runs: 'what the author of a playbook promised',
      probe: (_, host) => host.promised(listing(this.#watch), { timeout: 120_000 }),
      plan: (_, answer) => {
        seen =
          typeof answer === 'object' && answer !== null && 'stdout' in answer ? String(answer.stdout) : ''
        return planned([])
      },
    }
    const ended = await this.run([{ name: 'compare', [take.name]: {} }], { check: true, more: [take] })
    if (ended.outcome !== 'ok')
      throw new InputError([
        problem('cannot-compare', `cannot list ${this.#watch.join(', ')}: ${ended.why}`, {
          hint: 'watch fewer directories',
        }),
      ])
    const entries = seen.split('\0').filter((entry) => entry.includes('\t'))
    return new Map(entries.map((entry) => [entry.slice(entry.indexOf('\t') + 1), entry]))
  }

  async run(
    tasks: readonly object[],
    { check, more = [] }: { readonly check: boolean; readonly more?: readonly Module[] },
  ): Promise<Ended> {
    const { path, host, files } = this.#options
    const playbook = join(dirname(dirname(path)), '.gpuplay-test-module.yml')
    const text = JSON.stringify([{ hosts: host, tasks }])
    const events: Event[] = []
    const record = new Recorder()
    const { request, dependencies } = await this.#options.prepare({ playbooks: [playbook], check })
    await runPlaybooks(request, {
      ...dependencies,
      files: {
        keys: files.keys,
        list: (folder) => files.list(folder),
        kind: (name) => (name === playbook ? 'file' : files.kind(name)),
        read: (name) => (name === playbook ? { kind: 'text', text } : files.read(name)),
      },
      modules: [...dependencies.modules, ...more],
      wrapModule: (module) => record.of(module),
      sinks: [(event) => events.push(event)],
    })
    return endOf(events, record)
  }
}

/** Paths come last, and a directory has neither size nor time, which follow from its entries. */
function listing(watch: readonly string[]): readonly string[] {
  const directories = ['-type', 'd', '-printf', String.raw`%y %m %U %G\t%p\0`]
  const others = ['-printf', String.raw`%y %m %U %G %s %T@ %l\t%p\0`]
  return ['find', ...watch, '-xdev', '(', ...directories, ')', '-o', '(', ...others, ')']
}

function changedPaths(before: Snapshot, after: Snapshot): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path) && !path.startsWith('/var/lib/gpuplay/'))
    .sort()
}

/** Watches a module while it works. */
class Recorder {
  readonly actions: Action[] = []
  readonly mistakes = new Set<string>()
  imperative = false

  of(module: Module): Module {
    return {
      ...module,
      plan: (args, seen) => {
        this.imperative = module.imperative?.(args) === true
        const plan = module.plan(args, seen)
        if (!isDeepStrictEqual(plan, module.plan(args, seen)))
          this.mistakes.add('plan is not pure: a second call with the same reading gave another plan')
        this.actions.push(...plan.actions)
        return plan
      },
      report: (args, seen, replies) => {
        const result = module.report?.(args, seen, replies) ?? {}
        const { problems } = new SchemaChecker().complete(module.result, result, {
          value: undefined,
          subject: {
            label: 'the result',
            where: { file: module.name, line: 1, column: 1 },
            code: 'invalid-argument',
          },
        })
        for (const { message } of problems)
          this.mistakes.add(`the result does not match its schema: ${message}`)
        return result
      },
    }
  }
}

function endOf(events: readonly Event[], { actions, mistakes, imperative }: Recorder): Ended {
  const warnings = events.flatMap((event) => (event.type === 'warning' ? event.message : []))
  const end = events.findLast((event) => event.type === 'task.finished')
  const lost = events.findLast((event) => event.type === 'host.unreachable')
  const detail = end?.detail ?? {}
  return {
    outcome: end?.outcome ?? (lost === undefined ? 'none' : 'unreachable'),
    why: detail.problem?.message ?? detail.why ?? lost?.problem.message ?? '',
    problem: detail.problem?.code,
    labels: detail.actions ?? [],
    warnings,
    actions,
    mistakes: [...mistakes],
    imperative,
  }
}
