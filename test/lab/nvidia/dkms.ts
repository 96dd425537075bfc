/**
 * Stand-in of dkms: maintains /var/lib/dkms, and "builds" a module by copying NAME.mod of its source tree.
 *
 * Facts: /usr/sbin/dkms of Debian's dkms 3.0.10 and 3.2.2. A module is built, and signed, for one kernel
 * (`do_build`); it is installed for a kernel if the link `kernel-KERNEL-ARCH` points to that build
 * (`is_module_installed`). `install` does not sign modules that are already built.
 */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { compile, signProgram } from './compile.ts'
import { type Module, type Request, dkmsVersion, named, readRequest } from './dkms-request.ts'
import {
  arch,
  builtKernels,
  isAdded,
  isBuilt,
  isInstalled,
  linkOf,
  moduleNames,
  modules,
  status,
  tree,
} from './dkms-tree.ts'
import { Exit, exists, isRoot, namesIn, run, runMain, textOf } from './system.ts'
import { atLeast, compareVersions } from './version.ts'

const mokKey = `${tree}/mok.key`
const mokCertificate = `${tree}/mok.pub`

function dkms(argv: readonly string[]): number {
  const [action = '', ...rest] = argv
  if (action === '--version') {
    say(`dkms-${dkmsVersion()}`)
    return 0
  }
  const request = readRequest(rest)
  if (action === 'status') return status(request)
  if (action === 'generate_mok' && atLeast(dkmsVersion(), '3.1')) return prepareKey() ? 0 : 1
  if (!actions.has(action)) throw new Exit(1, `Error! Unknown action specified: "${action}"`)
  if (!isRoot()) throw new Exit(1, 'Error! You must be root to use this command.')
  mkdirSync(tree, { recursive: true })
  actions.get(action)?.(request)
  return 0
}

const actions: ReadonlyMap<string, (request: Request) => void> = new Map([
  ['add', (request: Request) => add(named(request))],
  ['build', (request: Request) => build(named(request), request)],
  ['install', (request: Request) => install(named(request), request)],
  ['unbuild', (request: Request) => unbuild(named(request), request.kernel)],
  ['uninstall', (request: Request) => uninstall(named(request), request.kernel)],
  ['remove', (request: Request) => remove(named(request), request)],
  ['autoinstall', (request: Request) => autoinstall(request.kernel)],
  ['ldtarball', (request: Request) => loadTarball(request)],
])

function add({ name, version }: Module): void {
  const source = `/usr/src/${name}-${version}`
  if (!exists(`${source}/dkms.conf`))
    throw new Exit(2, `Error! Could not find module source directory.\nDirectory: ${source} does not exist.`)
  const directory = `${tree}/${name}/${version}`
  if (isAdded({ name, version }))
    throw new Exit(
      3,
      `Error! DKMS tree already contains: ${name}-${version}\nYou cannot add the same module/version combo more than once.`,
    )
  mkdirSync(directory, { recursive: true })
  symlinkSync(source, `${directory}/source`)
  say(`Creating symlink ${directory}/source -> ${source}`)
}

function build(module: Module, { kernel, force }: Request): void {
  if (isBuilt(module, kernel)) {
    if (!force) return skip(module, `already built for kernel ${kernel} (${arch})`)
    unbuild(module, kernel)
  }
  doBuild(module, kernel)
}

