/**
 * The one list of programs and subcommands that `ask` may run, each with what its answer rests on.
 *
 * A program belongs here only if it changes nothing that a person would call a change, caches included: `apt-get -s` and `apt-cache` rewrite
 * `/var/cache/apt/*.bin` as root unless told not to, so they are told (`argv`); `nvidia-smi` loads modules and makes nodes, so it is guarded
 * (`queries/ask.ts`). Options that would turn a reader into a writer are refused by listing what is allowed, not what is not.
 */
import type { ResourcePattern } from './resource.ts'

export interface ReadOnlyProgram {
  /** What is run instead of what was asked, where the program needs to be told not to write. */
  readonly argv?: readonly string[]
  readonly reads: readonly ResourcePattern[]
  readonly guard?: 'nvidia'
}

type Rule = (args: readonly string[]) => ReadOnlyProgram | undefined

/** What running this would read; undefined when it is not known to be read-only. The program may be given by its full path. */
export function readOnlyProgram(argv: readonly string[]): ReadOnlyProgram | undefined {
  const [program = '', ...args] = argv
  const name = program.slice(program.lastIndexOf('/') + 1)
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
  const allowed = rule?.(args)
  if (!allowed) return undefined
  const own: readonly ResourcePattern[] = [
    `command:${name}`,
    ...(program.startsWith('/') ? [`file:${program}` as const] : []),
  ]
  return {
    ...allowed,
    ...(allowed.argv ? { argv: [program, ...allowed.argv] } : {}),
    reads: [...own, ...allowed.reads],
  }
}

function always(...reads: readonly ResourcePattern[]): Rule {
  return () => ({ reads })
}

/** Allowed when the first argument is one of these. */
function subcommands(names: readonly string[], ...reads: readonly ResourcePattern[]): Rule {
  return ([first = '']) => (names.includes(first) ? { reads } : undefined)
}

/** Allowed when no argument begins like one of these. */
function without(
  refused: readonly string[],
  reads: (args: readonly string[]) => readonly ResourcePattern[],
): Rule {
  return (args) =>
    args.some((arg) => refused.some((option) => arg === option || arg.startsWith(`${option}=`)))
      ? undefined
      : { reads: reads(args) }
}

/** Allowed when every option is one of these (`--name=value` counts by its name). */
function onlyOptions(allowed: readonly string[], ...reads: readonly ResourcePattern[]): Rule {
  return (args) =>
    args.every((arg) => !arg.startsWith('-') || allowed.includes(arg.split('=', 1)[0] ?? arg))
      ? { reads }
      : undefined
}

function files(args: readonly string[]): readonly ResourcePattern[] {
  return args.filter((arg) => arg.startsWith('/')).map((arg): ResourcePattern => `file:${arg}`)
}

function filesBelow(args: readonly string[]): readonly ResourcePattern[] {
  return args.filter((arg) => arg.startsWith('/')).map((arg): ResourcePattern => `file:${arg}*`)
}

const apt: readonly ResourcePattern[] = ['package:*', 'file:/etc/apt/*', 'file:/var/lib/apt/*']
const noAptCaches = ['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache=']
const guests: readonly ResourcePattern[] = ['container:*', 'file:/etc/pve/*']

function aptSimulation(args: readonly string[]): ReadOnlyProgram | undefined {
  const simulated = args.some((arg) => ['-s', '--simulate', '--dry-run', '--just-print'].includes(arg))
  const known = ['install', 'upgrade', 'dist-upgrade', 'full-upgrade', 'remove', 'purge', 'autoremove']
  return simulated && args.some((arg) => known.includes(arg))
    ? { argv: [...noAptCaches, ...args], reads: apt }
    : undefined
}

function nvidiaSmi(args: readonly string[]): ReadOnlyProgram | undefined {
  const options =
    /^(-L|--list-gpus|-q|--query|-x|--xml-format|-d|--display=?.*|-i|--id=?.*|--version|-h|--help|--query-[a-z-]+=.*|--format=.*)$/
  const fine = args.every(
    (arg, index) => options.test(arg) || ['-i', '-d', '--format', '--id'].includes(args[index - 1] ?? ''),
  )
  const topology = args[0] === 'topo' && args[1] === '-m'
  const instances = args[0] === 'mig' && ['-lgi', '-lgip', '-lci', '-lcip'].includes(args.at(-1) ?? '')
  return fine || topology || instances
    ? {
        guard: 'nvidia',
        reads: ['kernelModule:nvidia*', 'file:/dev/nvidia*', 'command:nvidia-smi', 'file:/usr/lib/*'],
      }
    : undefined
}

