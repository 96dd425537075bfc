/**
 * Reads `module_defaults`: arguments for the tasks below that call a module. A task's own arguments win, and the
 * innermost entry for a module replaces the outer ones as a whole, as in Ansible.
 */
import type { Position } from '../base/errors.ts'
import { type FieldReader, isNothing } from './fields.ts'
import type { Loader } from './loader.ts'
import type { MapEntry } from './model.ts'
import { readDefaultArguments } from './module-arguments.ts'
import { type ModuleSchema, shortModuleName } from './module-schema.ts'
import { moduleInstead } from './other-modules.ts'
import { didYouMean } from './suggest.ts'

/** The arguments by the name of their module. */
export type ModuleDefaults = ReadonlyMap<string, ReadonlyMap<string, MapEntry>>

export function readModuleDefaults(
  loader: Loader,
  fields: FieldReader,
  outer: ModuleDefaults,
): ModuleDefaults {
  const map = fields.map('module_defaults')
  if (map === undefined) return outer
  const merged = new Map(outer)
  for (const [key, { where, value }] of map.entries) {
    const module = moduleOf(loader, key, where)
    if (module === undefined) continue
    if (isNothing(value)) merged.set(module.name, new Map())
    else if (value.kind === 'map') merged.set(module.name, readDefaultArguments(loader, value, module))
    else
      loader.report('invalid-keyword', `the defaults of "${module.name}" must be a map of arguments`, {
        where: value.where,
        hint: `write ${key}: {ARGUMENT: VALUE}`,
      })
  }
  return merged
}

function moduleOf(loader: Loader, key: string, where: Position): ModuleSchema | undefined {
  const name = shortModuleName(key)
  const module = loader.modules.get(name)
  if (module !== undefined) return module
  if (key.startsWith('group/'))
    loader.report('unknown-module', '"module_defaults" takes modules, not groups of modules', {
      where,
      hint: 'write an entry for each module',
    })
  else
    loader.report('unknown-module', `there is no module "${key}"`, {
      where,
      hint: moduleInstead(name) ?? didYouMean(name, loader.modules.keys(), 'see "gpuplay modules"'),
    })
  return undefined
}
