/**
 * Reads `include_tasks` and `include_role`. The run chooses what is included, so all that a name can mean is read
 * and checked when the playbook loads.
 */
import { basename, dirname, join, parse, relative, resolve } from 'node:path'
import { globPattern } from '../base/glob.ts'
import { FieldReader } from './fields.ts'
import { roleChoice } from './include-choice.ts'
import { inherit, type Inherited } from './inherited.ts'
import { includeKeywords } from './keywords.ts'
import type { Loader } from './loader.ts'
import { namesOfLoop } from './loop.ts'
import type { IncludeChoice, Task, TaskOrBlock, Value, Variables } from './model.ts'
import { globsOf } from './possible-includes.ts'
import { listFolder } from './read-files.ts'
import { findRole, type RolePlace, rolesFolders } from './role.ts'
import type { RoleUseReader, UsedRole } from './role-uses.ts'
import { shortModuleName } from './module-schema.ts'
import { readTask, type TaskSurroundings } from './task.ts'
import type { YamlMap, YamlNode } from './yaml.ts'

/** Reads lists of tasks: `TaskListReader`. */
interface StepsReader {
  steps(nodes: readonly YamlNode[], around: TaskSurroundings): readonly TaskOrBlock[]
  checkKeys(map: YamlMap, known: ReadonlySet<string>, what: string, also: (key: string) => boolean): void
  missing(what: string, name: string, folder: string, where: Task['where']): void
}

export function isInclude(name: string): boolean {
  return name === 'include_tasks' || name === 'include_role'
}

export class IncludeReader {
  readonly #loader: Loader
  readonly #lists: StepsReader
  readonly #roles: RoleUseReader
  readonly #open: string[]
  readonly #imported: UsedRole[]

  /** @param imported Receives the roles that can be included. */
  constructor(
    loader: Loader,
    {
      lists,
      roles,
      open,
      imported,
    }: {
      readonly lists: StepsReader
      readonly roles: RoleUseReader
      readonly open: string[]
      readonly imported: UsedRole[]
    },
  ) {
    this.#loader = loader
    this.#lists = lists
    this.#roles = roles
    this.#open = open
    this.#imported = imported
  }

