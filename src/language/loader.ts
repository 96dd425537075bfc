/** The shared state of loading one playbook. */
import type { Problem } from '../base/errors.ts'
import type { JsonSchema } from './declarations.ts'
import { diskFiles, type Files } from './read-files.ts'
import type { Role } from './model.ts'
import type { ModuleSchema } from './module-schema.ts'
import type { PromptAnswers } from './prompt.ts'
import { SchemaChecker } from './schema.ts'
import { problem, type ProblemDetails } from './source.ts'
import type { TaskIdentity } from './task-identity.ts'
import { ValueReader } from './values.ts'
import type { YamlNode } from './yaml.ts'

export interface LoadOptions {
  readonly modules: ReadonlyMap<string, ModuleSchema>
  /** Folders to search for roles after the playbook's `roles` and `../roles`: the package's own. */
  readonly rolesPaths?: readonly string[]
  /** Names of playbooks that are available in addition to those in the folder. */
  readonly otherPlaybooks?: readonly string[]
  /** Names of variables from the inventory and the command line. */
  readonly variables?: Iterable<string>
  /** Names of the variables of groups and hosts that are wanted; tasks may make such groups and hosts. */
  readonly namesIn?: (wanted: (name: string) => boolean) => ReadonlySet<string>
  /** The schema of `facts`; without it, their fields are not checked. */
  readonly facts?: JsonSchema
  readonly files?: Files
  /** What the user has answered (`vars_prompt`). */
  readonly answers?: PromptAnswers
}

export class Loader {
  readonly modules: ReadonlyMap<string, ModuleSchema>
  readonly files: Files
  readonly values = new ValueReader()
  readonly schemas = new SchemaChecker()
  /** By folder, so that a role is read once. */
  readonly roles = new Map<string, LoadedRole | undefined>()
  readonly options: LoadOptions
  /** Results that invalid tasks would have registered, so that one mistake is not reported twice. */
  readonly lostResults = new Set<string>()
  /** Names of all variables that are read. */
  readonly reads = new Set<string>()
  readonly #ordinals = new Map<string, number>()

  constructor(options: LoadOptions) {
    this.options = options
    this.modules = options.modules
    this.files = options.files ?? diskFiles
  }

  get problems(): Problem[] {
    return this.values.problems
  }

  report(code: string, message: string, details: ProblemDetails): void {
    this.problems.push(problem(code, message, details))
  }

  /** Returns the identity of the next task with this name, and its text. */
  identity(id: Omit<TaskIdentity, 'ordinal'>): { readonly id: TaskIdentity; readonly key: string } {
    const parts = [id.playbook, id.play, id.role ?? '', id.file, id.name]
    const text = JSON.stringify(parts)
    const ordinal = this.#ordinals.get(text) ?? 0
    this.#ordinals.set(text, ordinal + 1)
    return { id: { ...id, ordinal }, key: JSON.stringify([...parts, ordinal]) }
  }
}

/** A role and the files of its tasks, which are read again for each use because they inherit from it. */
export interface LoadedRole {
  readonly role: Role
  readonly tasksFile: string | undefined
  readonly handlersFile: string | undefined
  /** The entries of `dependencies` in `meta/main.yml`. */
  readonly dependencies: readonly YamlNode[]
  /** Uses of the role with the same variables run again. */
  readonly allowDuplicates: boolean
}
