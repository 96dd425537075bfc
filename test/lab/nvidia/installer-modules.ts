/** The kernel modules of an installation: what must hold before, building them, DKMS, loading them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { moduleFile } from '../hardware.ts'
import type { Messages } from './installer-messages.ts'
import type { Asked } from './installer-options.ts'
import { Exit, exists, isRoot, run, which } from './system.ts'
import { atLeast } from './version.ts'

interface TextFile {
  readonly path: string
  readonly text: string
}

export interface ModulePlan {
  readonly version: string
  readonly release: string
  readonly dkms: boolean
  /** Modules that stay loaded: the new ones take over at the next boot. */
  readonly running: boolean
  /** The tree in /usr/src. */
  readonly sources: readonly TextFile[]
  /** Where modules go without DKMS. */
  readonly files: readonly TextFile[]
}

export const moduleNames = ['nvidia', 'nvidia-uvm', 'nvidia-modeset', 'nvidia-drm', 'nvidia-peermem'] as const
/** Users first. */
const unloadOrder = ['nvidia-peermem', 'nvidia-drm', 'nvidia-modeset', 'nvidia-uvm', 'nvidia'] as const

export function planModules(version: string, asked: Asked, messages: Messages): ModulePlan {
  const running = !unloadRunning(asked, messages)
  const release = stringOption(asked, 'kernel-name') ?? run('uname', ['-r']).stdout.trim()
  for (const [tool, name] of [
    ['make', 'make'],
    ['cc', 'gcc'],
  ] as const) {
    if (which(tool) !== undefined) continue
    throw messages.fail(
      `Unable to find the development tool \`${tool}\` in your path; please make sure that you have the package '${name}' installed.  If ${name} is installed on your system, then please check that \`${tool}\` is in your PATH.`,
    )
  }
  if (!exists(stringOption(asked, 'kernel-source-path') ?? `/lib/modules/${release}/build/Makefile`)) {
    throw messages.fail(
      "Unable to find the kernel source tree for the currently running kernel.  Please make sure you have installed the kernel source files for your kernel and that they are properly configured; on Red Hat Linux systems, for example, be sure you have the 'kernel-source' or 'kernel-devel' RPM installed.  If you know the correct kernel source files are installed, you may specify the kernel source path with the '--kernel-source-path' command line option.",
    )
  }
  const flavour = moduleFlavour(version, asked, messages)
  const text = moduleFile({ version, license: flavour === 'open' ? 'Dual MIT/GPL' : 'NVIDIA' })
  // since 520 it is asked for unless refused; where there is no dkms, nobody says a word
  const wantsDkms = asked.get('dkms') ?? atLeast(version, '520.56.06')
  return {
    version,
    release,
    running,
    dkms: wantsDkms === true && which('dkms') !== undefined && which('tar') !== undefined,
    sources: [
      { path: `/usr/src/nvidia-${version}/dkms.conf`, text: dkmsConf(version) },
      ...moduleNames.map((name) => ({ path: `/usr/src/nvidia-${version}/${name}.mod`, text })),
    ],
    files: moduleNames.map((name) => ({ path: `/lib/modules/${release}/video/${name}.ko`, text })),
  }
}

/** False when modules stay loaded, and that is allowed. */
function unloadRunning(asked: Asked, messages: Messages): boolean {
  for (const name of unloadOrder) if (isLoaded(name)) run('rmmod', [name])
  const left = unloadOrder.find(isLoaded)
  if (left === undefined) return true
  const text = `An NVIDIA kernel module '${left}' appears to be already loaded in your kernel.  This may be because it is in use (for example, by an X server, a CUDA program, or the NVIDIA Persistence Daemon), but this may also happen if your kernel was configured without support for module unloading.  Some of the sanity checks that nvidia-installer performs to detect potential installation problems are not possible while an NVIDIA kernel module is running.`
  if (asked.get('allow-installation-with-running-driver') !== true) throw messages.fail(text)
  messages.warn(`${text}  Please reboot your system after the installation.`)
  return false
}

