/** Module files of the lab, their dependencies, and the configuration in modprobe.d. */
import { namesIn, textOf } from './system.ts'
import { readdirSync } from 'node:fs'

/** The kernel's spelling: it reads `-` as `_`. */
export function normalName(name: string): string {
  return name.replaceAll('-', '_')
}

const dependencies: Readonly<Record<string, readonly string[]>> = {
  nvidia_uvm: ['nvidia'],
  nvidia_modeset: ['nvidia'],
  nvidia_drm: ['nvidia_modeset'],
  nvidia_peermem: ['nvidia'],
  vfio_pci: ['vfio'],
}

/** Modules that must be loaded before this one. */
export function moduleDependencies(name: string): readonly string[] {
  return dependencies[name] ?? []
}

/** Reads module files (`moduleFile` of hardware.ts writes them). */
export const findModule = {
  /** As depmod does, prefers updates/ to the kernel's own directory. */
  file(release: string, name: string): string | undefined {
    const files = moduleFiles(release).filter(
      (file) => normalName(file.replace(/^.*\//, '').replace(/\.ko$/, '')) === name,
    )
    return files.find((file) => file.includes('/updates/')) ?? files[0]
  },
  version(file: string): string {
    return findModule.field(file, 'version')
  },
  license(file: string): string {
    return findModule.field(file, 'license')
  },
  field(file: string, field: string): string {
    return new RegExp(`^${field}=(.*)$`, 'm').exec(textOf(file) ?? '')?.[1] ?? ''
  },
}

/** All module files of a kernel. */
export function moduleFiles(release: string): readonly string[] {
  const root = `/lib/modules/${release}`
  if (namesIn(root).length === 0) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && entry.name.endsWith('.ko') && !entry.parentPath.startsWith(`${root}/build`),
    )
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted()
}

export interface ModprobeConfig {
  /** Not loaded for a device; still loaded by name. */
  readonly blacklist: ReadonlySet<string>
  /** `install NAME COMMAND`: runs the command instead of loading the module. */
  readonly install: ReadonlyMap<string, string>
  readonly softBefore: ReadonlyMap<string, readonly string[]>
  readonly softAfter: ReadonlyMap<string, readonly string[]>
}

/** All of modprobe.d as one text: a name in an earlier directory hides the same name in a later one. */
export function modprobeText(): string {
  const files = new Map<string, string>()
  for (const directory of [
    '/etc/modprobe.d',
    '/run/modprobe.d',
    '/usr/local/lib/modprobe.d',
    '/usr/lib/modprobe.d',
  ]) {
    for (const name of namesIn(directory)) {
      if (name.endsWith('.conf') && !files.has(name)) files.set(name, textOf(`${directory}/${name}`) ?? '')
    }
  }
  return [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, text]) => `${text}\n`)
    .join('')
}

/** @see modprobe.d(5) */
export function parseModprobe(text: string): ModprobeConfig {
  const blacklist = new Set<string>()
  const install = new Map<string, string>()
  const softBefore = new Map<string, readonly string[]>()
  const softAfter = new Map<string, readonly string[]>()
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    const [command = '', name = '', ...rest] = line.trim().split(/\s+/)
    const module = normalName(name)
    if (command === 'blacklist') blacklist.add(module)
    if (command === 'install') install.set(module, rest.join(' '))
    if (command !== 'softdep') continue
    const soft = rest.join(' ')
    softBefore.set(module, words(/pre:([^:]*?)(?:post:|$)/.exec(soft)?.[1]))
    softAfter.set(module, words(/post:([^:]*?)(?:pre:|$)/.exec(soft)?.[1]))
  }
  return { blacklist, install, softBefore, softAfter }
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(normalName)
}
