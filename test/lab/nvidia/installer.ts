/**
 * Stand-in of nvidia-installer: the options, checks, messages, files and exit statuses of the real one
 * (590.48.01, and older ones where they differ). Arguments: its version, the name by which it was called,
 * then the command line. /etc/lab/installer-seconds sets the duration of an installation, for tests that
 * interrupt it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Installation, installedVersion, isSane, uninstall } from './installed.ts'
import { Messages } from './installer-messages.ts'
import { type Asked, readOptions } from './installer-options.ts'
import {
  type ModulePlan,
  type BuiltModules,
  buildModules,
  loadModules,
  moduleFiles,
  planModules,
  registerWithDkms,
  removeFromDkms,
} from './installer-modules.ts'
import { type PackageFile, readManifest, soname } from './manifest.ts'
import { Exit, exists, isRoot, run, runMain, textOf, which } from './system.ts'

const product = 'NVIDIA Accelerated Graphics Driver for Linux-x86_64'
const library = '/usr/lib/x86_64-linux-gnu'

function main([version = '', self = '', ...argv]: readonly string[]): number {
  const read = readOptions(version, argv)
  if (!('asked' in read)) {
    const problem =
      'unrecognized' in read
        ? `unrecognized option: "${read.unrecognized}"`
        : `option "${read.missingValue}" requires an argument.`
    const help = 'ERROR: Invalid commandline, please run `./nvidia-installer --help` for usage information.'
    throw new Exit(1, `\n${self}: ${problem}\n\n${help}\n`)
  }
  const { asked } = read
  const told = tell(version, asked)
  if (told !== undefined) return told
  if (!isRoot()) throw new Exit(1, '\nERROR: nvidia-installer must be run as root\n')
  if (asked.has('uninstall') || self.endsWith('nvidia-uninstall'))
    return uninstallDriver(version, asked, argv)
  const messages = new Messages(logFile(asked), asked.has('silent'), version, argv)
  try {
    return install(version, asked, dirname(self), messages)
  } catch (error) {
    if (error instanceof Exit) throw error
    throw messages.fail(error instanceof Error ? error.message : String(error))
  }
}

/** Options that only print something. */
function tell(version: string, asked: Asked): number | undefined {
  if (asked.has('version') || asked.has('help') || asked.has('advanced-options')) {
    process.stdout.write(
      `\nnvidia-installer:  version ${version}\n  The NVIDIA Software Installer for Unix/Linux.\n\n`,
    )
    if (!asked.has('version'))
      process.stdout.write(
        '  This program is used to install, upgrade and uninstall The NVIDIA Accelerated Graphics Driver Set for Linux-x86_64.\n\n\nnvidia-installer [options]\n\n',
      )
    return 0
  }
  if (asked.has('driver-info')) {
    const installed = installedVersion()
    process.stdout.write(
      installed === undefined
        ? '\nThere is no NVIDIA driver currently installed.\n\n'
        : `\nThe currently installed driver is: '${product}' (version: ${installed}).\n\n`,
    )
    return installed === undefined ? 1 : 0
  }
  if (asked.has('sanity')) return installedVersion() !== undefined && isSane() ? 0 : 1
  if (asked.has('print-recommended-kernel-module-type')) {
    process.stdout.write('open\n')
    return 0
  }
  return undefined
}

function install(version: string, asked: Asked, source: string, messages: Messages): number {
  const manifest = readManifest(source)
  if (manifest === undefined) throw messages.fail('Unable to open the package manifest file.')
  requireTools(messages, ['ldconfig', 'grep', 'dmesg', 'tail'])
  requireModuleTools(messages)
  const withModules = !asked.has('no-kernel-module') && !asked.has('no-kernel-modules')
  const modules = withModules ? planModules(version, asked, messages) : undefined
  warnWithoutGpu(messages)
  if (modules === undefined) {
    messages.warn(
      "You specified the '--no-kernel-modules' command line option, nvidia-installer will not install any kernel modules as part of this driver installation, and it will not remove existing NVIDIA kernel modules not part of an earlier NVIDIA driver installation.  Please ensure that NVIDIA kernel modules matching this driver version are installed separately.",
    )
    messages.say(
      'Not installing any kernel modules; skipping the check for already loaded NVIDIA kernel modules.',
    )
  }
  const before = installedVersion()
  if (before !== undefined) {
    messages.say(
      `There appears to already be a driver installed on your system (version: ${before}).  As part of installing this driver (version: ${version}), the existing driver will be uninstalled.  Are you sure you want to continue? (Answer: Continue installation)`,
    )
  }
  refuseAlternate(asked, messages)
  checkNouveau(asked, messages)
  takeTime()
  const built = modules === undefined ? undefined : buildModules(modules, messages)
  takeTime()
  if (before !== undefined) {
    messages.say('Running existing nvidia-uninstall')
    removeInstalled()
  }
  putFiles(version, asked, manifest.files, modules, built, source)
  takeTime()
  run('ldconfig', [])
  if (modules !== undefined && built !== undefined) {
    registerWithDkms(modules, built, messages)
    if (!built.refused) loadModules(modules, asked, messages)
  }
  messages.say(`Installation of the ${product} (version: ${version}) is now complete.`)
  return 0
}

