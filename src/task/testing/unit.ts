/** A unit of a task that says nothing but its module. */
import type { Module } from '../../modules/module.ts'
import type { Task } from '../../language/model.ts'
import { type Progress, Unit } from '../unit.ts'

const where = { file: 'site.yml', line: 1, column: 1 }

export function unitOf(
  module: Module,
  progress: Progress,
  changes: Partial<Task> = {},
  args: unknown = {},
): Unit {
  const { name } = module
  const task: Task = {
    id: { playbook: 'site.yml', play: 'Play', role: undefined, file: 'site.yml', name, ordinal: 0 },
    key: name,
    where,
    name,
    title: { kind: 'literal', value: name, where },
    role: undefined,
    directory: '/',
    module: name,
    moduleAt: where,
    args: { kind: 'map', entries: new Map(), where },
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
    noLog: false,
    exitCode: undefined,
    ...changes,
  }
  return new Unit({
    key: '0/0',
    task,
    ref: { id: name, name, module: name, handler: false },
    module,
    item: { label: '', value: undefined, layers: [] },
    ready: { kind: 'ready', args, environment: {}, become: undefined, secret: false, facts: undefined },
    progress,
  })
}
