/**
 * The kernel modules of an installation: requirements, build, signature, test load, DKMS, load.
 * Order and texts: install-from-cwd.c, kernel.c and misc.c of nvidia-installer 590.48.01.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { moduleFile } from '../hardware.ts'
import { compile, signProgram } from './compile.ts'
import type { Messages } from './installer-messages.ts'
import type { Asked } from './installer-options.ts'
import { nodeSpec } from './node-spec.ts'
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
  /** The old modules stay loaded until the next boot. */
  readonly running: boolean
  /** The files in /usr/src. */
  readonly sources: readonly TextFile[]
  /** Text of each unsigned module. */
  readonly text: string
  /** `--skip-module-load` */
  readonly skipLoad: boolean
  readonly signing?: { readonly key: string; readonly certificate: string }
}

/** The modules of one build, in a temporary directory. */
export interface BuiltModules {
  readonly directory: string
  /** The kernel refused them although they are signed: they are installed, but not loaded. */
  readonly refused: boolean
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
  // since 520, DKMS is the default; if dkms is not installed, the installer prints no message
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
    text,
    skipLoad: asked.has('skip-module-load'),
    ...signingOptions(asked),
  }
}

/** Without both options, `--silent` answers "Install without signing" (`assisted_module_signing`). */
function signingOptions(asked: Asked): Pick<ModulePlan, 'signing'> {
  const key = stringOption(asked, 'module-signing-secret-key')
  const certificate = stringOption(asked, 'module-signing-public-key')
  return key === undefined || certificate === undefined ? {} : { signing: { key, certificate } }
}