function doBuild(module: Module, kernel: string): void {
  const { name, version } = module
  const directory = `${tree}/${name}/${version}`
  const place = `${directory}/${kernel}/${arch}`
  if (!isAdded(module)) add(module)
  if (!exists(`/lib/modules/${kernel}/build/include`))
    throw new Exit(
      1,
      `Error! Your kernel headers for kernel ${kernel} cannot be found at /lib/modules/${kernel}/build or /lib/modules/${kernel}/source.\nPlease install the linux-headers-${kernel} package or use the --kernelsourcedir option to tell DKMS where it's located.`,
    )
  const signs = prepareSigning(kernel)
  say(`\nBuilding module:\nCleaning build area...\nmake -j2 modules...`)
  const { status: made, log } = compile(version, kernel)
  mkdirSync(`${directory}/build`, { recursive: true })
  writeFileSync(
    `${directory}/build/make.log`,
    `DKMS make.log for ${name}-${version} for kernel ${kernel}\n${log}`,
  )
  if (made !== 0)
    throw new Exit(
      10,
      `Error! Bad return status for module build on kernel: ${kernel} (${arch})\nConsult ${directory}/build/make.log for more information.`,
    )
  mkdirSync(`${place}/module`, { recursive: true })
  mkdirSync(`${place}/log`, { recursive: true })
  copyFileSync(`${directory}/build/make.log`, `${place}/log/make.log`)
  for (const one of moduleNames(module)) {
    const file = `${place}/module/${one}.ko`
    copyFileSync(`/usr/src/${name}-${version}/${one}.mod`, file)
    if (!signs) continue
    say(`Signing module ${directory}/build/${one}.ko`)
    const signed = run(signProgram(kernel), ['sha512', mokKey, mokCertificate, file])
    process.stderr.write(signed.stderr)
  }
  say('Cleaning build area...')
  rmSync(`${directory}/build`, { recursive: true })
}

/** Prints the reason why a module will not be signed; a build without a signature is not an error. */
function prepareSigning(kernel: string): boolean {
  const program = signProgram(kernel)
  say(`Sign command: ${program}`)
  if (!exists(program)) {
    say(`Binary ${program} not found, modules won't be signed`)
    return false
  }
  return prepareKey()
}

function prepareKey(): boolean {
  say(`Signing key: ${mokKey}\nPublic certificate (MOK): ${mokCertificate}`)
  if (exists(mokKey) && exists(mokCertificate)) return true
  say('Certificate or key are missing, generating self signed certificate for MOK...')
  const subject = ['-subj', '/CN=DKMS module signing key']
  const files = ['-keyout', mokKey, '-outform', 'DER', '-out', mokCertificate]
  mkdirSync(tree, { recursive: true })
  run('openssl', `req -new -x509 -nodes -days 36500 -newkey rsa:2048`.split(' ').concat(subject, files))
  if (exists(mokKey)) return true
  say(`Key file ${mokKey} not found and can't be generated, modules won't be signed`)
  return false
}

function install(module: Module, { kernel, force }: Request): void {
  if (isInstalled(module, kernel)) {
    if (!force) return skip(module, `already installed on kernel ${kernel} (${arch})`)
    uninstall(module, kernel)
  }
  const { name, version } = module
  if (!isBuilt(module, kernel)) doBuild(module, kernel)
  if (!exists(`/lib/modules/${kernel}`))
    throw new Exit(
      6,
      `Error! The directory /lib/modules/${kernel} doesn't exist.\nYou cannot install a module onto a non-existant kernel.`,
    )
  const place = `/lib/modules/${kernel}/updates/dkms`
  mkdirSync(place, { recursive: true })
  for (const one of moduleNames(module)) {
    copyFileSync(`${tree}/${name}/${version}/${kernel}/${arch}/module/${one}.ko`, `${place}/${one}.ko`)
    say(
      `\n${one}.ko:\nRunning module version sanity check.\n - Original module\n   - No original module exists within this kernel\n - Installation\n   - Installing to ${place}/`,
    )
  }
  rmSync(linkOf(name, kernel), { force: true })
  symlinkSync(`${version}/${kernel}/${arch}`, linkOf(name, kernel))
  run('depmod', [kernel])
  say('depmod...')
}

function uninstall(module: Module, kernel: string): void {
  requireAdded(module)
  if (!isInstalled(module, kernel)) return
  for (const file of moduleNames(module))
    rmSync(`/lib/modules/${kernel}/updates/dkms/${file}.ko`, { force: true })
  rmSync(linkOf(module.name, kernel), { force: true })
  run('depmod', [kernel])
  say(
    `Module ${module.name}-${module.version} for kernel ${kernel} (${arch}).\nThis module version was ACTIVE for this kernel.`,
  )
}

