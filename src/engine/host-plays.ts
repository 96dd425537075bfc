/** Puts together, for one play on one host, everything that its tasks need. */
import { isAbsolute, relative } from 'node:path'
import type { HostName } from '../base/brand.ts'
import { HostError, InputError, UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { defaultStateDirectory } from '../host/machine.ts'
import type { Overlay } from '../host/overlay.ts'
import type { Play, Task } from '../language/model.ts'
import { SchemaChecker } from '../language/schema.ts'
import { isChosen } from '../language/tags.ts'
import { findTaskFile, readTemplateFile } from '../language/task-files.ts'
import { renderTemplate } from '../language/template.ts'
import type { Module } from '../modules/module.ts'
import type { Reading } from '../task/converge.ts'
import type { Emitter } from '../events/emitter.ts'
import type { TaskRef } from '../events/events.ts'
import type { Fleet, FleetHost } from '../fleet/fleet.ts'
import type { Holds } from '../fleet/holds.ts'
import type { Leases } from '../fleet/leases.ts'
import type { Loaded } from './load.ts'
import { createLookahead } from '../task/lookahead.ts'
import { createPending, type PendingHandlers } from '../fleet/pending.ts'
import { type PlayEnd, runPlay } from './play-runner.ts'
import type { Confirm } from '../task/confirm.ts'
import type { Power } from '../fleet/power.ts'
import type { PrepareContext } from '../task/prepare.ts'
import { createRealHost, probeOnce } from '../task/task-host.ts'
import type { Recap } from './recap.ts'
import type { Redactor } from '../events/redactor.ts'
import type { RunDependencies, RunRequest } from './request.ts'
import type { SelectedPlay } from './selection.ts'
import { type ConnectionDefaults, privilege, type ReadVariable } from '../fleet/targets.ts'
import type { Ready, TaskRunnerContext } from '../task/task-runner.ts'

export interface HostPlays {
  run(play: SelectedPlay, host: HostName, stopped: () => boolean): Promise<PlayEnd>
  /** The tasks that the play will show, handlers last. */
  refs(play: SelectedPlay): readonly TaskRef[]
  /** Handlers that wait on a host and that no play of this run defines are reported, never dropped. */
  reportUnknownHandlers(hosts: readonly HostName[]): Promise<void>
}

export interface HostPlaysOptions {
  readonly request: RunRequest
  readonly dependencies: RunDependencies
  readonly loaded: Loaded
  readonly fleet: Fleet
  readonly overlay: Overlay | undefined
  readonly emitter: Emitter
  readonly recap: Recap
  readonly redactor: Redactor
  readonly holds: Holds
  readonly leases: Leases
  readonly power: Power
  /** Undefined when nobody can be asked. */
  readonly asking: ((host: string) => Confirm) | undefined
}

/** Milliseconds that a dropped connection is tried again. */
const reconnect = 60_000

export function createHostPlays(options: HostPlaysOptions): HostPlays {
  const { request, dependencies, fleet, emitter, recap, redactor } = options
  const { world, signal } = dependencies
  const modules = new Map(dependencies.modules.map((module) => [module.name, module]))
  const schemas = new SchemaChecker()
  const pendings = new Map<HostName, PendingHandlers>()

  const moduleOf = (name: string): Module => {
    const module = modules.get(name)
    if (module === undefined)
      throw new Error(`the playbook was loaded with a module ${name} that is not there`)
    return module
  }
  const pendingOf = (host: FleetHost): PendingHandlers => {
    const present = pendings.get(host.machine.name)
    if (present) return present
    const node = host.machine.node === undefined ? undefined : fleet.host(host.machine.node.name)
    const made = createPending(host, node, options.leases)
    pendings.set(host.machine.name, made)
    return made
  }
  const selected = (task: Task): boolean => isChosen(task.tags, request.tags)

  return {
    refs: ({ play }) =>
      [...play.sections.flatMap((section) => section.tasks.filter(selected)), ...play.handlers].map((task) =>
        refOf(
          task,
          play.handlers.some((handler) => handler === task),
        ),
      ),
    async run({ play, hosts, playbook }, name, stopped) {
      const host = fleet.host(name)
      const { machine, variables } = host
      const prepare: PrepareContext = {
        host: name,
        play,
        variables,
        layers: [{ layer: 'built in', data: new Map([['play_hosts', hosts]]) }],
        module: moduleOf,
        readFact: (fact) => fleet.readFact(fact),
        sawSecret: (secret) => redactor.add(secret),
        checkArgs: (task, args) => {
          const { data, problems } = schemas.complete(moduleOf(task.module).args, args, {
            value: task.args,
            subject: { label: task.module, where: task.moduleAt, code: 'invalid-argument' },
          })
          return { args: data, problems }
        },
        resolveFiles: (task, args, scope) =>
          resolveFiles(task, args, { module: moduleOf(task.module), scope, files: dependencies.files }),
      }
      const becomeOf = (ready: Ready): ReturnType<typeof privilege> | undefined => {
        if (ready.become === undefined) return machine.privilege
        return ready.become.enabled
          ? privilege(ready.become.user, fleet.variable(name), request.connection)
          : undefined
      }
      machine.statePrivilege ??= taskPrivilege(play, fleet.variable(name), request.connection)
      const pending = pendingOf(host)
      const tasks: TaskRunnerContext = {
        host: name,
        play,
        check: request.check,
        variables,
        module: moduleOf,
        prepare,
        readFact: prepare.readFact,
        emitter,
        sleep: (seconds) => world.sleep(seconds * 1000, signal),
        clock: world.clock,
        addRow: (row) => recap.row(row),
        hostFor: (task, ref, item, ready) =>
          createRealHost({
            machine,
            reader: host.reader(becomeOf(ready)),
            overlay: options.overlay,
            module: moduleOf(task.module),
            args: ready.args,
            ref,
            item: item.label === '' ? undefined : item.label,
            environment: reveal(ready.environment),
            pendingNotes: (on) => pending.notes(task, on),
            leases: options.leases,
            holds: options.holds,
            power: options.power,
            redactor,
            emitter,
            become: becomeOf(ready),
            sleep: world.sleep,
            clock: world.clock,
            signal,
            confirm: options.asking?.(name),
          }),
      }
      const lookahead = createLookahead({
        prepare,
        epoch: machine.epoch,
        probe: (task, _item, ready): Promise<Reading> =>
          probeOnce(
            {
              machine,
              reader: host.reader(becomeOf(ready)),
              module: moduleOf(task.module),
              args: ready.args,
              environment: reveal(ready.environment),
            },
            async (lost) => {
              await lost.closeShells()
              await lost.reopen(reconnect)
            },
          ),
      })
      try {
        if (!request.check && machine.node === undefined) await restoreGuests(host, options)
        return await runPlay({
          host: name,
          play,
          check: request.check,
          tasks,
          lookahead,
          pending,
          emitter,
          recap,
          signal,
          selected,
          stopped,
          ref: (task) =>
            refOf(
              task,
              play.handlers.some((handler) => handler === task),
            ),
        })
      } catch (error) {
        if (!(error instanceof UnreachableError || error instanceof HostError || error instanceof InputError))
          throw error
        return unexpectedEnd(error, { host: name, playbook: relative('.', playbook.file), options })
      }
    },
    async reportUnknownHandlers(hosts) {
      for (const name of hosts) {
        for (const handler of (await pendings.get(name)?.left()) ?? []) {
          emitter.emit({ type: 'handler.unknown', host: name, handler: handler.name, by: handler.by })
        }
      }
    },
  }
}

function refOf(task: Task, handler: boolean): TaskRef {
  const name = task.role === undefined ? task.name : `${task.role.role.name} : ${task.name}`
  return { id: task.key, name, module: task.module, handler }
}

/** Where the host's own variables say nothing of `become`, the first task that takes root decides with which rights gpuplay keeps its own things. */
function taskPrivilege(
  play: Play,
  read: ReadVariable,
  defaults: ConnectionDefaults,
): ReturnType<typeof privilege> {
  const tasks = play.sections.flatMap((section) => section.tasks)
  const becomes = tasks.some(({ become }) => become.enabled === true && become.user === undefined)
  return becomes ? privilege('root', read, defaults) : undefined
}

/** Guests that an interrupted run had noted before it rebooted the node; asked with the first frame that goes there anyway. */
async function restoreGuests(host: FleetHost, { power, leases }: HostPlaysOptions): Promise<void> {
  const { machine } = host
  // Who is not root has not rebooted anything.
  if ((await machine.stateDirectory()) !== defaultStateDirectory) return
  const note = await host.reader(machine.statePrivilege).host.stat(await power.record(machine))
  if (note === undefined) return
  await leases.take(machine)
}

function unexpectedEnd(
  error: UnreachableError | HostError | InputError,
  {
    host,
    options,
  }: { readonly host: HostName; readonly playbook: string; readonly options: HostPlaysOptions },
): PlayEnd {
  const { emitter, recap } = options
  const problem = error instanceof InputError ? error.problems[0] : error.problem
  const unreachable = error instanceof UnreachableError
  recap.count(host, unreachable ? 'unreachable' : 'failed')
  const exitCode = unreachable ? 3 : 7
  recap.failure(exitCode)
  if (problem) emitter.emit({ type: 'host.unreachable', host, problem })
  return { kind: 'failed', exitCode, problem }
}

interface Resolving {
  readonly module: Module
  readonly scope: Parameters<typeof renderTemplate>[1]
  readonly files: RunDependencies['files']
}

/** Names of files become absolute paths; a template's text is rendered into `content`. */
function resolveFiles(
  task: Task,
  args: Record<string, unknown>,
  { module, scope, files }: Resolving,
): unknown {
  const resolved = { ...args }
  if (resolved['remote_src'] === true) return resolved
  for (const [argument, kind] of Object.entries(module.files ?? {})) {
    const name = resolved[argument]
    if (typeof name !== 'string') continue
    const path = findTaskFile(task, { kind, name, files })
    if (path === undefined) {
      throw new InputError([
        {
          code: 'missing-file',
          message: `there is no file ${JSON.stringify(name)}`,
          ...(isAbsolute(name)
            ? {}
            : { hint: `it is looked for in ${kind}/ of the role and beside the playbook` }),
          where: task.args.entries.get(argument)?.value.where ?? task.where,
        },
      ])
    }
    // A trailing slash means the content of a folder and must stay.
    resolved[argument] = name.endsWith('/') && !path.endsWith('/') ? `${path}/` : path
    if (kind === 'templates') resolved['content'] = renderTemplate(readTemplateFile(path, files), scope)
  }
  return resolved
}

function reveal(environment: Readonly<Record<string, string | Secret>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]),
  )
}
