/** The type of the kernel modules that are loaded. */
import { isUnknown, knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import { installedModuleType, type ModuleType } from './installer.ts'
import { parseModuleType, versionFile } from './proc.ts'

/** Undefined if no driver is loaded, or a dry run cannot know. */
export async function readLoadedType(host: Host): Promise<ModuleType | undefined> {
  const text = await host.maybe(host.text(versionFile))
  return parseModuleType(knownOr(text, undefined) ?? '')
}

/**
 * The type of the loaded modules if another type is wanted, and the running kernel has modules of that type. `wanted`
 * undefined: any type.
 */
export async function readReplacedType(
  host: Host,
  wanted: ModuleType | undefined,
): Promise<ModuleType | undefined> {
  if (wanted === undefined) return undefined
  const [loaded, kernel] = await Promise.all([readLoadedType(host), host.maybe(host.kernel())])
  if (loaded === undefined || loaded === wanted || isUnknown(kernel)) return undefined
  const installed = await host.maybe(host.ask(installedModuleType({ kernel: kernel.release })))
  // Unknown in a dry run that installs the wanted type first.
  return isUnknown(installed) || installed === wanted ? loaded : undefined
}
