/** Stand-in of dkms (3.0.10): keeps /var/lib/dkms, and "builds" a module by copying NAME.mod of its source tree. */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { Exit, exists, namesIn, run, runMain, textOf, which } from './system.ts'

const tree = '/var/lib/dkms'

interface Module {
  readonly name: string
  readonly version: string
}

interface Request {
  readonly module?: Module
  readonly kernel: string
  readonly all: boolean
}

function dkms(argv: readonly string[]): number {
  const [action = '', ...rest] = argv
  if (action === '--version') {
    process.stdout.write('dkms-3.0.10\n')
    return 0
  }
  const request = readRequest(rest)
  switch (action) {
    case 'status':
      return status(request)
    case 'add':
      return add(named(request))
    case 'build':
      return build(named(request), request.kernel)
    case 'install':
      return install(named(request), request.kernel)
    case 'remove':
      return remove(named(request), request)
    case 'autoinstall':
      return autoinstall(request.kernel)
    case 'ldtarball':
    case 'mkdriverdisk':
      return 0
    default:
      throw new Exit(1, `Error! Unknown action specified: "${action}"`)
  }
}

function readRequest(argv: readonly string[]): Request {
  let name: string | undefined
  let version: string | undefined
  let kernel = run('uname', ['-r']).stdout.trim()
  let all = false
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '-m') name = argv[++index]
    else if (word === '-v') version = argv[++index]
    else if (word === '-k' || word === '--kernelver') kernel = (argv[++index] ?? '').split('/')[0] ?? ''
    else if (word === '-a' || word === '--arch' || word === '-c') index += 1
    else if (word === '--all') all = true
    else if (!word.startsWith('-')) [name, version = version] = word.split('/')
  }
  // `-m nvidia/580.95.05` names both
  const [first, second] = (name ?? '').split('/')
  const module =
    first !== undefined && first !== '' ? { name: first, version: version ?? second ?? '' } : undefined
  return { kernel, all, ...(module === undefined ? {} : { module }) }
}

function named({ module }: Request): Module {
  if (module !== undefined && module.version !== '') return module
  throw new Exit(1, 'Error! Arguments <module> and <module-version> are not specified.')
}

function modules(): readonly Module[] {
  return namesIn(tree).flatMap((name) =>
    namesIn(`${tree}/${name}`)
      .filter((version) => /^[0-9]/.test(version))
      .map((version) => ({ name, version })),
  )
}

function kernelsOf({ name, version }: Module): readonly string[] {
  return namesIn(`${tree}/${name}/${version}`).filter((entry) => entry !== 'source')
}

function isInstalled(module: Module, kernel: string): boolean {
  return moduleNames(module).some((name) =>
    textOf(`/lib/modules/${kernel}/updates/dkms/${name}.ko`)?.includes(`version=${module.version}\n`),
  )
}

function moduleNames({ name, version }: Module): readonly string[] {
  const config = textOf(`/usr/src/${name}-${version}/dkms.conf`) ?? ''
  const names = [...config.matchAll(/^BUILT_MODULE_NAME\[[0-9]+\]="?([^"\n]*)"?$/gm)].map(
    (match) => match[1] ?? '',
  )
  return names.length > 0 ? names : [name]
}

function status({ module }: Request): number {
  for (const one of modules()) {
    if (
      module !== undefined &&
      (module.name !== one.name || (module.version !== '' && module.version !== one.version))
    )
      continue
    const kernels = kernelsOf(one)
    if (kernels.length === 0) process.stdout.write(`${one.name}/${one.version}: added\n`)
    for (const kernel of kernels) {
      process.stdout.write(
        `${one.name}/${one.version}, ${kernel}, x86_64: ${isInstalled(one, kernel) ? 'installed' : 'built'}\n`,
      )
    }
  }
  return 0
}