function putFiles(
  version: string,
  asked: Asked,
  files: readonly PackageFile[],
  modules: ModulePlan | undefined,
  built: BuiltModules | undefined,
  source: string,
): void {
  const installation = new Installation(version)
  const wanted = files.filter(
    ({ type }) =>
      !(type === 'opengl' && asked.has('no-opengl-files')) &&
      !(type === 'modprobe' && asked.has('no-nvidia-modprobe')) &&
      !(type === 'systemd' && (asked.get('systemd') === false || which('systemctl') === undefined)),
  )
  for (const file of wanted) {
    installation.file(file.destination, readFileSync(`${source}/${file.name}`), file.mode)
    takeTime(0.5 / wanted.length)
    const name = /^(lib[^/]*)\.so\.[0-9.]+$/.exec(file.name)?.[1]
    if (name === undefined) continue
    installation.link(`${library}/${soname(name)}`, file.name)
    installation.link(`${library}/${name}.so`, soname(name))
  }
  const program = textOf(`${source}/nvidia-installer`) ?? ''
  installation.file('/usr/bin/nvidia-installer', program, 0o755)
  installation.link('/usr/bin/nvidia-uninstall', 'nvidia-installer')
  if (modules === undefined || built === undefined) return
  for (const { path, text } of modules.sources) installation.file(path, text, 0o644)
  if (modules.dkms) return
  for (const { name, path } of moduleFiles(modules))
    installation.file(path, readFileSync(`${built.directory}/${name}.ko`), 0o644)
}

function uninstallDriver(version: string, asked: Asked, argv: readonly string[]): number {
  if (installedVersion() === undefined) return 0
  const messages = new Messages(
    logFile(asked).replace('nvidia-installer.log', 'nvidia-uninstall.log'),
    asked.has('silent'),
    version,
    argv,
  )
  removeInstalled()
  run('ldconfig', [])
  messages.say('Uninstallation of existing driver: complete.')
  return 0
}

function removeInstalled(): void {
  const version = installedVersion() ?? ''
  removeFromDkms(version)
  uninstall()
  rmSync(`/usr/src/nvidia-${version}`, { recursive: true, force: true })
}

function requireTools(messages: Messages, tools: readonly string[]): void {
  for (const tool of tools) {
    if (which(tool) !== undefined) continue
    throw messages.fail(
      `Unable to find the system utility \`${tool}\`; please make sure you have the package that contains it installed.`,
    )
  }
}

/** The real one requires them even if it builds no module. */
function requireModuleTools(messages: Messages): void {
  for (const tool of ['modprobe', 'rmmod', 'lsmod', 'depmod']) {
    if (which(tool) !== undefined) continue
    throw messages.fail(
      `Unable to find the module utility \`${tool}\`; please make sure you have the package 'module-init-tools' or 'kmod' installed.  If you do have 'module-init-tools' or 'kmod' installed, then please check that \`${tool}\` is in your PATH.`,
    )
  }
}

function warnWithoutGpu(messages: Messages): void {
  const cards = run('/bin/sh', ['-c', 'cat /sys/bus/pci/devices/*/vendor']).stdout
  if (!cards.includes('0x10de'))
    messages.warn(
      'You do not appear to have an NVIDIA GPU supported by this NVIDIA Linux graphics driver installed in this system.',
    )
}

/** Debian's packages contain this file to block nvidia-installer. */
function refuseAlternate(asked: Asked, messages: Messages): void {
  if (asked.has('no-check-for-alternate-installs') || !exists('/usr/lib/nvidia/alternate-install-present'))
    return
  messages.warn(
    'An alternate method of installing the NVIDIA driver was detected. (This is usually a package provided by your distributor.) A driver installed via that method may integrate better with your system than a driver installed by nvidia-installer.',
  )
  messages.error(
    'The installation was canceled due to the availability or presence of an alternate driver installation. Please see /var/log/nvidia-installer.log for more details.',
  )
  throw new Exit(1)
}

/** The real one checks this even if it builds no module. */
function checkNouveau(asked: Asked, messages: Messages): void {
  if (asked.has('no-nouveau-check') || !exists('/sys/module/nouveau')) return
  messages.error(
    'The Nouveau kernel driver is currently in use by your system.  This driver is incompatible with the NVIDIA driver, and must be disabled before proceeding.',
  )
  if (asked.get('disable-nouveau') !== false) {
    for (const directory of ['/usr/lib/modprobe.d', '/etc/modprobe.d']) {
      mkdirSync(directory, { recursive: true })
      writeFileSync(
        `${directory}/nvidia-installer-disable-nouveau.conf`,
        '# generated by nvidia-installer\nblacklist nouveau\noptions nouveau modeset=0\n',
      )
    }
    messages.warn(
      'One or more modprobe configuration files to disable Nouveau have been written.  You will need to reboot your system and possibly rebuild the initramfs before these changes can take effect.',
    )
  }
  throw messages.fail('Nouveau is in use; the installation cannot continue.')
}

function logFile(asked: Asked): string {
  const given = asked.get('log-file-name')
  return typeof given === 'string' ? given : '/var/log/nvidia-installer.log'
}

/** Waits for a part of the time in /etc/lab/installer-seconds. */
function takeTime(part = 0.16): void {
  const seconds = Number(textOf('/etc/lab/installer-seconds') ?? 0)
  if (seconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000 * part)
}

runMain(main)
