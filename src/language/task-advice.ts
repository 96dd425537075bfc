/** Advice about single tasks. */
import type { Problem } from '../base/errors.ts'
import { newFile, octalMode } from '../base/mode.ts'
import { advice } from './lint-codes.ts'
import type { Play, Task } from './model.ts'
import { moduleForCommand } from './program-modules.ts'
import { commandOf, literalArgument, needsShell, programModule } from './task-program.ts'

/** @param modules Names of all modules */
export function adviceAboutTasks(plays: readonly Play[], modules: ReadonlySet<string>): readonly Problem[] {
  return [
    ...plays.flatMap(tasksOfPlay).flatMap((task) => adviceAboutTask(task, modules)),
    ...plays.flatMap((play) => alwaysChanged(play, modules)),
  ]
}

export function tasksOfPlay({ sections, handlers }: Play): readonly Task[] {
  return [...sections.flatMap((section) => section.tasks), ...handlers]
}

function adviceAboutTask(task: Task, modules: ReadonlySet<string>): readonly Problem[] {
  return [
    ...unnamedTask(task),
    ...commandWithModule(task, modules),
    ...shellNotNeeded(task, modules),
    ...unpinnedVersion(task),
    ...writableByAll(task),
  ]
}

/** A task without a name has the place and the name of its module. */
function unnamedTask({ where, moduleAt, module }: Task): readonly Problem[] {
  if (where !== moduleAt) return []
  const message = `this task has no name, so the output shows only "${module}"`
  return [advice('unnamed-task', message, where, 'add "name" with its purpose')]
}

function commandWithModule(task: Task, modules: ReadonlySet<string>): readonly Problem[] {
  const found = moduleForCommand(task, modules)
  if (found === undefined) return []
  const { program, module } = found
  return [
    advice(
      'command-with-module',
      `the module "${module}" does what this "${program}" does, and predicts its changes`,
      task.moduleAt,
      `see "gpuplay modules ${module}"; for a program that changes nothing write "reads: true"`,
    ),
  ]
}

/**
 * Programs that count as a change in each run. Handlers and `rescue` run for a reason, and so do tasks with a
 * condition about the result of another task.
 */
function alwaysChanged(play: Play, modules: ReadonlySet<string>): readonly Problem[] {
  const tasks = play.sections.flatMap((section) => section.tasks)
  const results = new Set(tasks.flatMap(({ register }) => register ?? []))
  return tasks.flatMap((task) => {
    const module = programModule(task)
    const { entries } = task.args
    if (module === undefined || task.inRescue || task.changedWhen !== undefined) return []
    if (entries.has('creates') || entries.has('removes')) return []
    if (entries.has('reads') && literalArgument(task, 'reads') !== false) return []
    if (task.when.some(({ reads }) => reads.some(([name = '']) => results.has(name)))) return []
    if (moduleForCommand(task, modules) !== undefined) return []
    const reading = module === 'script' ? '' : ', "reads: true" if the program changes nothing'
    return [
      advice(
        'always-changed',
        `this "${module}" counts as a change in every run`,
        task.moduleAt,
        `write "creates" or "removes" with a path${reading}, or "changed_when"`,
      ),
    ]
  })
}

function shellNotNeeded(task: Task, modules: ReadonlySet<string>): readonly Problem[] {
  if (programModule(task) !== 'shell' || task.args.entries.has('executable')) return []
  const line = commandOf(task)
  if (line === undefined || line === '' || needsShell(line)) return []
  if (moduleForCommand(task, modules) !== undefined) return []
  return [
    advice(
      'shell-not-needed',
      'nothing in this command line needs a shell',
      task.moduleAt,
      'write "command": then no shell interprets values',
    ),
  ]
}

function unpinnedVersion(task: Task): readonly Problem[] {
  const { entries } = task.args
  if (task.module === 'apt' && literalArgument(task, 'state') === 'latest')
    return [
      advice(
        'unpinned-version',
        '"state: latest" installs another version as soon as the repositories have one',
        entries.get('state')?.where ?? task.moduleAt,
        'pin the version ("name=version"), or write "state: present" and upgrade in a playbook of its own',
      ),
    ]
  if (task.module === 'git' && !entries.has('version') && literalArgument(task, 'update') !== false)
    return [
      advice(
        'unpinned-version',
        'without "version", each run takes the newest commit of the repository',
        task.moduleAt,
        'write "version" with a tag or a commit, or "update: false"',
      ),
    ]
  return []
}

/** In a directory with the sticky bit, such as /tmp, only the owner of a file can remove it. */
function writableByAll(task: Task): readonly Problem[] {
  const mode = literalArgument(task, 'mode')
  if (typeof mode !== 'string') return []
  const bits = Number.parseInt(octalMode(mode, newFile), 8)
  if ((bits & 0o002) === 0 || (bits & 0o1000) !== 0) return []
  return [
    advice(
      'writable-by-all',
      `mode "${mode}" lets every user of the host write here`,
      task.args.entries.get('mode')?.where ?? task.moduleAt,
      `remove the right of others to write: "${(bits & ~0o002).toString(8).padStart(4, '0')}"`,
    ),
  ]
}
