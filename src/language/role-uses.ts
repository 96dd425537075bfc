/** Reads uses of roles: the entries under `roles` of a play, and those under `dependencies` of a role. */
import { dirname, join, parse, relative } from 'node:path'
import type { Position } from '../base/errors.ts'
import { FieldReader, isNothing } from './fields.ts'
import { readYamlFile, suggestions } from './read-files.ts'
import { inherit, type Inherited } from './inherited.ts'
import { misplaced, notYet, roleKeywords } from './keywords.ts'
import type { LoadedRole, Loader } from './loader.ts'
import type { Handler, Role, RoleUse, TaskOrBlock, Variables } from './model.ts'
import { findRole } from './role.ts'
import { RoleRepeats } from './role-repeats.ts'
import { taskFileNames } from './role-files.ts'
import { didYouMean } from './suggest.ts'
import type { TaskSurroundings } from './task.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml.ts'

export interface UsedRole {
  /** The use, after those of the roles on which it depends. */
  readonly uses: readonly RoleUse[]
  readonly steps: readonly TaskOrBlock[]
  readonly handlers: readonly Handler[]
}

export interface GivenToRole {
  readonly where: Position
  readonly parameters: Variables
  readonly inherited: Inherited
  /** The uses that depend on this one, outermost first. */
  readonly parents: readonly RoleUse[]
  /** The name of the file of tasks (`tasks_from`); `main` if undefined. */
  readonly tasksFrom?: { readonly name: string; readonly where: Position } | undefined
  /** It runs even if an earlier use has the same variables. */
  readonly always: boolean
  /** Set if a task includes the role. */
  readonly included?: Pick<RoleUse, 'when'> & { readonly inputs: readonly string[] }
}

/** Reads lists of tasks and handlers: `TaskListReader`. */
interface ListsReader {
  steps(nodes: readonly YamlNode[], around: TaskSurroundings): readonly TaskOrBlock[]
  handlers(nodes: readonly YamlNode[], around: TaskSurroundings): readonly Handler[]
  mapOf(node: YamlNode, what: string): YamlMap | undefined
  wrongKey(key: string, where: Position, known: ReadonlySet<string>, what: string): void
}

export class RoleUseReader {
  readonly #loader: Loader
  readonly #lists: ListsReader
  /** Task files and roles being read, to detect cycles. */
  readonly #open: string[]
  #repeats = new RoleRepeats()
  /** The number of blocks around what is being read. */
  #blocks = 0
  /** The number of includes around it. */
  #includes = 0

  constructor(loader: Loader, lists: ListsReader, open: string[]) {
    this.#loader = loader
    this.#lists = lists
    this.#open = open
  }

  /** A role runs once in a play for the same variables. */
  startPlay(): void {
    this.#repeats = new RoleRepeats()
  }

  /** Reads what a task may include: with inputs that only the run knows, no use repeats another. */
  inInclude<T>(read: () => T): T {
    this.#includes += 1
    try {
      return read()
    } finally {
      this.#includes -= 1
    }
  }

  inBlock<T>(read: () => T): T {
    this.#blocks += 1
    try {
      return read()
    } finally {
      this.#blocks -= 1
    }
  }

  roles(fields: FieldReader, around: TaskSurroundings): readonly UsedRole[] {
    return fields.list('roles').flatMap((node) => {
      const used = this.#entry(node, around, [])
      return used === undefined ? [] : [used]
    })
  }

