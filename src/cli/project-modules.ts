/** The modules that tasks in this folder can name, without a playbook: those of gpuplay, and custom ones. */
import { join } from 'node:path'
import { ModuleTable } from '../engine/custom/custom-modules.ts'
import { diskFiles } from '../language/read-files.ts'
import { modules as catalogue } from '../modules/catalogue.ts'
import type { Context } from './context.ts'
import { rolesPaths } from './run-inputs.ts'

/** Finds custom modules as a run of a playbook in this folder or in `playbooks` does. Reads none of them yet. */
export function projectModules(context: Pick<Context, 'world' | 'shipped'>): ModuleTable {
  const { workingDirectory } = context.world
  return new ModuleTable(catalogue, {
    playbooks: ['.', 'playbooks'].map((folder) => join(workingDirectory, folder, 'site.yml')),
    rolesPaths: rolesPaths(context),
    files: diskFiles,
  })
}