const rules: Readonly<Record<string, Rule>> = {
  // Packages
  'dpkg-query': without([], () => ['package:*']),
  dpkg: onlyOptions(
    [
      '-l',
      '--list',
      '-s',
      '--status',
      '-S',
      '--search',
      '-L',
      '--listfiles',
      '--print-architecture',
      '--print-foreign-architectures',
      '-V',
      '--verify',
      '--audit',
      '-C',
      '--get-selections',
      '--compare-versions',
      '--',
    ],
    'package:*',
  ),
  'apt-cache': (args) =>
    ['policy', 'show', 'madison', 'depends', 'rdepends', 'search', 'showpkg', 'pkgnames'].includes(
      args[0] ?? '',
    )
      ? { argv: [...noAptCaches, ...args], reads: apt }
      : undefined,
  'apt-get': aptSimulation,
  'apt-mark': subcommands(['showhold', 'showmanual', 'showauto'], 'package:*'),
  'apt-config': subcommands(['dump', 'shell'], 'file:/etc/apt/*'),
  dkms: subcommands(
    ['status', '--version'],
    'package:*',
    'file:/var/lib/dkms/*',
    'file:/lib/modules/*',
    'file:/usr/src/*',
  ),
  // Kernel and hardware
  uname: always('kernel:'),
  lspci: without(['-A', '-O', '-M'], () => ['kernelModule:*']),
  lsmod: always('kernelModule:*'),
  modinfo: without([], () => ['file:/lib/modules/*', 'file:/usr/lib/modules/*', 'kernel:']),
  mokutil: onlyOptions(
    ['--sb-state', '--list-enrolled', '-l', '--test-key', '-t'],
    'file:/sys/firmware/efi/*',
  ),
  'nvidia-smi': nvidiaSmi,
  nvcc: onlyOptions(['--version', '-V'], 'file:/usr/local/cuda*', 'package:*'),
  udevadm: (args) =>
    ['info', '--version'].includes(args[0] ?? '') && !args.some((arg) => ['-c', '--cleanup-db'].includes(arg))
      ? { reads: ['file:/dev/*', 'file:/sys/*', 'file:/etc/udev/*'] }
      : undefined,
  ldconfig: (args) =>
    args.length === 1 && ['-p', '--print-cache'].includes(args[0] ?? '')
      ? { reads: ['file:/etc/ld.so.cache', 'file:/usr/lib/*', 'file:/etc/ld.so.conf*'] }
      : undefined,
  lscpu: always(),
  'systemd-detect-virt': always(),
  nproc: always(),
  lsblk: always('file:/dev/*'),
  // Proxmox VE
  pct: subcommands(['config', 'status', 'list', 'pending', 'cpusets', 'listsnapshot'], ...guests),
  qm: subcommands(['config', 'status', 'list', 'pending', 'listsnapshot'], 'file:/etc/pve/*'),
  pveversion: always('package:*', 'kernel:'),
  pvecm: subcommands(['status', 'nodes'], 'unit:corosync*', 'unit:pve*', 'file:/etc/pve/corosync.conf'),
  pvesh: subcommands(['get', 'ls'], ...guests, 'unit:*', 'package:*'),
  pvesm: subcommands(['status', 'list', 'path'], 'file:/etc/pve/storage.cfg'),
  'ha-manager': subcommands(['status', 'config'], 'file:/etc/pve/ha/*', 'unit:pve-ha*'),
  'proxmox-boot-tool': (args) =>
    args[0] === 'status' || (args[0] === 'kernel' && args[1] === 'list')
      ? { reads: ['file:/boot/*', 'file:/etc/kernel/*', 'package:*'] }
      : undefined,
  ceph: subcommands(['health', 'status', '-s'], 'unit:ceph*'),
  'lxc-info': always('container:*'),
  // systemd
  systemctl: subcommands(
    [
      'is-active',
      'is-enabled',
      'is-failed',
      'is-system-running',
      'show',
      'status',
      'cat',
      'list-units',
      'list-unit-files',
      'list-dependencies',
      'list-jobs',
      '--failed',
      '--version',
    ],
    'unit:*',
    'file:/etc/systemd/*',
  ),
  journalctl: without(
    [
      '--vacuum-size',
      '--vacuum-time',
      '--vacuum-files',
      '--rotate',
      '--flush',
      '--sync',
      '--relinquish-var',
      '--smart-relinquish-var',
      '--setup-keys',
      '--update-catalog',
      '--cursor-file',
    ],
    () => ['unit:*'],
  ),
  // Files and the system
  cat: without([], files),
  head: without([], files),
  ls: without([], filesBelow),
  grep: without([], filesBelow),
  find: without(
    ['-delete', '-exec', '-execdir', '-ok', '-okdir', '-fprint', '-fprint0', '-fprintf', '-fls'],
    filesBelow,
  ),
  test: without([], files),
  readlink: without([], filesBelow),
  realpath: without([], filesBelow),
  stat: without([], files),
  sha256sum: without([], files),
  cmp: without([], files),
  getent: subcommands(
    ['passwd', 'group', 'hosts', 'ahosts', 'ahostsv4', 'services'],
    'file:/etc/passwd',
    'file:/etc/group',
    'file:/etc/hosts',
  ),
  id: always('file:/etc/passwd', 'file:/etc/group'),
  findmnt: always('file:/etc/fstab'),
  mountpoint: without(['-x'], files),
  df: always(),
  hostname: (args) =>
    args.every((arg) => /^-[fsdiIA]$/.test(arg) || ['--fqdn', '--short'].includes(arg))
      ? { reads: ['file:/etc/hostname', 'file:/etc/hosts'] }
      : undefined,
  nvtop: onlyOptions(['--version', '-v'], 'package:nvtop'),
}
