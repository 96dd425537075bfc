/** Creates a unit of a task that sets only its module. */
import type { Module } from '../../modules/module.ts'
import type { Task } from '../../language/model.ts'
import type { Item } from '../items.ts'
import type { Ready } from '../prepare.ts'
import { type Progress, type Reading, Unit } from '../unit.ts'

const where = { file: 'site.yml', line: 1, column: 1 }

export interface UnitChanges {
  readonly key?: string
  readonly task?: Partial<Task>
  readonly item?: Partial<Item>
  readonly ready?: Partial<Ready>
  readonly early?: Reading
}

export function unitOf(
  module: Module,
  progress: Progress,
  task: Partial<Task> = {},
  args: unknown = {},
): Unit {
  return unitWith(module, progress, { task, ready: { args } })
}

export function unitWith(module: Module, progress: Progress, changes: UnitChanges): Unit {
  const { key = '0/0', item = {}, ready = {} } = changes
  const task = taskOf(module.name, changes.task)
  return new Unit({
    key,
    position: 0,
    task,
    ref: { id: task.key, name: task.name, module: module.name, handler: false, where: 'site.yml:7' },
    module,
    item: { label: '', value: undefined, layers: [], ...item },
    ready: {
      kind: 'ready',
      args: {},
      given: {},
      environment: {},
      become: undefined,
      delegate: undefined,
      secret: false,
      facts: undefined,
      change: undefined,
      ...ready,
    },
    progress,
    early: changes.early,
  })
}

export function taskOf(module: string, changes: Partial<Task> = {}): Task {
  const { name = module } = changes
  return {
    id: { playbook: 'site.yml', play: 'Play', role: undefined, file: 'site.yml', name, ordinal: 0 },
    key: name,
    where,
    name,
    title: { kind: 'literal', value: name, where },
    role: undefined,
    repeats: undefined,
    inputs: [],
    repeated: false,
    include: undefined,
    directory: '/',
    module,
    moduleAt: where,
    args: { kind: 'map', entries: new Map(), where },
    includes: new Map(),
    meta: undefined,
    when: [],
    loop: undefined,
    register: undefined,
    notify: [],
    vars: new Map(),
    tags: [],
    until: undefined,
    retries: 0,
    delay: 0,
    become: { enabled: undefined, user: undefined },
    environment: new Map(),
    changedWhen: undefined,
    failedWhen: undefined,
    ignoreErrors: false,
    ignoreUnreachable: false,
    anyErrorsFatal: false,
    runOnce: false,
    inRescue: false,
    noLog: false,
    exitCode: undefined,
    timeout: undefined,
    throttle: undefined,
    delegateTo: undefined,
    delegateFacts: false,
    async: undefined,
    ...changes,
  }
}
