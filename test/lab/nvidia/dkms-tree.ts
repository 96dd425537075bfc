/** The tree of dkms: which modules are added, built and installed, and `dkms status`. */
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { type Module, type Request, dkmsVersion } from './dkms-request.ts'
import { exists, namesIn, textOf } from './system.ts'
import { atLeast } from './version.ts'

export const tree = '/var/lib/dkms'
export const arch = 'x86_64'

export function modules(): readonly Module[] {
  return namesIn(tree).flatMap((name) =>
    namesIn(`${tree}/${name}`)
      .map((version) => ({ name, version }))
      .filter((module) => isAdded(module)),
  )
}

/** Also true after the sources in /usr/src were removed: the link to them remains. */
export function isAdded({ name, version }: Module): boolean {
  return lstatSync(`${tree}/${name}/${version}/source`, { throwIfNoEntry: false }) !== undefined
}

/** Kernels for which a module is built. */
export function builtKernels({ name, version }: Module): readonly string[] {
  return namesIn(`${tree}/${name}/${version}`).filter((kernel) => isBuilt({ name, version }, kernel))
}

export function isBuilt({ name, version }: Module, kernel: string): boolean {
  return exists(`${tree}/${name}/${version}/${kernel}/${arch}/module`)
}

/** The link to the build that is installed for a kernel. */
export function linkOf(name: string, kernel: string): string {
  return `${tree}/${name}/kernel-${kernel}-${arch}`
}

export function isInstalled({ name, version }: Module, kernel: string): boolean {
  try {
    return readlinkSync(linkOf(name, kernel)) === `${version}/${kernel}/${arch}`
  } catch {
    return false
  }
}

export function moduleNames({ name, version }: Module): readonly string[] {
  const config = textOf(`/usr/src/${name}-${version}/dkms.conf`) ?? ''
  const names = [...config.matchAll(/^BUILT_MODULE_NAME\[[0-9]+\]="?([^"\n]*)"?$/gm)].map(
    (match) => match[1] ?? '',
  )
  return names.length > 0 ? names : [name]
}

/** Up to 2.8 a comma follows the module's name, since 3.0 a slash (`do_status` of the versions). */
export function status({ module, kernel, kernelGiven = false }: Request): number {
  const separator = atLeast(dkmsVersion(), '3') ? '/' : ', '
  for (const one of modules()) {
    if (module !== undefined && module.name !== one.name) continue
    if (module !== undefined && module.version !== '' && module.version !== one.version) continue
    const title = `${one.name}${separator}${one.version}`
    const kernels = builtKernels(one).filter((built) => !kernelGiven || built === kernel)
    if (kernels.length === 0) process.stdout.write(`${title}: added\n`)
    for (const built of kernels) {
      const state = isInstalled(one, built) ? `installed${differences(one, built)}` : 'built'
      process.stdout.write(`${title}, ${built}, ${arch}: ${state}\n`)
    }
  }
  return 0
}

/**
 * The remark of each version about a module file that differs from the built one
 * (`module_status_built_extra`).
 */
function differences({ name, version }: Module, kernel: string): string {
  const differing = moduleNames({ name, version }).filter((one) => {
    const installed = `/lib/modules/${kernel}/updates/dkms/${one}.ko`
    const built = `${tree}/${name}/${version}/${kernel}/${arch}/module/${one}.ko`
    return !exists(installed) || !exists(built) || !readFileSync(installed).equals(readFileSync(built))
  })
  if (differing.length === 0) return ''
  return atLeast(dkmsVersion(), '3.1')
    ? ' (Differences between built and installed modules)'
    : ' (WARNING! Diff between built and installed module!)'.repeat(differing.length)
}
