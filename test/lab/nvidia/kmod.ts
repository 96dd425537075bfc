/**
 * Stand-in of kmod: modprobe, rmmod, insmod, lsmod, modinfo and depmod for the lab's kernel. The first
 * argument is the name by which it was called. `recount` is an addition of the lab: it updates the reference
 * counts of modules.
 */
import { writeFileSync } from 'node:fs'
import { openers } from './device-users.ts'
import { changeKernel, insert, moduleFileFor, readKernel, remove } from './kernel.ts'
import { type KernelState, holders, isLoaded, shownDir } from './kernel-state.ts'
import { signatureOf } from './mok.ts'
import {
  type ModprobeConfig,
  findModule,
  moduleDependencies,
  moduleFiles,
  modprobeText,
  normalName,
  parseModprobe,
} from './module-files.ts'
import { Exit, isRoot, run, runMain, textOf } from './system.ts'

/** Modules that are built into the kernel. Loading them has no effect. */
const builtIn = new Set('fuse loop overlay ip_tables nf_tables tun veth bridge kvm zfs ext4'.split(' '))

export function kmod([tool = '', ...argv]: readonly string[]): number {
  switch (tool) {
    case 'modprobe':
      return modprobe(argv)
    case 'rmmod':
      return rmmod(argv)
    case 'insmod':
      return insmod(argv)
    case 'lsmod':
      return lsmod()
    case 'modinfo':
      return modinfo(argv)
    case 'depmod':
      return depmod(argv)
    case 'recount':
      changeKernel(() => {})
      return 0
    default:
      throw new Exit(1, `kmod: no stand-in for '${tool}'`)
  }
}

interface ModprobeOptions {
  readonly remove: boolean
  readonly quiet: boolean
  readonly dryRun: boolean
  /** Skips blacklisted modules, as for a request by the kernel. */
  readonly useBlacklist: boolean
  readonly names: readonly string[]
}

