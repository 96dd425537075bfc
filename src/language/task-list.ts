/** Reads lists of tasks, roles, and imports of either. */
import { basename, dirname, relative, resolve } from 'node:path'
import type { Position } from '../base/errors.ts'
import { FieldReader, isNothing } from './fields.ts'
import { readYamlFile, suggestions } from './read-files.ts'
import { isBlock, readBlock } from './block.ts'
import { inherit, type Inherited } from './inherited.ts'
import { importKeywords, misplaced, notYet, roleKeywords } from './keywords.ts'
import type { LoadedRole, Loader } from './loader.ts'
import type { Expression, Handler, RoleUse, TaskOrBlock, Variable } from './model.ts'
import { findRole } from './role.ts'
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

  constructor(loader: Loader) {
    this.#loader = loader
  }

  roles(fields: FieldReader, around: TaskSurroundings): readonly UsedRole[] {
    return fields.list('roles').flatMap((node) => {
      const used = this.#roleEntry(node, around)
      return used === undefined ? [] : [used]
    })
  }

  #roleEntry(node: YamlNode, around: TaskSurroundings): UsedRole | undefined {
    const loader = this.#loader
    if (node.kind === 'scalar' && typeof node.value === 'string') {
      const place = { directory: around.directory, where: node.where }
      const loaded = findRole(loader, node.value, place)
      if (loaded === undefined) return undefined
      return this.#useRole(
        loaded,
        { where: node.where, parameters: new Map(), inherited: around.inherited },
        around,
      )
    }
    const map = this.mapOf(node, 'a role')
    if (map === undefined) return undefined
    const fields = new FieldReader(map, loader.values)
    const key = map.entries.has('role') ? 'role' : 'name'
    const name = fields.text(key)
    if (name === undefined) {
      if (!map.entries.has(key)) {
        loader.report('invalid-role', 'this entry does not name a role', {
          where: map.where,
          hint: 'add "role: NAME"',
        })
      }
      return undefined
    }
    const where = fields.node(key)?.where ?? map.where
    const loaded = findRole(loader, name, { directory: around.directory, where })
    const parameters = this.#parameters(map, fields)
    const inherited = inherit(fields, around.inherited, loader)
    if (loaded === undefined) return undefined
    return this.#useRole(loaded, { where, parameters, inherited }, around)
  }

  /** The `vars` of a role entry and its other keys, which are variables of the role. */
  #parameters(map: YamlMap, fields: FieldReader): ReadonlyMap<string, Variable> {
    const loader = this.#loader
    const entries = new Map<string, YamlEntry>(fields.map('vars')?.entries)
    for (const [key, entry] of map.entries) {
      if (roleKeywords.has(key)) continue
      const later = Object.hasOwn(notYet, key) ? notYet[key] : undefined
      if (Object.hasOwn(misplaced, key)) this.#wrongKey(key, entry.where, roleKeywords, 'a role')
      else if (later === undefined) entries.set(key, entry)
      else
        loader.report('not-yet-supported', `"${key}" is not yet supported`, {
          where: entry.where,
          hint: later,
        })
    }
    return loader.values.variables({ kind: 'map', entries, where: map.where })
  }

  #useRole(
    loaded: LoadedRole,
    given: {
      readonly where: Position
      readonly parameters: ReadonlyMap<string, Variable>
      readonly inherited: Inherited
    },
    around: TaskSurroundings,
  ): UsedRole {
    const { role } = loaded
    this.#checkParameters(role, given.parameters)
    const when: readonly Expression[] = given.inherited.when
    const use: RoleUse = {
      role,
      where: given.where,
      parameters: given.parameters,
      when,
    }
    const inside = (file: string): TaskSurroundings => ({
      ...around,
      role: use,
      file: relative(role.directory, file),
      folder: dirname(file),
      inherited: given.inherited,
    })
    const { tasksFile, handlersFile } = loaded
    return {
      use,
      steps: tasksFile === undefined ? [] : this.steps(this.#taskFile(tasksFile), inside(tasksFile)),
      handlers:
        handlersFile === undefined ? [] : this.handlers(this.#taskFile(handlersFile), inside(handlersFile)),
    }
  }

  #checkParameters(role: RoleUse['role'], parameters: ReadonlyMap<string, Variable>): void {
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

  #taskFile(path: string): readonly YamlNode[] {
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

  steps(nodes: readonly YamlNode[], around: TaskSurroundings): readonly TaskOrBlock[] {
    return nodes.flatMap((node) => {
      const map = this.mapOf(node, 'a task')
      if (map === undefined) return []
      if (isBlock(map)) return readBlock(this, this.#loader, { map, around })
      for (const [key, entry] of map.entries) {
        const short = shortModuleName(key)
        if (short === 'import_tasks') return this.#importTasks(map, entry, around)
        if (short === 'import_role') return this.#importRole(map, entry, around)
      }
      const task = readTask(this.#loader, map, around)
      return task === undefined ? [] : [task]
    })
  }

  handlers(nodes: readonly YamlNode[], around: TaskSurroundings): readonly Handler[] {
    return nodes.flatMap((node) => {
      const map = this.mapOf(node, 'a handler')
      if (map !== undefined && isBlock(map)) return this.#blockAmongHandlers(map)
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
    const steps = this.steps(this.#taskFile(path), {
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
    const loaded = findRole(loader, target.value, { directory: around.directory, where: target.where })
    if (loaded === undefined) return []
    if (this.#open.includes(loaded.role.directory)) {
      loader.report('cyclic-import', `the role "${loaded.role.name}" imports itself`, { where: target.where })
      return []
    }
    const fields = new FieldReader(map, loader.values)
    const vars = fields.map('vars')
    const parameters = vars === undefined ? new Map<string, Variable>() : loader.values.variables(vars)
    const inherited = this.#importInherited(map, around, { own: false })
    this.#open.push(loaded.role.directory)
    const used = this.#useRole(loaded, { where: target.where, parameters, inherited }, around)
    this.#open.pop()
    this.imported.push(used)
    return used.steps
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
        this.#wrongKey(key, where, known, what)
      } else {
        this.#loader.report('not-yet-supported', `"${key}" is not yet supported`, { where, hint: later })
      }
    }
  }

  #wrongKey(key: string, where: Position, known: ReadonlySet<string>, what: string): void {
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
        hint: 'import each one under a condition: when: facts.os.id == "debian"',
      })
      return
    }
    this.#loader.report('missing-file', `there is no ${what} "${name}"`, {
      where,
      hint: didYouMean(basename(name), suggestions(this.#loader.files, folder), `looked in ${folder}`),
    })
  }
}

export interface UsedRole {
  readonly use: RoleUse
  readonly steps: readonly TaskOrBlock[]
  readonly handlers: readonly Handler[]
}

/** `import_tasks: FILE` or `import_tasks: {file: FILE}`. */
function importTarget(entry: YamlEntry, key: string) {
  const node = entry.value.kind === 'map' ? entry.value.entries.get(key)?.value : entry.value
  return node?.kind === 'scalar' ? node : undefined
}
