/** Reads playbooks: the plays, their roles and tasks, and everything these import. */
import { basename, dirname, resolve } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { readBatches } from './serial.ts'
import { readStrategy } from './strategy.ts'
import { checkPlay, type CheckedNames, startNames } from './check.ts'
import { FieldReader } from './fields.ts'
import { diskFiles, readYamlFile, suggestions } from './read-files.ts'
import { inherit, nothingInherited } from './inherited.ts'
import { playKeywords } from './keywords.ts'
import { type LoadOptions, Loader } from './loader.ts'
import type { Handler, Play, Playbook, Section, TaskOrBlock } from './model.ts'
import { problem, tidy } from './source.ts'
import { tasksOf } from './block-steps.ts'
import { didYouMean } from './suggest.ts'
import { TaskListReader } from './task-list.ts'
import type { TaskSurroundings } from './task.ts'
import { readHosts } from './play-hosts.ts'
import { readPlayVariables } from './play-variables.ts'
import { answered } from './prompt.ts'
import { readPrompts } from './vars-prompt.ts'
import type { YamlMap } from './yaml.ts'

/**
 * Reads a playbook and checks all of it: keywords, modules and their arguments, roles, conditions, templates,
 * names. Returns the mistakes, so that those of several files can be reported together.
 */
export function readPlaybook(
  file: string,
  options: LoadOptions,
): { readonly playbook: Playbook | undefined; readonly problems: readonly Problem[] } {
  const files = options.files ?? diskFiles
  if (files.kind(file) === undefined) {
    const others = options.otherPlaybooks ?? []
    const names = [...suggestions(files, dirname(file)), ...others]
    const otherwise = others.length === 0 ? 'check the path' : `these come with gpuplay: ${others.join(', ')}`
    const missing = problem('missing-file', `there is no playbook "${file}"`, {
      hint: didYouMean(basename(file), names, otherwise),
    })
    return { playbook: undefined, problems: [missing] }
  }
  const loader = new Loader(options)
  const plays = new PlaybookReader(loader).file(resolve(file), [])
  let names: CheckedNames = startNames(loader)
  for (const play of plays) names = checkPlay(loader, play, names)
  return {
    playbook: { plays, reads: loader.reads },
    problems: tidy(loader.problems),
  }
}

class PlaybookReader {
  readonly #loader: Loader

  readonly #lists: TaskListReader

  constructor(loader: Loader) {
    this.#loader = loader
    this.#lists = new TaskListReader(loader)
  }

  /**
   * Reads the plays of a file and of the playbooks it imports; `open` lists the files being read, to detect
   * cycles.
   */
  file(path: string, open: readonly string[]): readonly Play[] {
    const loader = this.#loader
    const read = readYamlFile(loader.files, path, loader.problems)
    if (read === undefined) return []
    const { root, source } = read
    if (root === undefined || root.kind !== 'list') {
      if (root !== undefined || loader.problems.length === 0) {
        loader.report('invalid-playbook', 'a playbook must be a list of plays', {
          where: root?.where ?? source.position(0),
          hint: 'start it with "- hosts: all"',
        })
      }
      return []
    }
    return root.items.flatMap((node) => {
      const map = this.#lists.mapOf(node, 'a play')
      if (map === undefined) return []
      if (map.entries.has('import_playbook')) return this.#importPlaybook(map, path, [...open, path])
      return [this.#play(map, path)]
    })
  }

  #importPlaybook(map: YamlMap, path: string, open: readonly string[]): readonly Play[] {
    const loader = this.#loader
    const fields = new FieldReader(map, loader.values)
    this.#lists.checkKeys(map, new Set(['name', 'import_playbook']), 'an import of a playbook')
    const name = fields.text('import_playbook')
    const where = fields.entry('import_playbook')?.value.where ?? map.where
    if (name === undefined) return []
    const target = resolve(dirname(path), name)
    if (loader.files.kind(target) === undefined) {
      this.#lists.missing('playbook', name, dirname(target), where)
      return []
    }
    if (open.includes(target)) {
      const cycle = [...open.slice(open.indexOf(target)), target].map((file) => basename(file)).join(' -> ')
      loader.report('cyclic-import', `this playbook imports itself: ${cycle}`, { where })
      return []
    }
    return this.file(target, open)
  }

  #play(map: YamlMap, path: string): Play {
    const loader = this.#loader
    const fields = new FieldReader(map, loader.values)
    this.#lists.checkKeys(map, playKeywords, 'a play')
    const hosts = readHosts(loader, fields)
    // Facts are read on use; the keyword is only checked.
    fields.boolean('gather_facts')
    const name = fields.text('name') ?? hosts.written
    const around: TaskSurroundings = {
      playbook: basename(path),
      play: name,
      directory: dirname(path),
      role: undefined,
      file: basename(path),
      folder: dirname(path),
      inherited: inherit(fields, nothingInherited, loader),
      inRescue: false,
      inputs: [],
      repeated: false,
    }
    const { serial, maxFailPercentage } = readBatches(fields)
    this.#lists.startPlay()
    const before = this.#lists.steps(fields.list('pre_tasks'), around)
    const roles = this.#lists.roles(fields, around)
    const steps = [
      before,
      [...roles.flatMap((role) => role.steps), ...this.#lists.steps(fields.list('tasks'), around)],
      this.#lists.steps(fields.list('post_tasks'), around),
    ]
    const used = [...roles, ...this.#lists.imported]
    const handlers = [
      ...used.flatMap((role) => role.handlers),
      ...this.#lists.handlers(fields.list('handlers'), around),
    ]
    const titleNode = fields.node('name')
    const vars = readPlayVariables(loader, fields, dirname(path))
    const prompts = readPrompts(loader, fields, { vars, file: path })
    return {
      name,
      title:
        titleNode === undefined
          ? { kind: 'literal', value: hosts.written, where: hosts.where }
          : loader.values.value(titleNode),
      hosts,
      after: fields.choice('after', ['node']),
      anyErrorsFatal: around.inherited.anyErrorsFatal,
      maxFailPercentage,
      strategy: readStrategy(fields),
      forceHandlers: fields.boolean('force_handlers') ?? false,
      serial,
      vars,
      prompts,
      answers: answered(prompts, loader.options.answers ?? new Map()),
      roles: used.flatMap(({ uses }) => uses),
      sections: steps.filter((part) => part.length > 0).map(sectionOf),
      handlers: lastOfEachName(handlers),
    }
  }
}

function sectionOf(steps: readonly TaskOrBlock[]): Section {
  return { steps, tasks: tasksOf(steps) }
}

function lastOfEachName(handlers: readonly Handler[]): readonly Handler[] {
  return handlers.filter(
    (handler, index) =>
      !handlers.some((other, later) => later > index && isNamed(handler) && other.name === handler.name),
  )
}

/** A handler without a name can only be notified through its topics; it gets the name of its module. */
function isNamed(handler: Handler): boolean {
  return handler.where !== handler.moduleAt
}
