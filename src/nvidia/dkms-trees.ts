/** The driver's module sources that DKMS builds for every kernel, below /var/lib/dkms. */
import type { Host } from '../host/host.ts'

/** A module with its sources, as DKMS names it: `nvidia/580.95.05`, `nvidia-current/535.261.03`. */
export interface DkmsModule {
  readonly name: string
  readonly version: string
}

/**
 * Names of the driver's module files: NVIDIA's, and those of Debian's packages, which an `install` line of
 * modprobe.d loads as `nvidia` (nvidia-kernel-support and nvidia-open-kernel-support of Debian).
 */
export const moduleFileNames = ['nvidia', 'nvidia-current', 'nvidia-current-open'] as const

/** The file that contains the module `nvidia` of a tree: Debian's have the name of the tree. */
export function moduleFileOf({ name }: DkmsModule): (typeof moduleFileNames)[number] {
  return moduleFileNames.find((file) => file === name) ?? 'nvidia'
}

/** Where the compiler's output is while DKMS builds a module, and after that has failed. */
export function buildOutput({ name, version }: DkmsModule): string {
  return `${root}/${name}/${version}/build/make.log`
}

export interface DkmsTree extends DkmsModule {
  readonly path: string
  /** Whether the sources are there. Without them, dkms refuses to remove the tree (dkms 3, `is_module_broken`). */
  readonly whole: boolean
  /** Where its modules are installed. Read only if the tree is not whole. */
  readonly installed: readonly DkmsInstallation[]
}

/** The modules of a tree in one kernel. */
export interface DkmsInstallation {
  readonly kernel: string
  /** DKMS's link from the kernel to the build. */
  readonly link: string
  readonly files: readonly string[]
}

const root = '/var/lib/dkms'
/** `nvidia` (NVIDIA, Ubuntu), `nvidia-current`, `nvidia-tesla-470` (Debian), `nvidia-srv`; not `nvidia-fs`. */
const driverTree = /^nvidia(?:-(?:current|open|tesla|legacy|srv|\d)[a-z0-9.-]*)?$/
const versionName = /^\d+\.[0-9A-Za-z.+~-]*$/

/** @throws UnknownError, HostError */
export async function readDkmsTrees(host: Host): Promise<readonly DkmsTree[]> {
  const names = ((await host.list(root)) ?? []).filter((name) => driverTree.test(name))
  const versions = await Promise.all(
    names.map(async (name) => {
      const inside = (await host.list(`${root}/${name}`)) ?? []
      return inside.filter((entry) => versionName.test(entry)).map((version) => ({ name, version }))
    }),
  )
  return Promise.all(versions.flat().map((tree) => readTree(tree, host)))
}

async function readTree({ name, version }: DkmsModule, host: Host): Promise<DkmsTree> {
  const path = `${root}/${name}/${version}`
  const whole = (await host.stat(`${path}/source/dkms.conf`, { follow: true })) !== undefined
  return { name, version, path, whole, installed: whole ? [] : await readInstalled(name, version, host) }
}

async function readInstalled(
  name: string,
  version: string,
  host: Host,
): Promise<readonly DkmsInstallation[]> {
  const directory = `${root}/${name}`
  const links = ((await host.list(directory)) ?? []).filter((entry) => entry.startsWith('kernel-'))
  const builds = await Promise.all(
    links.map(async (entry) => {
      const link = `${directory}/${entry}`
      const target = (await host.stat(link))?.target ?? ''
      const [, kernel] = /^[^/]+\/([A-Za-z0-9][A-Za-z0-9.+~_-]*)\/[A-Za-z0-9_-]+$/.exec(target) ?? []
      if (kernel === undefined || !target.startsWith(`${version}/`)) return []
      const modules = (await host.list(`${directory}/${target}/module`)) ?? []
      const files = modules
        .filter((file) => /^[A-Za-z0-9_-]+\.ko(?:\.\w+)?$/.test(file))
        .map((file) => `/lib/modules/${kernel}/updates/dkms/${file}`)
      return [{ kernel, link, files }]
    }),
  )
  return builds.flat()
}