function modprobe(argv: readonly string[]): number {
  const options = modprobeOptions(argv)
  const config = parseModprobe(modprobeText())
  if (options.names.length === 0) throw new Exit(1, 'modprobe: ERROR: missing parameters. See -h.')
  if (!isRoot() && !options.dryRun) {
    const [name = ''] = options.names
    throw new Exit(
      1,
      `modprobe: ERROR: could not ${options.remove ? 'remove' : 'insert'} '${normalName(name)}': Operation not permitted`,
    )
  }
  const attempt = (state: KernelState): string | undefined => {
    for (const name of options.names.map(normalName)) {
      if (options.useBlacklist && config.blacklist.has(name)) continue
      const problem = options.remove ? unload(state, name) : load(state, config, name, options)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  const problem = options.dryRun ? attempt(readKernel()) : changeKernel(attempt)
  if (problem === undefined) return 0
  throw new Exit(1, options.quiet ? '' : problem)
}

function modprobeOptions(argv: readonly string[]): ModprobeOptions {
  const flags = new Set<string>()
  const names: string[] = []
  let all = false
  for (const word of argv) {
    if (word.startsWith('--')) flags.add(word.slice(2))
    else if (word.startsWith('-')) for (const letter of word.slice(1)) flags.add(letter)
    else names.push(word)
  }
  const has = (...any: readonly string[]): boolean => any.some((flag) => flags.has(flag))
  if (has('a', 'all', 'r', 'remove')) all = true
  return {
    remove: has('r', 'remove'),
    quiet: has('q', 'quiet'),
    dryRun: has('n', 'dry-run', 'show', 'D', 'show-depends'),
    useBlacklist: has('b', 'use-blacklist'),
    // without -a, words after the module are its parameters
    names: all ? names : names.slice(0, 1),
  }
}

/** Loads a module with its dependencies; returns modprobe's error message. */
export function load(
  state: KernelState,
  config: ModprobeConfig,
  name: string,
  { dryRun = false } = {},
): string | undefined {
  if (isLoaded(state, name) || builtIn.has(name)) return undefined
  const command = config.install.get(name)
  const others = command === undefined ? undefined : otherModules(command)
  if (others !== undefined) {
    const install = new Map([...config.install].filter(([other]) => other !== others.ignoring))
    for (const other of others.names) {
      const problem = load(state, { ...config, install }, other, { dryRun })
      if (problem !== undefined) return problem
    }
    return undefined
  }
  if (command !== undefined) {
    const status = dryRun ? 0 : run('/bin/sh', ['-c', command]).status
    if (status === 0) return undefined
    return (
      `modprobe: ERROR: ../libkmod/libkmod-module.c:1047 command_do() Error running install command '${command}' for module ${name}: retcode ${status}\n` +
      `modprobe: ERROR: could not insert '${name}': Invalid argument`
    )
  }
  const file = moduleFileFor(state, name)
  if (file === undefined)
    return `modprobe: FATAL: Module ${name} not found in directory /lib/modules/${state.release}`
  const internal = findModule.field(file, 'name') || name
  if (isLoaded(state, internal)) return undefined
  for (const needed of [...(config.softBefore.get(name) ?? []), ...moduleDependencies(internal)]) {
    const problem = load(state, config, needed, { dryRun })
    if (problem !== undefined && moduleDependencies(internal).includes(needed))
      return problem.replaceAll(`'${needed}'`, `'${name}'`)
  }
  if (dryRun) return undefined
  const problem = insert(state, internal, file)
  if (problem !== undefined) return `modprobe: ERROR: could not insert '${name}': ${problem}`
  for (const after of config.softAfter.get(name) ?? []) load(state, config, after)
  return undefined
}

/**
 * The modules that an `install` line loads instead, if it consists of `modprobe` alone (Debian's driver
 * packages: `install nvidia-uvm modprobe nvidia ; modprobe -i nvidia-current-uvm $CMDLINE_OPTS`).
 */
function otherModules(
  command: string,
): { readonly names: readonly string[]; readonly ignoring: string } | undefined {
  const parts = command
    .split(';')
    .map((part) => /^modprobe( -i)? ([\w-]+)( \$CMDLINE_OPTS)?$/.exec(part.trim()))
  const names = parts.map((part) => normalName(part?.[2] ?? ''))
  return names.includes('') ? undefined : { names, ignoring: names.at(-1) ?? '' }
}

function unload(state: KernelState, name: string): string | undefined {
  if (!isLoaded(state, name)) {
    if (builtIn.has(name)) return `modprobe: FATAL: Module ${name} is builtin.`
    return moduleFileFor(state, name) === undefined ? `modprobe: FATAL: Module ${name} not found.` : undefined
  }
  if (holders(state, name).length + openers(name) > 0) return `modprobe: FATAL: Module ${name} is in use.`
  remove(state, name)
  // also removes dependencies that no other module uses
  for (const needed of moduleDependencies(name))
    if (holders(state, needed).length + openers(needed) === 0) remove(state, needed)
  return undefined
}

function rmmod(argv: readonly string[]): number {
  for (const word of argv.filter((argument) => !argument.startsWith('-'))) {
    const name = normalName(word)
    changeKernel((state) => {
      const failed = (why: string): Exit => new Exit(1, `rmmod: ERROR: ${why}`)
      if (!isLoaded(state, name)) throw failed(`Module ${name} is not currently loaded`)
      const users = holders(state, name)
      if (users.length > 0) throw failed(`Module ${name} is in use by: ${users.join(' ')}`)
      if (openers(name) > 0) throw failed(`Module ${name} is in use`)
      remove(state, name)
    })
  }
  return 0
}

function insmod([file = '']: readonly string[]): number {
  const name = normalName(file.replace(/^.*\//, '').replace(/\.ko$/, ''))
  changeKernel((state) => {
    const failed = (what: string): Exit => new Exit(1, `insmod: ERROR: ${what}`)
    if (textOf(file) === undefined) throw failed(`could not load module ${file}: No such file or directory`)
    if (isLoaded(state, name)) throw failed(`could not insert module ${file}: File exists`)
    const missing = moduleDependencies(name).some((needed) => !isLoaded(state, needed))
    const problem = missing ? 'Unknown symbol in module' : insert(state, name, file)
    if (problem !== undefined) throw failed(`could not insert module ${file}: ${problem}`)
  })
  return 0
}

function lsmod(): number {
  process.stdout.write('Module                  Size  Used by\n')
  for (const line of (textOf(`${shownDir}/modules`) ?? '').split('\n')) {
    const [name, size = '', count = '', users = ''] = line.split(' ')
    if (name === undefined || name === '') continue
    const used = users === '-' ? '' : ` ${users.replace(/,$/, '')}`
    process.stdout.write(`${name.padEnd(19)} ${size.padStart(8)}  ${count}${used}\n`)
  }
  return 0
}

function modinfo(argv: readonly string[]): number {
  let release = readKernel().release
  let field: string | undefined
  const names: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '-k' || word === '--set-version') release = argv[++index] ?? ''
    else if (word === '-F' || word === '--field') field = argv[++index]
    else if (word.startsWith('--field=')) field = word.slice('--field='.length)
    else if (word === '-n' || word === '--filename') field = 'filename'
    else if (!word.startsWith('-')) names.push(word)
  }
  let status = 0
  for (const name of names) {
    const file = name.includes('/') ? name : findModule.file(release, normalName(name))
    if (file === undefined || textOf(file) === undefined) {
      process.stderr.write(`modinfo: ERROR: Module ${name} not found.\n`)
      status = 1
      continue
    }
    const values = [
      ['filename', file],
      ['version', findModule.version(file)],
      ['license', findModule.license(file)],
      [
        'depends',
        moduleDependencies(normalName(name))
          .map((needed) => needed.replaceAll('_', '-'))
          .join(','),
      ],
      ['name', normalName(file.replace(/^.*\//, '').replace(/\.ko$/, ''))],
      ['vermagic', `${release} SMP preempt mod_unload modversions `],
      ...signatureFields(file),
    ] as const
    for (const [key, value] of values) {
      if (field === undefined && (value !== '' || key === 'depends'))
        process.stdout.write(`${`${key}:`.padEnd(16)}${value}\n`)
      if (field === key && value !== '') process.stdout.write(`${value}\n`)
    }
  }
  return status
}

function signatureFields(file: string): readonly (readonly [string, string])[] {
  const signature = signatureOf(file)
  if (signature === undefined) return []
  return [
    ['sig_id', 'PKCS#7'],
    ['signer', signature.signer],
    ['sig_key', signature.key.toUpperCase()],
    ['sig_hashalgo', 'sha512'],
  ]
}

/** Writes the same list of modules as the real one; the lab does not read it. */
function depmod(argv: readonly string[]): number {
  const release = argv.find((word) => !word.startsWith('-')) ?? readKernel().release
  const root = `/lib/modules/${release}/`
  if (textOf(`/boot/vmlinuz-${release}`) === undefined && moduleFiles(release).length === 0) {
    throw new Exit(
      1,
      `depmod: ERROR: could not open directory /lib/modules/${release}: No such file or directory`,
    )
  }
  writeFileSync(
    `${root}modules.dep`,
    moduleFiles(release)
      .map((file) => `${file.slice(root.length)}:\n`)
      .join(''),
  )
  return 0
}

if (process.argv[1]?.endsWith('/kmod.js') === true) runMain(kmod)
