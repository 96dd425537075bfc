/** The modules of a run: those of gpuplay, and those in TypeScript next to its playbooks and in its roles. */
import { dirname, join } from 'node:path'
import type { Problem } from '../../base/errors.ts'
import type { Files } from '../../language/read-files.ts'
import { problem } from '../../language/source.ts'
import type { Module } from '../../modules/module.ts'
import { loadCustomModule } from './load-custom-module.ts'

export interface CustomPlaces {
  readonly playbooks: readonly string[]
  readonly rolesPaths: readonly string[]
  readonly files: Files
  /** Wraps each custom module; default: as it is. */
  readonly wrapModule?: ((module: Module) => Module) | undefined
}

/**
 * Modules by name. A file `modules/NAME.ts` next to a playbook or in a role is read when a task first names it,
 * so a mistake in a module that nothing uses stops no run.
 */
export class ModuleTable extends Map<string, Module> {
  /** Mistakes in modules that tasks name. */
  readonly problems: Problem[] = []
  readonly #paths: ReadonlyMap<string, readonly string[]>
  readonly #files: Files
  readonly #wrap: (module: Module) => Module
  readonly #read = new Set<string>()

  constructor(modules: readonly Module[], places: CustomPlaces) {
    super(modules.map((module) => [module.name, module]))
    this.#files = places.files
    this.#wrap = places.wrapModule ?? ((module) => module)
    this.#paths = customPaths(places)
  }

  override get(name: string): Module | undefined {
    const paths = this.#paths.get(name)
    if (paths !== undefined && !this.#read.has(name)) {
      this.#read.add(name)
      this.set(name, this.#load(name, paths))
    }
    return super.get(name)
  }

  override has(name: string): boolean {
    return super.has(name) || this.#paths.has(name)
  }

  override keys(): MapIterator<string> {
    return new Set([...super.keys(), ...this.#paths.keys()]).keys()
  }

  /** The file of a custom module. */
  fileOf(name: string): string | undefined {
    return this.#paths.get(name)?.[0]
  }

  #load(name: string, paths: readonly string[]): Module {
    const own = super.get(name)
    const [path = '', second] = paths
    if (own !== undefined || second !== undefined) {
      const other = second === undefined ? 'a module of gpuplay' : `the module in ${second}`
      this.problems.push(problem('invalid-module', `${path} has the name of ${other}`, { hint: 'rename it' }))
      return own ?? placeholder(name)
    }
    const { module, problems } = loadCustomModule(path, name, this.#files)
    this.problems.push(...problems)
    return module === undefined ? placeholder(name) : this.#wrap(module)
  }
}

/** Takes the place of an invalid module, so that its tasks cause no further mistakes. */
function placeholder(name: string): Module {
  const anything = { type: 'object', additionalProperties: true } as const
  return {
    name,
    summary: 'Cannot be read.',
    args: anything,
    result: anything,
    probe: () => Promise.reject(new Error(`${name} was loaded with mistakes`)),
    plan: () => ({ actions: [], diffs: [], warnings: [] }),
  }
}

/** The files that may be modules, by the names of the modules. */
function customPaths({ playbooks, rolesPaths, files }: CustomPlaces): ReadonlyMap<string, readonly string[]> {
  const beside = [...new Set(playbooks.map(dirname))]
  const roles = new Set([
    ...beside.flatMap((folder) => [join(folder, 'roles'), join(folder, '..', 'roles')]),
    ...rolesPaths,
  ])
  const folders = [...beside, ...[...roles].flatMap((folder) => below(folder, files))]
  const paths = new Map<string, string[]>()
  for (const folder of new Set(folders.map((each) => join(each, 'modules')))) {
    for (const path of below(folder, files)) {
      const name = customModuleName(path)
      if (name !== undefined && files.kind(path) === 'file')
        paths.set(name, [...(paths.get(name) ?? []), path])
    }
  }
  return paths
}

/** `modules/gpu-clock.ts` is `gpu_clock`; undefined for a file that is no module. */
export function customModuleName(path: string): string | undefined {
  const [, stem] = /(?:^|\/)([a-z][a-z0-9_-]*)\.ts$/.exec(path) ?? []
  return stem?.replaceAll('-', '_')
}

function below(folder: string, files: Files): readonly string[] {
  if (files.kind(folder) !== 'directory') return []
  const found = files.list(folder)
  return found.kind === 'names' ? found.names.map((name) => join(folder, name)) : []
}
