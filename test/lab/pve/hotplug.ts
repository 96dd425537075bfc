/** Adds a device to a running container (Proxmox VE 9). */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { properties } from '../../../src/proxmox/container-settings.ts'
import { Exit, run } from '../nvidia/system.ts'
import { deviceNumber, idMap, lxcDir } from './lxc-config.ts'

/**
 * Opens a mount of the node (open_tree, 428), enters the container's mount namespace (setns, 308) and attaches the mount
 * there (move_mount, 429). Debian 12 has no program for that.
 */
const carryMount = `
use Fcntl;
my ($source, $target, $pid) = @ARGV;
my $tree = syscall(428, -100, $source, 1);
$tree >= 0 or die "open_tree: $!\\n";
sysopen(my $space, "/proc/$pid/ns/mnt", O_RDONLY) or die "namespace: $!\\n";
syscall(308, fileno($space), 0x20000) == 0 or die "setns: $!\\n";
my $none = "";
syscall(429, $tree, $none, -100, $target, 4) == 0 or die "move_mount: $!\\n";
`

export function plugDevice(ctid: number, section: ConfigSection, value: string): void {
  const options = properties(value, 'path')
  const path = options.get('path') ?? ''
  const { type, major, minor } = deviceNumber(path)
  const { base } = idMap(section)
  const source = `${lxcDir}/${ctid}/passthrough${path}`
  mkdirSync(source.slice(0, source.lastIndexOf('/')), { recursive: true })
  if (run('mountpoint', ['-q', `${lxcDir}/${ctid}/passthrough`]).status !== 0) {
    run('mount', ['-t', 'tmpfs', '-o', 'size=8k,mode=0755', 'passthrough', `${lxcDir}/${ctid}/passthrough`])
    mkdirSync(source.slice(0, source.lastIndexOf('/')), { recursive: true })
  }
  run('mknod', [source, type, String(major), String(minor)])
  chmodSync(source, Number.parseInt(options.get('mode') ?? '0660', 8))
  chownSync(source, base + Number(options.get('uid') ?? 0), base + Number(options.get('gid') ?? 0))
  run('lxc-cgroup', ['-n', String(ctid), 'devices.allow', `${type} ${major}:${minor} rw`])
  const pid = run('lxc-info', ['-n', String(ctid), '-pH']).stdout.trim()
  // the container's own root creates the file: ids of the node are not valid in its /dev
  const makePlace = 'mkdir -p "${1%/*}" && : >>"$1"'
  run('lxc-attach', ['-n', String(ctid), '--clear-env', '--', '/bin/sh', '-c', makePlace, 'sh', path])
  const plugged = run('perl', ['-e', carryMount, source, path, pid])
  if (plugged.status !== 0) throw new Exit(1, `unable to hotplug dev: ${plugged.stderr.trimEnd()}`)
}