function unbuild(module: Module, kernel: string): void {
  uninstall(module, kernel)
  rmSync(`${tree}/${module.name}/${module.version}/${kernel}`, { recursive: true, force: true })
}

function remove(module: Module, { kernel, all }: Request): void {
  requireAdded(module)
  const { name, version } = module
  for (const one of all ? builtKernels(module) : [kernel]) unbuild(module, one)
  if (builtKernels(module).length > 0) return
  rmSync(`${tree}/${name}/${version}`, { recursive: true, force: true })
  if (modules().every((other) => other.name !== name))
    rmSync(`${tree}/${name}`, { recursive: true, force: true })
  say(`Deleting module ${name}-${version} completely from the DKMS tree.`)
}

function requireAdded({ name, version }: Module): void {
  if (!isAdded({ name, version }))
    throw new Exit(3, `Error! The module/version combo: ${name}-${version} is not located in the DKMS tree.`)
}

/** For every module with AUTOINSTALL and without an installed version, installs the newest version. */
function autoinstall(kernel: string): void {
  const failed: string[] = []
  for (const name of new Set(modules().map((module) => module.name))) {
    const [newest] = modules()
      .filter((module) => module.name === name && !isInstalled(module, kernel))
      .filter((module) => wantsAutoinstall(module))
      .toSorted((a, b) => compareVersions(b.version, a.version))
    if (newest === undefined) continue
    try {
      install(newest, { kernel, all: false, force: false })
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      process.stderr.write(`${error.message}\n`)
      failed.push(name)
    }
  }
  if (failed.length > 0)
    throw new Exit(
      11,
      'Error! One or more modules failed to install during autoinstall.\nRefer to previous errors for more information.',
    )
}

/**
 * @throws Exit if the sources are missing: one such module stops `autoinstall` for all (`read_conf_or_die`)
 */
function wantsAutoinstall({ name, version }: Module): boolean {
  const file = `${tree}/${name}/${version}/source/dkms.conf`
  const text = textOf(file)
  if (text === undefined)
    throw new Exit(4, `Error! Could not locate dkms.conf file.\nFile: ${file} does not exist.`)
  return /^AUTOINSTALL="?y/im.test(text)
}

/**
 * Takes sources and built modules from an archive unchanged: it does not sign a module without a signature.
 */
function loadTarball({ archive = '', force }: Request): void {
  if (!exists(archive)) throw new Exit(2, `Error! ${archive} does not exist.`)
  const unpacked = mkdtempSync('/tmp/dkms.')
  try {
    run('tar', ['-xaf', archive, '-C', unpacked])
    const text = textOf(`${unpacked}/dkms_source_tree/dkms.conf`) ?? ''
    const field = (key: string): string => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? ''
    const module = { name: field('PACKAGE_NAME'), version: field('PACKAGE_VERSION') }
    const { name, version } = module
    if (name === '')
      throw new Exit(3, 'Error! Tarball does not appear to be a correctly formed DKMS archive.')
    if (isAdded(module) && !force) throw new Exit(8, `Error! ${name}-${version} is already added!\nAborting.`)
    say(`\nLoading tarball for ${name}-${version}`)
    cpSync(`${unpacked}/dkms_source_tree`, `/usr/src/${name}-${version}`, { recursive: true })
    for (const kernel of namesIn(`${unpacked}/dkms_main_tree`)) {
      const place = `${tree}/${name}/${version}/${kernel}/${arch}`
      say(`Loading ${place}...`)
      cpSync(`${unpacked}/dkms_main_tree/${kernel}/${arch}`, place, { recursive: true })
    }
    add(module)
  } finally {
    rmSync(unpacked, { recursive: true, force: true })
  }
}

function skip({ name, version }: Module, why: string): void {
  say(`Module ${name}/${version} ${why}, skip. You may override by specifying --force.`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

runMain(dkms)