function isLoaded(name: string): boolean {
  return exists(`/sys/module/${name.replaceAll('-', '_')}`)
}

function moduleFlavour(version: string, asked: Asked, messages: Messages): 'open' | 'proprietary' {
  const type = stringOption(asked, 'kernel-module-type')
  if (type !== undefined) {
    if (/^o/i.test(type)) return 'open'
    if (/^p/i.test(type)) return 'proprietary'
    messages.error(`'${type}' is not a valid kernel module type.`)
    throw new Exit(1)
  }
  const directory = stringOption(asked, 'kernel-module-build-directory')
  if (directory !== undefined) return directory.replace(/\/$/, '') === 'kernel-open' ? 'open' : 'proprietary'
  return atLeast(version, '560') ? 'open' : 'proprietary'
}

/** Compiles, and tries the result: a driver that another one keeps from its cards ends the installation here. */
export function buildModules(plan: ModulePlan, messages: Messages): void {
  messages.say(`Building kernel modules for ${plan.release}`)
  const made = run('make', ['-C', `/lib/modules/${plan.release}/build`, 'modules'])
  messages.detail(made.stdout + made.stderr)
  if (made.status !== 0)
    throw messages.fail(
      'An error occurred while performing the step: "Building kernel modules". See /var/log/nvidia-installer.log for details.',
    )
}

/** A failure is a warning, and the modules are put in place without DKMS. */
export function registerWithDkms(plan: ModulePlan, messages: Messages): void {
  if (!plan.dkms) {
    run('depmod', [plan.release])
    return
  }
  messages.say('Installing DKMS kernel module:')
  for (const step of ['add', 'build', 'install']) {
    const done = run('dkms', [
      step,
      '-m',
      'nvidia',
      '-v',
      plan.version,
      ...(step === 'add' ? [] : ['-k', plan.release]),
    ])
    messages.detail(done.stdout + done.stderr)
    if (done.status === 0) continue
    messages.warn(
      `Failed to register the NVIDIA kernel modules with DKMS. The NVIDIA kernel modules were installed, but will not be automatically rebuilt if you change your kernel.`,
    )
    for (const { path, text } of plan.files) {
      mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
      writeFileSync(path, text)
    }
    break
  }
  run('depmod', [plan.release])
}

export function removeFromDkms(version: string): void {
  if (isRoot() && which('dkms') !== undefined) run('dkms', ['remove', '-m', 'nvidia', '-v', version, '--all'])
}

export function loadModules(plan: ModulePlan, asked: Asked, messages: Messages): void {
  if (asked.get('rebuild-initramfs') === true) run('update-initramfs', ['-u', '-k', plan.release])
  if (plan.running || asked.has('skip-module-load') || plan.release !== run('uname', ['-r']).stdout.trim())
    return
  const loaded = run('modprobe', ['nvidia-drm'])
  if (loaded.status === 0) return
  messages.detail(loaded.stderr)
  throw messages.fail(
    "Unable to load the kernel module 'nvidia.ko'.  This happens most frequently when this kernel module was built against the wrong or improperly configured kernel sources, with a version of gcc that differs from the one used to build the target kernel, or if another driver, such as nouveau, is present and prevents the NVIDIA kernel module from obtaining ownership of the NVIDIA device(s), or no NVIDIA device installed in this system is supported by this NVIDIA Linux graphics driver release.",
  )
}

function stringOption(asked: Asked, name: string): string | undefined {
  const value = asked.get(name)
  return typeof value === 'string' ? value : undefined
}

function dkmsConf(version: string): string {
  const modules = moduleNames.map(
    (name, index) =>
      `BUILT_MODULE_NAME[${index}]="${name}"\nDEST_MODULE_LOCATION[${index}]="/kernel/drivers/video"\n`,
  )
  return `PACKAGE_NAME="nvidia"\nPACKAGE_VERSION="${version}"\nAUTOINSTALL="yes"\n${modules.join('')}`
}
