/**
 * Tasks of a playbook in memory, with a variable `it`, and the context to prepare them on an unreachable
 * host.
 */
import { hostName } from '../../base/brand.ts'
import { InputError, UnreachableError } from '../../base/errors.ts'
import type { Event } from '../../events/events.ts'
import type { Reach } from '../../fleet/machine.ts'
import { createRunContext } from '../../fleet/run-context.ts'
import { createPending } from '../../fleet/pending.ts'
import type { Fact } from '../../host/facts.ts'
import type { Means } from '../../host/means.ts'
import { readInventory } from '../../inventory/inventory.ts'
import type { Task } from '../../language/model.ts'
import { readPlaybook } from '../../language/playbook.ts'
import { memoryFiles } from '../../language/testing/memory-files.ts'
import { modules } from '../../modules/catalogue.ts'
import type { Module } from '../../modules/module.ts'
import { createArguments } from '../arguments.ts'
import type { TaskContext } from '../task-context.ts'
import type { Preparing } from '../preparing.ts'

export interface Prepared {
  readonly tasks: readonly Task[]
  readonly context: TaskContext
  /** The context, which reads facts from `facts`. */
  readonly preparing: Preparing
}

export interface PreparedOptions {
  readonly check?: boolean
  readonly stepByStep?: boolean
  readonly files?: Readonly<Record<string, string>>
  /** Values of facts. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** Modules in addition to the shipped ones. */
  readonly modules?: readonly Module[]
  /** YAML. */
  readonly inventory?: string
  /** The machine of the tasks; by default that of the run. */
  readonly host?: string
  /** Receives all events. */
  readonly events?: Event[]
  readonly signal?: AbortSignal
  /** Milliseconds. */
  readonly clock?: () => number
  readonly reach?: Reach
  readonly means?: Means
}

export function prepared(tasks: string, options: PreparedOptions = {}): Prepared {
  const { check = false, stepByStep = false, files: others = {}, facts: values = {}, events, means } = options
  const { inventory: hosts = 'all: { hosts: { other: } }', clock = () => 0 } = options
  const all = [...modules, ...(options.modules ?? [])]
  const text = `- name: Play\n  hosts: localhost\n  tasks:\n${tasks.trim().replaceAll(/^(?=.)/gm, '    ')}\n`
  const files = memoryFiles({
    '/p/site.yml': text,
    '/p/hosts.yml': `${hosts}\n`,
    ...others,
  })
  const facts = Object.entries(values).map(([name, value]): Fact => ({
    name,
    description: name,
    example: 'x',
    schema: {},
    read: () => Promise.resolve(value),
  }))
  const { inventory } = readInventory(['/p/hosts.yml'], { files })
  if (inventory === undefined) throw new Error('the inventory of the test has a mistake')
  const { playbook, problems } = readPlaybook('/p/site.yml', {
    modules: new Map(all.map((module) => [module.name, module])),
    rolesPaths: [],
    variables: ['it'],
    facts: { type: 'object', properties: Object.fromEntries(facts.map(({ name }) => [name, {}])) },
    files,
  })
  const [play] = playbook?.plays ?? []
  if (play === undefined || problems.length > 0) throw new InputError(problems)
  const unreachable = (): Promise<never> =>
    Promise.reject(new UnreachableError({ code: 'unreachable', message: 'nobody is reached in this test' }))
  const run = createRunContext({
    name: 'test',
    world: {
      now: () => new Date(0),
      clock,
      sleep: () => Promise.resolve(),
      randomHex: (bytes) => '0'.repeat(2 * bytes),
      environment: {},
      home: '/root',
      userName: 'root',
      hostName: 'test',
      addresses: [],
      pid: 1,
      workingDirectory: '/p',
    },
    sinks: events === undefined ? [] : [(event) => void events.push(event)],
    inventory,
    extra: new Map(),
    facts,
    defaults: {},
    reach: options.reach ?? {
      connect: unreachable,
      openShell: unreachable,
      upload: unreachable,
      close: () => Promise.resolve(),
    },
    means,
    check,
    stepByStep,
    stateDirectory: '/state',
    reachable: () => false,
    signal: options.signal ?? new AbortController().signal,
  })
  const host = run.fleet.host(options.host === undefined ? inventory.localhost.name : hostName(options.host))
  const { node } = host.machine
  const context: TaskContext = {
    run,
    host,
    play,
    layers: [],
    arguments: createArguments(all, files),
    pending: createPending(host, node && run.fleet.host(node.name), run.leases),
    connection: {},
    ref: ({ key, name, module }) => ({ id: key, name, module, handler: false, where: 'site.yml:7' }),
    addRow: () => undefined,
    once: {
      turn: () => Promise.resolve({ kind: 'run' }),
      ended: () => undefined,
      passed: () => undefined,
      vote: (_task, { wish }) => Promise.resolve(wish),
      arrive: () => Promise.resolve('go'),
    },
    enter: () => Promise.resolve(() => undefined),
    delegateTo: (name) => run.fleet.host(name),
  }
  return {
    tasks: play.sections.flatMap((section) => section.tasks),
    context,
    preparing: { context, reads: new Set(), readFact: (fact) => run.fleet.readFact(fact) },
  }
}