/** False if modules stay loaded and the options allow that. */
function unloadRunning(asked: Asked, messages: Messages): boolean {
  unloadAll()
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

/** Compiles, signs if keys were given, and test-loads; an error leaves an installed driver as it is. */
export function buildModules(plan: ModulePlan, messages: Messages): BuiltModules {
  messages.say(`Building kernel modules for ${plan.release}`)
  const made = compile(plan.version, plan.release)
  messages.detail(made.log)
  if (made.status !== 0)
    throw messages.fail(
      'An error occurred while performing the step: "Building kernel modules". See /var/log/nvidia-installer.log for details.',
    )
  const directory = mkdtempSync('/tmp/nvidia-installer.')
  for (const name of moduleNames) writeFileSync(`${directory}/${name}.ko`, plan.text)
  try {
    sign(plan, directory, messages)
    return { directory, refused: testLoad(plan, directory, messages) }
  } catch (error) {
    rmSync(directory, { recursive: true })
    throw error
  }
}

function sign({ signing, release }: ModulePlan, directory: string, messages: Messages): void {
  if (signing === undefined) return
  for (const name of moduleNames) {
    const file = `${directory}/${name}.ko`
    const signed = run(signProgram(release), ['sha512', signing.key, signing.certificate, file])
    messages.detail(signed.stdout + signed.stderr)
    if (signed.status !== 0) throw messages.fail('Failed to sign kernel module.')
  }
  messages.say('Signed kernel module.')
}

/** Inserts and removes the new modules (`test_kernel_modules`). Returns whether a refusal was ignored. */
function testLoad(plan: ModulePlan, directory: string, messages: Messages): boolean {
  if (!loadsModules(plan)) return false
  for (const name of moduleNames.filter((one) => one !== 'nvidia-peermem')) {
    const inserted = run('insmod', [`${directory}/${name}.ko`])
    if (inserted.status === 0) continue
    unloadAll()
    messages.detail(inserted.stderr)
    if (isEnforcing()) {
      if (plan.signing !== undefined) {
        messages.say(
          'The signed kernel module failed to load because the kernel does not trust any key which is capable of verifying the module signature. Would you like to install the signed kernel module anyway? (Answer: Install signed kernel module)',
        )
        messages.say(`Ignoring failure to load ${name}.ko.`)
        return true
      }
      messages.error(
        'The kernel module failed to load. Secure boot is enabled on this system, so this is likely because it was not signed by a key that is trusted by the kernel. Please try installing the driver again, and sign the kernel module when prompted to do so.',
      )
    }
    throw messages.fail(unableToLoad(`${name}.ko`))
  }
  unloadAll()
  return false
}

function isEnforcing(): boolean {
  return nodeSpec().secureBoot === true
}

function unloadAll(): void {
  for (const name of unloadOrder) if (isLoaded(name)) run('rmmod', [name])
}

/** Whether the modules are for the running kernel, and no older ones stay loaded. */
function loadsModules({ running, release, skipLoad }: ModulePlan): boolean {
  return !running && !skipLoad && release === run('uname', ['-r']).stdout.trim()
}

/**
 * Gives DKMS the modules as they are (`dkms ldtarball`), and marks them as installed. A failure is a warning,
 * and the modules are installed without DKMS.
 */
export function registerWithDkms(plan: ModulePlan, built: BuiltModules, messages: Messages): void {
  if (plan.dkms) {
    messages.say('Registering the kernel modules with DKMS:')
    const work = mkdtempSync('/tmp/nvidia-dkms.')
    const tarball = packForDkms(plan, built, work)
    const registered = [
      ['ldtarball', tarball],
      ['install', '-m', 'nvidia', '-v', plan.version, '-k', plan.release],
    ].every((argv) => {
      const done = run('dkms', argv)
      messages.detail(done.stdout + done.stderr)
      return done.status === 0
    })
    rmSync(work, { recursive: true })
    if (!registered) {
      messages.warn(
        'Failed to register the NVIDIA kernel modules with DKMS. The NVIDIA kernel modules will be installed, but will not be automatically rebuilt if you change your kernel.',
      )
      for (const { name, path } of moduleFiles(plan)) {
        mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
        copyFileSync(`${built.directory}/${name}.ko`, path)
      }
    }
  }
  rmSync(built.directory, { recursive: true })
  run('depmod', [plan.release])
}

/** Where modules are installed without DKMS. */
export function moduleFiles({
  release,
}: ModulePlan): readonly { readonly name: string; readonly path: string }[] {
  return moduleNames.map((name) => ({ name, path: `/lib/modules/${release}/video/${name}.ko` }))
}

/** @see dkms_gen_tarball in misc.c */
function packForDkms(plan: ModulePlan, { directory }: BuiltModules, work: string): string {
  const modules = `${work}/root/dkms_main_tree/${plan.release}/x86_64/module`
  const sources = `${work}/root/dkms_source_tree`
  mkdirSync(sources, { recursive: true })
  cpSync(directory, modules, { recursive: true })
  for (const { path, text } of plan.sources) writeFileSync(`${sources}/${path.replace(/^.*\//, '')}`, text)
  run('tar', ['-C', `${work}/root`, '-cf', `${work}/nvidia.tar`, '.'])
  return `${work}/nvidia.tar`
}

export function removeFromDkms(version: string): void {
  if (isRoot() && which('dkms') !== undefined) run('dkms', ['remove', '-m', 'nvidia', '-v', version, '--all'])
}

export function loadModules(plan: ModulePlan, asked: Asked, messages: Messages): void {
  if (asked.get('rebuild-initramfs') === true) run('update-initramfs', ['-u', '-k', plan.release])
  if (!loadsModules(plan)) return
  const loaded = run('modprobe', ['nvidia-drm'])
  if (loaded.status === 0) return
  messages.detail(loaded.stderr)
  throw messages.fail("Unable to load the 'nvidia-drm' kernel module.")
}

function unableToLoad(file: string): string {
  return `Unable to load the kernel module '${file}'.  This happens most frequently when this kernel module was built against the wrong or improperly configured kernel sources, with a version of gcc that differs from the one used to build the target kernel, or if another driver, such as nouveau, is present and prevents the NVIDIA kernel module from obtaining ownership of the NVIDIA device(s), or no NVIDIA device installed in this system is supported by this NVIDIA Linux graphics driver release.`
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
