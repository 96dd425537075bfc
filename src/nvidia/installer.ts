/**
 * The options that the installer inside a `.run` supports, by version.
 *
 * From the option tables of NVIDIA/nvidia-installer at its tags 304.22 to 590.48.01 (`option_table.h`). The
 * installer's own `--advanced-options` is no substitute: it leaves out options that work
 * (`--no-kernel-module` has no help text), and an unknown option ends the installer with status 1 before it
 * does anything.
 */
import { atLeast } from '../base/version.ts'
import { one, oneOf, question, questionAbout } from '../host/question.ts'
import { type DkmsModule, moduleFileNames } from './dkms-trees.ts'
import { signingKey } from './secure-boot.ts'

/** The option, and the first driver version whose installer supports it. */
export const installerOptions = {
  '--silent': '304.22',
  '--uninstall': '304.22',
  '--sanity': '304.22',
  '--no-x-check': '304.22',
  '--no-nouveau-check': '304.22',
  '--no-opengl-files': '304.22',
  '--no-distro-scripts': '304.22',
  '--dkms': '304.22',
  /** Kept as an alias of `--no-kernel-modules` in every later version. */
  '--no-kernel-module': '304.22',
  '--no-nvidia-modprobe': '319.12',
  '--module-signing-secret-key': '319.12',
  '--module-signing-public-key': '319.12',
  '--no-check-for-alternate-installs': '325.08',
  '--no-install-compat32-libs': '346.16',
  '--no-drm': '375.66',
  '--no-systemd': '465.19.01',
  '--kernel-module-build-directory': '470.42.01',
  '--no-peermem': '470.86',
  '--no-kernel-modules': '515.43.04',
  /** `--dkms` became a boolean, on by default. */
  '--no-dkms': '520.56.06',
  '--allow-installation-with-running-driver': '545.23.06',
  '--no-rebuild-initramfs': '545.23.06',
  '--skip-module-load': '550.40.07',
  '--kernel-module-type': '555.42.02',
  '--print-recommended-kernel-module-type': '570.86.16',
} as const

export type InstallerOption = keyof typeof installerOptions

/** Branch 495 was cut from an older state and lacks an option that 470 has. */
const lacking: Partial<Record<InstallerOption, (version: string) => boolean>> = {
  '--no-peermem': (version) => atLeast(version, '495') && !atLeast(version, '496'),
}

export function knowsOption(version: string, option: InstallerOption): boolean {
  return atLeast(version, installerOptions[option]) && lacking[option]?.(version) !== true
}

export type ModuleType = 'open' | 'proprietary'

export interface NodeInstallation {
  readonly moduleType: ModuleType
  /** Another driver version is loaded and may be in use during the installation. */
  readonly beside: boolean
  /**
   * Sign the modules with DKMS's key. With `--silent` and without a key, the installer does not sign, and DKMS
   * takes its unsigned modules as they are (install-from-cwd.c `assisted_module_signing`).
   */
  readonly sign: boolean
}

/**
 * The options for a node: kernel modules by DKMS, no X and no OpenGL files, an initramfs that we rebuild
 * ourselves for every kernel, and no loading of modules, which is a separate step.
 */
export function nodeOptions(
  version: string,
  { moduleType, beside, sign }: NodeInstallation,
): readonly string[] {
  return [
    ...known(version, [
      '--silent',
      '--no-x-check',
      '--no-opengl-files',
      '--no-distro-scripts',
      '--dkms',
      '--no-install-compat32-libs',
      '--no-rebuild-initramfs',
      '--skip-module-load',
    ]),
    ...moduleTypeOption(version, moduleType),
    ...(sign ? signingOptions(version) : []),
    ...(beside ? known(version, ['--allow-installation-with-running-driver']) : []),
  ]
}

/**
 * The options for a container: user space only. `graphics` keeps OpenGL, EGL and Vulkan; without it, NVENC,
 * NVDEC and CUDA are still complete. The setuid helper is omitted, since it would reset the modes of the
 * container's device nodes.
 */
export function containerOptions(
  version: string,
  { graphics }: { readonly graphics: boolean },
): readonly string[] {
  return known(version, [
    '--silent',
    '--no-kernel-module',
    '--no-x-check',
    '--no-nouveau-check',
    '--no-nvidia-modprobe',
    '--no-distro-scripts',
    '--no-install-compat32-libs',
    '--no-systemd',
    '--no-drm',
    '--no-peermem',
    '--no-rebuild-initramfs',
    ...(graphics ? [] : (['--no-opengl-files'] as const)),
  ])
}

/** Before 515, there are only proprietary modules; up to 550, the build directory selects the open ones. */
function moduleTypeOption(version: string, type: ModuleType): readonly string[] {
  if (knowsOption(version, '--kernel-module-type')) return [`--kernel-module-type=${type}`]
  if (type === 'open' && knowsOption(version, '--kernel-module-build-directory'))
    return ['--kernel-module-build-directory=kernel-open']
  return []
}

