/** Reads lists of tasks, roles, and imports of either. */
import { basename, dirname, relative, resolve } from 'node:path'
import type { Position } from '../base/errors.ts'
import { FieldReader } from './fields.ts'
import { suggestions } from './read-files.ts'
import { isBlock, readBlock } from './block.ts'
import { IncludeReader, isInclude } from './includes.ts'
import { inherit, type Inherited } from './inherited.ts'
import { importKeywords, misplaced, notYet, otherRoleArguments, roleArguments } from './keywords.ts'
import type { Loader } from './loader.ts'
import type { Handler, TaskOrBlock, Variable } from './model.ts'
import { findRole } from './role.ts'
import { type GivenToRole, RoleUseReader, type UsedRole } from './role-uses.ts'
import { didYouMean } from './suggest.ts'
import { isTemplate } from './template.ts'
import { shortModuleName } from './module-schema.ts'
import { readHandler, readTask, type TaskSurroundings } from './task.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml.ts'

export class TaskListReader {
  /** Roles that tasks of the play being read import. */
  readonly imported: UsedRole[] = []
  readonly #loader: Loader
  /** Task files and roles being read, to detect cycles. */
  readonly #open: string[] = []
  readonly #roles: RoleUseReader
  readonly #includes: IncludeReader

  constructor(loader: Loader) {
    this.#loader = loader
    this.#roles = new RoleUseReader(loader, this, this.#open)
    const { imported } = this
    this.#includes = new IncludeReader(loader, {
      lists: this,
      roles: this.#roles,
      open: this.#open,
      imported,
    })
  }

  /** Starts a play: what it imports, and which roles it uses, is its own. */
  startPlay(): void {
    this.imported.length = 0
    this.#roles.startPlay()
  }

  roles(fields: FieldReader, around: TaskSurroundings): readonly UsedRole[] {
    return this.#roles.roles(fields, around)
  }

  steps(nodes: readonly YamlNode[], around: TaskSurroundings): readonly TaskOrBlock[] {
    return nodes.flatMap((node) => {
      const map = this.mapOf(node, 'a task')
      if (map === undefined) return []
      if (isBlock(map)) return this.#roles.inBlock(() => readBlock(this, this.#loader, { map, around }))
      for (const [key, entry] of map.entries) {
        const short = shortModuleName(key)
        if (short === 'import_tasks') return this.#importTasks(map, entry, around)
        if (short === 'import_role') return this.#importRole(map, entry, around)
        if (isInclude(short)) return this.#includes.read(map, around)
      }
      const task = readTask(this.#loader, map, around)
      return task === undefined ? [] : [task]
    })
  }

  handlers(nodes: readonly YamlNode[], around: TaskSurroundings): readonly Handler[] {
    return nodes.flatMap((node) => {
      const map = this.mapOf(node, 'a handler')
      if (map !== undefined && isBlock(map)) return this.#blockAmongHandlers(map)
      if (map !== undefined && [...map.entries.keys()].some((key) => isInclude(shortModuleName(key))))
        return this.#includeAmongHandlers(map)
      const handler = map === undefined ? undefined : readHandler(this.#loader, map, around)
      return handler === undefined ? [] : [handler]
    })
  }

  #blockAmongHandlers(map: YamlMap): readonly Handler[] {
    this.#loader.report('invalid-handler', 'a handler cannot be a block', {
      where: map.where,
      hint: 'write a handler for each task; the same topic under "listen" notifies all of them',
    })
    return []
  }

  #includeAmongHandlers(map: YamlMap): readonly Handler[] {
    this.#loader.report('invalid-handler', 'a handler cannot include tasks', {
      where: map.where,
      hint: 'write a handler for each task; the same topic under "listen" notifies all of them',
    })
    return []
  }

  #importTasks(map: YamlMap, entry: YamlEntry, around: TaskSurroundings): readonly TaskOrBlock[] {
    const loader = this.#loader
    const target = importTarget(entry, 'file')
    if (typeof target?.value !== 'string') {
      loader.report('invalid-import', '"import_tasks" needs the name of a file', { where: entry.value.where })
      return []
    }
    const path = resolve(around.folder, target.value)
    if (loader.files.kind(path) === undefined) {
      this.missing('file', target.value, dirname(path), target.where)
      return []
    }
    if (this.#open.includes(path)) {
      loader.report('cyclic-import', `"${target.value}" imports itself`, { where: target.where })
      return []
    }
    const inherited = this.#importInherited(map, around, { own: true })
    const root = around.role?.role.directory ?? around.directory
    this.#open.push(path)
    const steps = this.steps(this.#roles.taskFile(path), {
      ...around,
      inherited,
      folder: dirname(path),
      file: relative(root, path),
    })
    this.#open.pop()
    return steps
  }

  #importRole(map: YamlMap, entry: YamlEntry, around: TaskSurroundings): readonly TaskOrBlock[] {
    const loader = this.#loader
    const target = importTarget(entry, 'name')
    if (typeof target?.value !== 'string') {
      loader.report('invalid-import', '"import_role" takes "name: ROLE"', { where: entry.value.where })
      return []
    }
    const { directory, role } = around
    const { where } = target
    const loaded = findRole(loader, target.value, { directory, inside: role?.role.directory, where })
    if (loaded === undefined) return []
    const fields = new FieldReader(map, loader.values)
    const vars = fields.map('vars')
    const parameters = vars === undefined ? new Map<string, Variable>() : loader.values.variables(vars)
    const inherited = this.#importInherited(map, around, { own: false })
    const tasksFrom = this.#tasksFrom(entry)
    const given = { where, parameters, inherited, parents: [], tasksFrom, always: true }
    const used = this.#roles.use(loaded, given, around)
    if (used === undefined) return []
    this.imported.push(used)
    return used.steps
  }

  /** Reads the arguments of `import_role` besides the name. */
  #tasksFrom({ value }: YamlEntry): GivenToRole['tasksFrom'] {
    if (value.kind !== 'map') return undefined
    for (const [key, { where }] of value.entries) {
      if (roleArguments.has(key)) continue
      const hint =
        (Object.hasOwn(otherRoleArguments, key) ? otherRoleArguments[key] : undefined) ??
        didYouMean(key, roleArguments)
      this.#loader.report('unknown-argument', `"import_role" has no argument "${key}"`, { where, hint })
    }
    const fields = new FieldReader(value, this.#loader.values)
    const name = fields.text('tasks_from')
    return name === undefined ? undefined : { name, where: fields.node('tasks_from')?.where ?? value.where }
  }

  #importInherited(map: YamlMap, around: TaskSurroundings, vars: { readonly own: boolean }): Inherited {
    const loader = this.#loader
    const imports = new Set(['import_tasks', 'import_role'])
    this.checkKeys(map, importKeywords, 'an import', (key) => imports.has(shortModuleName(key)))
    const fields = new FieldReader(map, loader.values)
    const inherited = inherit(fields, around.inherited, loader)
    const own = vars.own ? fields.map('vars') : undefined
    if (own === undefined) return inherited
    return { ...inherited, vars: new Map([...inherited.vars, ...loader.values.variables(own)]) }
  }

  checkKeys(
    map: YamlMap,
    known: ReadonlySet<string>,
    what: string,
    also: (key: string) => boolean = () => false,
  ): void {
    for (const [key, { where }] of map.entries) {
      if (known.has(key) || also(key)) continue
      const later = Object.hasOwn(notYet, key) ? notYet[key] : undefined
      if (later === undefined) {
        this.wrongKey(key, where, known, what)
      } else {
        this.#loader.report('not-yet-supported', `"${key}" is not yet supported`, { where, hint: later })
      }
    }
  }

  wrongKey(key: string, where: Position, known: ReadonlySet<string>, what: string): void {
    const elsewhere = Object.hasOwn(misplaced, key) ? misplaced[key] : undefined
    const hint = elsewhere ?? didYouMean(key, known, `${what} has ${[...known].join(', ')}`)
    this.#loader.report('unknown-keyword', `"${key}" is not a keyword of ${what}`, { where, hint })
  }

  mapOf(node: YamlNode, what: string): YamlMap | undefined {
    if (node.kind === 'map') return node
    this.#loader.report('invalid-playbook', `${what} must be a map`, {
      where: node.where,
      hint: what === 'a task' ? 'write "- name: ..." and the module below it' : undefined,
    })
    return undefined
  }

  missing(what: string, name: string, folder: string, where: Position): void {
    if (isTemplate(name)) {
      this.#loader.report('not-templated', `the name of an imported ${what} cannot be a template`, {
        where,
        hint: 'write include_tasks or include_role, or import each one under a condition',
      })
      return
    }
    this.#loader.report('missing-file', `there is no ${what} "${name}"`, {
      where,
      hint: didYouMean(basename(name), suggestions(this.#loader.files, folder), `looked in ${folder}`),
    })
  }
}

/** `import_tasks: FILE` or `import_tasks: {file: FILE}`. */
function importTarget(entry: YamlEntry, key: string) {
  const node = entry.value.kind === 'map' ? entry.value.entries.get(key)?.value : entry.value
  return node?.kind === 'scalar' ? node : undefined
}
