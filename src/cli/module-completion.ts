/** Completes names of modules on the command line. */
import type { Context } from './context.ts'

/** Also completes custom modules, without running their code. */
async function complete(this: Context): Promise<readonly string[]> {
  const { projectModules } = await import('./project-modules.ts')
  return [...projectModules(this).keys()]
}

export const moduleCompletion = complete