  /** Returns the task that includes; its choices contain the tasks that it can include. */
  read(map: YamlMap, around: TaskSurroundings): readonly Task[] {
    const loader = this.#loader
    this.#lists.checkKeys(map, includeKeywords, 'an include', (key) => isInclude(shortModuleName(key)))
    const task = readTask(loader, map, around)
    if (task === undefined) return []
    const fields = new FieldReader(map, loader.values)
    const own = ownVariables(loader, fields)
    const names = [
      ...own.keys(),
      ...(task.loop === undefined ? [] : namesOfLoop(task.loop).map(([name]) => name)),
    ]
    const inherited = inherit(fields, around.inherited, loader)
    const inside: TaskSurroundings = {
      ...around,
      inherited: { ...inherited, when: [], vars: without(inherited.vars, names) },
      inputs: [...new Set([...around.inputs, ...names])],
      repeated: around.repeated || task.loop !== undefined,
    }
    const choices = this.#roles.inInclude(() =>
      task.module === 'include_tasks' ? this.#files(task, inside) : this.#roleChoices(task, own, inside),
    )
    const include = { folder: around.folder, inputs: [...own.keys()], choices }
    return [{ ...task, runOnce: false, include }]
  }

  #files(task: Task, inside: TaskSurroundings): ReadonlyMap<string, IncludeChoice> {
    const named = task.args.entries.get('file')?.value
    const globs = named === undefined ? [] : this.#globs(named, task)
    const paths = globs.flatMap((glob) => this.#filesLike(glob, { named, inside }))
    const root = inside.role?.role.directory ?? inside.directory
    const choices = new Map<string, IncludeChoice>()
    for (const path of new Set(paths)) {
      this.#open.push(path)
      const file = relative(root, path)
      const steps = this.#lists.steps(this.#roles.taskFile(path), { ...inside, folder: dirname(path), file })
      this.#open.pop()
      choices.set(path, { steps, use: undefined })
    }
    return choices
  }

  #filesLike(
    glob: string,
    { named, inside }: { readonly named: Value | undefined; readonly inside: TaskSurroundings },
  ): readonly string[] {
    const loader = this.#loader
    const where = named?.where ?? loader.problems[0]?.where
    const path = resolve(inside.folder, glob)
    if (!glob.includes('*')) {
      if (loader.files.kind(path) !== 'file') {
        if (where !== undefined) this.#lists.missing('file', glob, dirname(path), where)
        return []
      }
      if (!this.#open.includes(path)) return [path]
      loader.report('cyclic-import', `"${glob}" includes itself`, { where })
      return []
    }
    const found = matching(loader, path, 'file').filter((file) => !this.#open.includes(file))
    if (found.length === 0)
      loader.report('missing-file', `no file matches "${glob}"`, {
        where,
        hint: `looked in ${dirname(path)}`,
      })
    return found
  }

  #roleChoices(
    task: Task,
    parameters: Variables,
    inside: TaskSurroundings,
  ): ReadonlyMap<string, IncludeChoice> {
    const loader = this.#loader
    const { entries } = task.args
    const named = entries.get('name')?.value
    const from = entries.get('tasks_from')?.value
    if (named === undefined) return new Map()
    const { where } = named
    const place = { directory: inside.directory, inside: inside.role?.role.directory, where }
    const choices = new Map<string, IncludeChoice>()
    const names = this.#globs(named, task).flatMap((glob) =>
      glob.includes('*') ? this.#rolesLike(glob, place) : [glob],
    )
    for (const name of new Set(names)) {
      const loaded = findRole(loader, name, place)
      if (loaded === undefined) continue
      for (const file of this.#taskFilesOf(loaded.role.directory, from, task)) {
        const used = this.#roles.use(
          loaded,
          {
            where,
            parameters,
            inherited: inside.inherited,
            parents: [],
            tasksFrom: file === undefined ? undefined : { name: file, where: from?.where ?? where },
            always: true,
            included: { when: task.when, inputs: inside.inputs },
          },
          inside,
        )
        if (used === undefined) continue
        this.#imported.push(used)
        choices.set(roleChoice(name, file), { steps: used.steps, use: used.uses.at(-1) })
      }
    }
    return choices
  }

  /** The files in `tasks` of a role that `tasks_from` can mean; undefined for `main`. */
  #taskFilesOf(directory: string, from: Value | undefined, task: Task): readonly (string | undefined)[] {
    if (from === undefined) return [undefined]
    return this.#globs(from, task).flatMap((glob) => {
      if (!glob.includes('*')) return [glob]
      const names = matching(this.#loader, join(directory, 'tasks', glob.replace(/(\.\w+)?$/, '*')), 'file')
      const pattern = globPattern(parse(glob).name)
      return names.map((path) => parse(path).name).filter((name) => pattern.test(name))
    })
  }

  #rolesLike(glob: string, place: RolePlace): readonly string[] {
    const loader = this.#loader
    const names = rolesFolders(loader, place).flatMap((folder) =>
      matching(loader, join(folder, glob), 'directory').map((path) => basename(path)),
    )
    if (names.length === 0)
      loader.report('unknown-role', `no role matches "${glob}"`, {
        where: place.where,
        hint: `looked in ${rolesFolders(loader, place).join(', ')}`,
      })
    return names
  }

  #globs(value: Value, task: Task): readonly string[] {
    const globs = globsOf(value, task)
    if (globs !== undefined) return globs
    this.#loader.report('unclear-include', `"${task.module}" does not show what it can include`, {
      where: value.where,
      hint: 'write a part of the name as text, such as "setup-{{facts.os.id}}.yml", or loop over a list of names; gpuplay reads all that fits first',
    })
    return []
  }
}

function ownVariables(loader: Loader, fields: FieldReader): Variables {
  const vars = fields.map('vars')
  return vars === undefined ? new Map() : loader.values.variables(vars)
}

function without(vars: Inherited['vars'], names: readonly string[]): Inherited['vars'] {
  return new Map([...vars].filter(([name]) => !names.includes(name)))
}

/** The paths in a folder whose last part fits. */
function matching(loader: Loader, glob: string, kind: 'file' | 'directory'): readonly string[] {
  const folder = dirname(glob)
  const pattern = globPattern(basename(glob))
  return listFolder(loader.files, folder, loader.problems)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~') && pattern.test(name))
    .map((name) => join(folder, name))
    .filter((path) => loader.files.kind(path) === kind)
}