function add({ name, version }: Module): number {
  if (!exists(`/usr/src/${name}-${version}/dkms.conf`)) {
    throw new Exit(
      2,
      `Error! Could not find module source directory.\nDirectory: /usr/src/${name}-${version} does not exist.`,
    )
  }
  if (exists(`${tree}/${name}/${version}`)) {
    throw new Exit(
      3,
      `Error! DKMS tree already contains: ${name}-${version}\nYou cannot add the same module/version combo more than once.`,
    )
  }
  mkdirSync(`${tree}/${name}/${version}`, { recursive: true })
  process.stdout.write(
    `Creating symlink /var/lib/dkms/${name}/${version}/source -> /usr/src/${name}-${version}\n`,
  )
  return 0
}

function build(module: Module, kernel: string): number {
  const { name, version } = module
  const place = `${tree}/${name}/${version}/${kernel}/x86_64/module`
  if (!exists(`${tree}/${name}/${version}`)) add(module)
  if (!exists(`/lib/modules/${kernel}/build/Makefile`)) {
    throw new Exit(
      1,
      `Error! Your kernel headers for kernel ${kernel} cannot be found at /lib/modules/${kernel}/build or /lib/modules/${kernel}/source.\nPlease install the linux-headers-${kernel} package or use the --kernelsourcedir option to tell DKMS where it's located.`,
    )
  }
  const made =
    which('make') === undefined || which('cc') === undefined
      ? 127
      : run('make', ['-C', `/lib/modules/${kernel}/build`, 'modules']).status
  if (made !== 0)
    throw new Exit(
      10,
      `Error! Bad return status for module build on kernel: ${kernel} (x86_64)\nConsult /var/lib/dkms/${name}/${version}/build/make.log for more information.`,
    )
  mkdirSync(place, { recursive: true })
  for (const one of moduleNames(module))
    copyFileSync(`/usr/src/${name}-${version}/${one}.mod`, `${place}/${one}.ko`)
  process.stdout.write(
    `Building module:\nCleaning build area...\nmake -j2 modules...\nCleaning build area...\n`,
  )
  return 0
}

function install(module: Module, kernel: string): number {
  const { name, version } = module
  const built = `${tree}/${name}/${version}/${kernel}/x86_64/module`
  if (!exists(built)) build(module, kernel)
  const place = `/lib/modules/${kernel}/updates/dkms`
  mkdirSync(place, { recursive: true })
  for (const one of moduleNames(module)) {
    copyFileSync(`${built}/${one}.ko`, `${place}/${one}.ko`)
    process.stdout.write(
      `\n${one}.ko:\nRunning module version sanity check.\n - Original module\n   - No original module exists within this kernel\n - Installation\n   - Installing to ${place}/\n`,
    )
  }
  run('depmod', [kernel])
  process.stdout.write('depmod...\n')
  return 0
}

function remove(module: Module, { kernel, all }: Request): number {
  const { name, version } = module
  if (!exists(`${tree}/${name}/${version}`))
    throw new Exit(
      3,
      `Error! There are no instances of module: ${name}\n${version} located in the DKMS tree.`,
    )
  for (const one of all ? kernelsOf(module) : [kernel]) {
    if (isInstalled(module, one))
      for (const file of moduleNames(module))
        rmSync(`/lib/modules/${one}/updates/dkms/${file}.ko`, { force: true })
    rmSync(`${tree}/${name}/${version}/${one}`, { recursive: true, force: true })
    run('depmod', [one])
  }
  if (kernelsOf(module).length > 0) return 0
  rmSync(`${tree}/${name}/${version}`, { recursive: true, force: true })
  if (namesIn(`${tree}/${name}`).length === 0) rmSync(`${tree}/${name}`, { recursive: true, force: true })
  process.stdout.write(
    `Module ${name}-${version} for kernel ${kernel} (x86_64).\nDeleting module ${name}-${version} completely from the DKMS tree.\n`,
  )
  return 0
}

/** What the hook of a new kernel or its headers asks for. */
function autoinstall(kernel: string): number {
  for (const module of modules()) if (!isInstalled(module, kernel)) install(module, kernel)
  return 0
}

runMain(dkms)
