/** Tasks from a playbook in memory, where `it` is a variable, and what they are prepared with on a host that nobody can reach. */
import { UnreachableError } from '../../base/errors.ts'
import { createRunContext } from '../../fleet/run-context.ts'
import { createPending } from '../../fleet/pending.ts'
import type { Fact } from '../../host/facts.ts'
import { readInventory } from '../../inventory/inventory.ts'
import type { Task } from '../../language/model.ts'
import { readPlaybook } from '../../language/playbook.ts'
import { memoryFiles } from '../../language/testing/memory-files.ts'
import { modules } from '../../modules/catalogue.ts'
import { createArguments } from '../arguments.ts'
import type { TaskContext } from '../context.ts'
import type { Preparing } from '../preparing.ts'

export interface Prepared {
  readonly tasks: readonly Task[]
  readonly context: TaskContext
  /** One that reads facts as it is told. */
  readonly preparing: Preparing
}

interface PreparedOptions {
  readonly check?: boolean
  readonly files?: Readonly<Record<string, string>>
  /** Values of facts. */
  readonly facts?: Readonly<Record<string, unknown>>
}

export function prepared(tasks: string, options: PreparedOptions = {}): Prepared {
  const { check = false, files: others = {}, facts: values = {} } = options
  const text = `- name: Play\n  hosts: localhost\n  tasks:\n${tasks.trim().replaceAll(/^(?=.)/gm, '    ')}\n`
  const files = memoryFiles({
    '/p/site.yml': text,
    '/p/hosts.yml': 'all: { hosts: { other: } }\n',
    ...others,
  })
  const facts = Object.entries(values).map(([name, value]): Fact => ({
    name,
    description: name,
    schema: {},
    read: () => Promise.resolve(value),
  }))
  const { inventory } = readInventory(['/p/hosts.yml'], { files })
  if (inventory === undefined) throw new Error('the inventory of the test has a mistake')
  const { playbook, problems } = readPlaybook('/p/site.yml', {
    modules: new Map(modules.map((module) => [module.name, module])),
    rolesPaths: [],
    variables: ['it'],
    facts: { type: 'object', properties: Object.fromEntries(facts.map(({ name }) => [name, {}])) },
    files,
  })
  const [play] = playbook?.plays ?? []
  if (play === undefined || problems.length > 0)
    throw new Error(`the playbook of the test: ${JSON.stringify(problems)}`)
  const unreachable = (): Promise<never> =>
    Promise.reject(new UnreachableError({ code: 'unreachable', message: 'nobody is reached in this test' }))
  const run = createRunContext({
    name: 'test',
    world: {
      now: () => new Date(0),
      clock: () => 0,
      sleep: () => Promise.resolve(),
      randomHex: (bytes) => '0'.repeat(2 * bytes),
      environment: {},
      home: '/root',
      userName: 'root',
      hostName: 'test',
      pid: 1,
      workingDirectory: '/p',
    },
    sinks: [],
    inventory,
    extra: new Map(),
    facts,
    defaults: {},
    reach: {
      connect: unreachable,
      openShell: unreachable,
      upload: unreachable,
      close: () => Promise.resolve(),
    },
    check,
    reachable: [],
    signal: new AbortController().signal,
  })
  const host = run.fleet.host(inventory.localhost.name)
  const context: TaskContext = {
    run,
    host,
    play,
    layers: [],
    arguments: createArguments(modules, files),
    pending: createPending(host, undefined, run.leases),
    connection: {},
    ref: ({ key, name, module }) => ({ id: key, name, module, handler: false }),
    addRow: () => undefined,
  }
  return {
    tasks: play.sections.flatMap((section) => section.tasks),
    context,
    preparing: { context, reads: new Set(), readFact: (fact) => run.fleet.readFact(fact) },
  }
}