  /** @param parents The uses that depend on the role, outermost first */
  #entry(node: YamlNode, around: TaskSurroundings, parents: readonly RoleUse[]): UsedRole | undefined {
    const loader = this.#loader
    const { directory, inherited } = around
    const inside = parents.at(-1)?.role.directory
    if (node.kind === 'scalar' && typeof node.value === 'string') {
      const { where } = node
      const loaded = findRole(loader, node.value, { directory, inside, where })
      const parameters = new Map()
      if (loaded === undefined) return undefined
      return this.use(loaded, { where, parameters, inherited, parents, always: false }, around)
    }
    const map = this.#lists.mapOf(node, 'a role')
    if (map === undefined) return undefined
    const fields = new FieldReader(map, loader.values)
    const key = map.entries.has('role') ? 'role' : 'name'
    const name = fields.text(key)
    if (name === undefined) {
      if (!map.entries.has(key)) this.#nameless(map)
      return undefined
    }
    const where = fields.node(key)?.where ?? map.where
    const loaded = findRole(loader, name, { directory, inside, where })
    const parameters = this.#parameters(map, fields)
    const own = inherit(fields, inherited, loader)
    if (loaded === undefined) return undefined
    return this.use(loaded, { where, parameters, inherited: own, parents, always: false }, around)
  }

  #nameless(map: YamlMap): void {
    const source = map.entries.get('src') ?? map.entries.get('scm')
    if (source === undefined) {
      this.#loader.report('invalid-role', 'this entry does not name a role', {
        where: map.where,
        hint: 'add "role: NAME"',
      })
      return
    }
    this.#loader.report('invalid-role', 'gpuplay does not download roles', {
      where: source.where,
      hint: 'put the role into "roles" next to the playbook, and write "role: NAME"',
    })
  }

  /** The `vars` of a role entry and its other keys, which are variables of the role. */
  #parameters(map: YamlMap, fields: FieldReader): Variables {
    const loader = this.#loader
    const entries = new Map<string, YamlEntry>(fields.map('vars')?.entries)
    for (const [key, entry] of map.entries) {
      if (roleKeywords.has(key)) continue
      const later = Object.hasOwn(notYet, key) ? notYet[key] : undefined
      if (Object.hasOwn(misplaced, key)) this.#lists.wrongKey(key, entry.where, roleKeywords, 'a role')
      else if (later === undefined) entries.set(key, entry)
      else
        loader.report('not-yet-supported', `"${key}" is not yet supported`, {
          where: entry.where,
          hint: later,
        })
    }
    return loader.values.variables({ kind: 'map', entries, where: map.where })
  }

  /** Returns the role with the roles on which it depends, which run before it. */
  use(loaded: LoadedRole, given: GivenToRole, around: TaskSurroundings): UsedRole | undefined {
    const { role } = loaded
    const { where, parameters, inherited, parents } = given
    const opened = `${role.directory} ${given.tasksFrom?.name ?? ''}`
    if (this.#open.includes(opened)) {
      const cycle = [...parents.map((parent) => parent.role.name), role.name].join(' -> ')
      const message =
        parents.length === 0
          ? `the role "${role.name}" imports itself`
          : `this role depends on itself: ${cycle}`
      this.#loader.report('cyclic-import', message, { where })
      return undefined
    }
    this.#checkParameters(role, parameters)
    this.#open.push(opened)
    const { included } = given
    const when = included?.when ?? inherited.when
    const own = { role, where, parameters, when, parents, inputs: included?.inputs }
    const needed = loaded.dependencies.flatMap((node) => {
      const used = this.#entry(node, { ...around, inherited }, [...parents, { ...own, dependencies: [] }])
      return used === undefined ? [] : [used]
    })
    const dependencies = needed.flatMap(({ uses }) => uses.map((other) => other.role))
    const use: RoleUse = { ...own, dependencies: [...new Set(dependencies)] }
    const { steps, handlers } = this.#inside(loaded, use, { given, around })
    this.#open.pop()
    const always = given.always || loaded.allowDuplicates || this.#includes > 0
    const once = always ? steps : this.#repeats.marked({ use, inherited, sure: this.#blocks === 0 }, steps)
    return {
      uses: [...needed.flatMap(({ uses }) => uses), use],
      steps: [...needed.flatMap((other) => other.steps), ...once],
      handlers: [...needed.flatMap((other) => other.handlers), ...handlers],
    }
  }

  #inside(
    loaded: LoadedRole,
    use: RoleUse,
    { given, around }: { readonly given: GivenToRole; readonly around: TaskSurroundings },
  ): Pick<UsedRole, 'steps' | 'handlers'> {
    const { role } = use
    const inside = (file: string): TaskSurroundings => ({
      ...around,
      role: use,
      file: relative(role.directory, file),
      folder: dirname(file),
      inherited: given.inherited,
    })
    const { tasksFrom } = given
    const tasksFile = tasksFrom === undefined ? loaded.tasksFile : this.#tasksFile(role, tasksFrom)
    const { handlersFile } = loaded
    return {
      steps: tasksFile === undefined ? [] : this.#lists.steps(this.taskFile(tasksFile), inside(tasksFile)),
      handlers:
        handlersFile === undefined
          ? []
          : this.#lists.handlers(this.taskFile(handlersFile), inside(handlersFile)),
    }
  }

  #tasksFile(
    role: Role,
    { name, where }: { readonly name: string; readonly where: Position },
  ): string | undefined {
    const { files } = this.#loader
    const folder = join(role.directory, 'tasks')
    const paths = taskFileNames(name).map((file) => join(folder, file))
    const found = paths.find((path) => files.kind(path) === 'file')
    if (found !== undefined) return found
    this.#loader.report('missing-file', `the role "${role.name}" has no tasks/${name}`, {
      where,
      hint: didYouMean(
        name,
        suggestions(files, folder).map((file) => parse(file).name),
        `looked for ${paths.join(', ')}`,
      ),
    })
    return undefined
  }

  #checkParameters(role: Role, parameters: Variables): void {
    const known = role.arguments?.schema['properties']
    if (typeof known !== 'object' || known === null) return
    const names = [...Object.keys(known), ...role.defaults.keys()]
    for (const { name, where } of parameters.values()) {
      if (names.includes(name)) continue
      this.#loader.report('unknown-parameter', `the role "${role.name}" has no parameter "${name}"`, {
        where,
        hint: didYouMean(name, [...names, ...roleKeywords], `it has ${names.join(', ')}`),
      })
    }
  }

  /** The entries of a file of tasks or handlers. */
  taskFile(path: string): readonly YamlNode[] {
    const loader = this.#loader
    const root = readYamlFile(loader.files, path, loader.problems)?.root
    if (root === undefined || isNothing(root)) return []
    if (root.kind === 'list') return root.items
    loader.report('invalid-tasks', 'this file must be a list of tasks', {
      where: root.where,
      hint: 'start it with "- name: ..."',
    })
    return []
  }
}