/** For installers that cannot sign, DKMS builds the modules once more, and signs them. */
function signingOptions(version: string): readonly string[] {
  if (!knowsOption(version, '--module-signing-secret-key')) return []
  const { secret, certificate } = signingKey
  return [`--module-signing-secret-key=${secret}`, `--module-signing-public-key=${certificate}`]
}

function known(version: string, wanted: readonly InstallerOption[]): readonly string[] {
  return wanted.filter((option) => knowsOption(version, option))
}

/**
 * The driver version that the installer recorded in `/var/lib/nvidia/log`. The file's second line (the first,
 * in newer versions) ends with the version in parentheses. Undefined if the text is not recognized.
 */
export function installedVersion(log: string): string | undefined {
  for (const line of log.split('\n', 4)) {
    const found = /\(([0-9]+(?:\.[0-9]+)+)\)\s*$/.exec(line) ?? /^1\.0-[0-9]+ \((.+)\)/.exec(line)
    if (found?.[1] !== undefined) return found[1]
  }
  return undefined
}

/** Where the installer of a `.run` writes its output. */
export const installerOutput = '/var/log/nvidia-installer.log'

/**
 * A copy of the output of an installation that failed, if the helper has installed another driver since
 * (`roles/nvidia_host/files/nvidia-driver`).
 */
export const failedInstallerOutput = `${installerOutput}.failed`

/** The installer's records; present only on machines where a `.run` installed a driver. */
export const installerLog = '/var/lib/nvidia/log'

/** Output of `dkms status`, for `dkmsState`; undefined if DKMS is missing or prints nothing but errors. */
export const dkmsStatus = question({
  words: ['dkms', 'status'],
  reads: ['package:*', 'file:/var/lib/dkms/*', 'file:/lib/modules/*', 'file:/usr/src/*'],
  // The status is not 0 if the sources of any module are gone.
  parse: ({ code, stdout }) => (code === 0 || stdout.trim() !== '' ? stdout : undefined),
})

const kernelRelease = /[0-9][A-Za-z0-9.+~_-]*/

/** Type of the kernel module installed for a kernel; undefined if there is none. */
export const installedModuleType = questionAbout({
  words: ['modinfo', '-k', one('kernel', kernelRelease), '-F', 'license', ...moduleFileNames],
  reads: () => ['file:/lib/modules/*', 'file:/usr/lib/modules/*', 'kernel:'],
  parse: ({ stdout }): ModuleType | undefined => {
    const [license = ''] = stdout.trim().split('\n')
    if (license === '') return undefined
    return license === 'NVIDIA' ? 'proprietary' : 'open'
  },
})

/**
 * Who signed the kernel module installed for a kernel: empty if it is not signed, undefined if there is none.
 */
export const moduleSigner = questionAbout({
  words: ['modinfo', '-k', one('kernel', kernelRelease), '-F', 'signer', oneOf('file', moduleFileNames)],
  reads: () => ['file:/lib/modules/*', 'file:/usr/lib/modules/*', 'kernel:'],
  parse: ({ code, stdout }): string | undefined => (code === 0 ? stdout.trim() : undefined),
})

export type DkmsState = 'installed' | 'built' | 'added' | 'absent'

/**
 * The state of a driver for one kernel in the output of `dkms status`. Lines: `nvidia/580.95.05,
 * 6.8.12-4-pve, x86_64: installed`, in older DKMS `nvidia, 580.95.05, 6.8.12-4-pve, x86_64: installed`;
 * `nvidia/580.95.05: added` for no kernel.
 */
export function dkmsState(status: string, module: DkmsModule, kernel: string): DkmsState {
  const builds = dkmsBuilds(status, module)
  const build = builds.find((one) => one.kernel === kernel)
  return build?.state ?? (builds.length > 0 ? 'added' : 'absent')
}

/** The kernels for which DKMS has installed a driver. */
export function dkmsKernels(status: string, module: DkmsModule): readonly string[] {
  return dkmsBuilds(status, module).flatMap(({ kernel, state }) =>
    state === 'installed' && kernel !== undefined ? [kernel] : [],
  )
}

interface DkmsBuild {
  /** Undefined in a line for no kernel. */
  readonly kernel: string | undefined
  readonly state: DkmsState
}

function dkmsBuilds(status: string, { name, version }: DkmsModule): readonly DkmsBuild[] {
  return status.split('\n').flatMap((line): readonly DkmsBuild[] => {
    const found = /^([a-z0-9.-]+)(?:\/|, )([0-9.]+)(?:, ([^,:]+), [^,:]+)?: (\w+)/.exec(line.trim())
    if (found?.[1] !== name || found[2] !== version) return []
    if (found[3] === undefined) return [{ kernel: undefined, state: 'added' }]
    return [{ kernel: found[3], state: found[4] === 'installed' ? 'installed' : 'built' }]
  })
}
