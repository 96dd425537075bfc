/**
 * The one list of programs that `ask` may run, each with the arguments that it may have and what its answer rests on.
 *
 * A program belongs here only if it changes nothing that a person would call a change, caches included: `apt-get -s` and `apt-cache` rewrite
 * `/var/cache/apt/*.bin` as root unless told not to, so they are told (`adds`); `nvidia-smi` loads modules and makes nodes, so it is guarded
 * (`queries/ask.ts`). Arguments that are not named here are refused: a new option of a program is never allowed by accident.
 *
 * Modules ask most of these. The others tell what a `command` with `reads: true` looks at, which would else be everything.
 */
import { given } from '../base/given.ts'
import { fits, type Shape } from './program-shape.ts'
import type { ResourcePattern } from './resource.ts'

export interface ReadOnlyProgram {
  /** What is run instead of what was asked, where the program needs to be told not to write. */
  readonly argv?: readonly string[]
  readonly reads: readonly ResourcePattern[]
  readonly guard?: 'nvidia'
}

interface Rule extends Shape {
  readonly reads: readonly ResourcePattern[] | ((args: readonly string[]) => readonly ResourcePattern[])
  /** Put before the arguments. */
  readonly adds?: readonly string[]
  readonly guard?: 'nvidia'
}

/** What running this would read; undefined when it is not known to be read-only. */
export function readOnlyProgram(argv: readonly string[]): ReadOnlyProgram | undefined {
  const [program = '', ...args] = argv
  const name = systemProgram.exec(program)?.[1]
  if (name === undefined || !Object.hasOwn(rules, name)) return undefined
  const rule = rules[name]
  if (rule === undefined || !fits(args, rule)) return undefined
  const own: readonly ResourcePattern[] = [
    `command:${name}`,
    ...(program.startsWith('/') ? [`file:${program}` as const] : []),
  ]
  const { reads, adds, guard } = rule
  return {
    reads: [...own, ...(typeof reads === 'function' ? reads(args) : reads)],
    ...(adds === undefined ? {} : { argv: [program, ...adds, ...args] }),
    ...given({ guard }),
  }
}

/** A name to be found on PATH, or a path to where only root installs programs. */
const systemProgram = /^(?:(?:\/usr(?:\/local(?:\/cuda-[0-9.]+)?)?)?\/s?bin\/)?([a-z][a-z0-9-]*)$/

function files(args: readonly string[]): readonly ResourcePattern[] {
  return args.filter((arg) => arg.startsWith('/')).map((arg): ResourcePattern => `file:${arg}`)
}

function filesBelow(args: readonly string[]): readonly ResourcePattern[] {
  return args.filter((arg) => arg.startsWith('/')).map((arg): ResourcePattern => `file:${arg}*`)
}

const apt: readonly ResourcePattern[] = ['package:*', 'file:/etc/apt/*', 'file:/var/lib/apt/*']
const noAptCaches = ['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache=']

const rules: Readonly<Record<string, Rule>> = {
  // Packages
  'dpkg-query': { flags: ['-W'], valued: ['-f'], operands: 'words', reads: ['package:*'] },
  dpkg: { flags: ['--print-architecture'], reads: ['package:*'] },
  'apt-cache': { verbs: ['policy', 'pkgnames'], operands: 'words', adds: noAptCaches, reads: apt },
  'apt-get': {
    // The simulation comes first and has no second option that could take it back.
    verbs: ['-s'],
    flags: ['-y', '--install-recommends', '--no-install-recommends', '--allow-downgrades', '--reinstall'],
    // `update` fetches lists and `source` files, simulated or not.
    commands: ['install', 'upgrade', 'dist-upgrade', 'remove', 'purge', 'autoremove'],
    operands: 'words',
    adds: noAptCaches,
    reads: apt,
  },
  dkms: {
    verbs: ['status'],
    valued: ['-m'],
    reads: ['package:*', 'file:/var/lib/dkms/*', 'file:/lib/modules/*', 'file:/usr/src/*'],
  },
  // Kernel and hardware
  uname: { flags: ['-a', '-m', '-r', '-s', '-v'], reads: ['kernel:'] },
  modinfo: {
    valued: ['-k', '-F'],
    operands: 'words',
    reads: ['file:/lib/modules/*', 'file:/usr/lib/modules/*', 'kernel:'],
  },
  mokutil: { valued: ['--test-key'], reads: ['file:/sys/firmware/efi/*'] },
  'nvidia-smi': {
    flags: ['-L', /^--query-[a-z-]+=[\w.,]+$/, /^--format=[a-z,]+$/],
    guard: 'nvidia',
    reads: ['kernelModule:nvidia*', 'file:/dev/nvidia*', 'command:nvidia-smi', 'file:/usr/lib/*'],
  },
  nvcc: { verbs: ['--version'], reads: ['file:/usr/local/cuda*', 'package:*'] },
  'systemd-detect-virt': { reads: [] },
  nproc: { reads: [] },
  lsblk: { valued: ['-bndo'], operands: 'paths', reads: ['file:/dev/*'] },
  // Proxmox VE
  pveversion: { reads: ['package:*', 'kernel:'] },
  pvecm: { verbs: ['status'], reads: ['unit:corosync*', 'unit:pve*', 'file:/etc/pve/corosync.conf'] },
  ceph: { verbs: ['health'], reads: ['unit:ceph*'] },
  // systemd
  systemctl: {
    verbs: ['is-active', 'is-enabled', 'is-failed', 'is-system-running', 'show'],
    flags: ['--value'],
    valued: ['-p'],
    operands: 'words',
    reads: ['unit:*', 'file:/etc/systemd/*'],
  },
  // Files and the system
  cat: { operands: 'paths', reads: files },
  head: { valued: ['-c', '-n'], operands: 'paths', reads: files },
  ls: { flags: ['-1', '-a', '-A', '-l', '-la', '-d'], operands: 'paths', reads: filesBelow },
  grep: { valued: ['-lsxF', '-c', '-e', '-q', '-qF', '-qxF'], operands: 'paths', reads: filesBelow },
  find: {
    valued: ['-maxdepth', '-name', '-newer', '-newermt', '-type'],
    operands: 'paths',
    reads: filesBelow,
  },
  test: {
    valued: ['-d', '-e', '-f', '-L', '-r', '-s', '-x'],
    reads: files,
  },
  readlink: { flags: ['-e', '-f', '-m'], operands: 'paths', reads: filesBelow },
  stat: { flags: ['-L'], valued: ['-c'], operands: 'paths', reads: files },
  sha256sum: { operands: 'paths', reads: files },
  getent: { verbs: ['passwd', 'group'], operands: 'words', reads: ['file:/etc/passwd', 'file:/etc/group'] },
  id: {
    flags: ['-u', '-g', '-un', '-gn'],
    operands: 'words',
    reads: ['file:/etc/passwd', 'file:/etc/group'],
  },
  hostname: {
    flags: ['-f', '-s', '-d', '-i', '-I', '-A', '--fqdn', '--short'],
    reads: ['file:/etc/hostname', 'file:/etc/hosts'],
  },
}
