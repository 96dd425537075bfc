/**
 * The configuration that Proxmox writes to /var/lib/lxc/CTID/config before a start and after each `pct set`, and
 * the device nodes of `devN`, which a start creates.
 */
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { checkSetting, properties } from '../../../src/proxmox/container-settings.ts'
import { shownDir } from '../nvidia/kernel-state.ts'
import { Exit, exists, run, textOf } from '../nvidia/system.ts'
import { isOn } from './guests.ts'

export const lxcDir = '/var/lib/lxc'
/** First id of unprivileged containers on the node. */
export const idBase = 100_000

/** The files of the node's kernel in a container, and those that the stand-ins in it need. */
const fromNode = [
  `${shownDir}/driver proc/driver none bind,ro`,
  `${shownDir}/devices proc/devices none bind,ro`,
  `${shownDir}/modules proc/modules none bind,ro,optional`,
  `${shownDir}/osrelease proc/sys/kernel/osrelease none bind,ro`,
  '/run/lab/boot_id proc/sys/kernel/random/boot_id none bind,ro,optional',
  `${shownDir}/module sys/module none bind,ro`,
  `${shownDir}/pci sys/bus/pci none bind,ro`,
  '/usr/bin/uname usr/bin/uname none bind,ro',
  '/usr/lib/lab/node usr/lib/lab/node none bind,ro,create=file',
  '/usr/lib/lab/run usr/lib/lab/run none bind,ro,create=file',
  '/usr/lib/lab/js usr/lib/lab/js none bind,ro,create=dir',
]

export interface IdMap {
  /** User and group id of the container's root on the node; 0 in a privileged container. */
  readonly base: number
  readonly lines: readonly string[]
}

/**
 * Raw `lxc.idmap` lines replace the default map, and make a container unprivileged (`parse_id_maps` in
 * PVE::LXC).
 */
export function idMap(section: ConfigSection): IdMap {
  const custom = section.lxc.filter(({ key }) => key === 'lxc.idmap').map(({ value }) => value)
  if (custom.length > 0) {
    const root = custom.find((value) => /^u\s+0\s/.test(value))
    return {
      base: Number(root?.split(/\s+/)[2] ?? idBase),
      lines: custom.map((value) => `lxc.idmap = ${value}`),
    }
  }
  if (!isOn(section.settings.get('unprivileged'))) return { base: 0, lines: [] }
  return { base: idBase, lines: [`lxc.idmap = u 0 ${idBase} 65536`, `lxc.idmap = g 0 ${idBase} 65536`] }
}

/** Writes the configuration for LXC (`update_lxc_config` in PVE::LXC). @throws Exit for the first missing device */
export function writeLxcConfig(ctid: number, section: ConfigSection, devicesAllowed: boolean): void {
  mkdirSync(`${lxcDir}/${ctid}`, { recursive: true })
  writeFileSync(`${lxcDir}/${ctid}/config`, lxcConfig(ctid, section, devicesAllowed))
}

/** Proxmox's lines, then devices, then the raw lines, which override them. */
function lxcConfig(ctid: number, section: ConfigSection, devicesAllowed: boolean): string {
  const setting = (key: string): string | undefined => section.settings.get(key)
  const ids = idMap(section)
  const os = exists(`/usr/share/lxc/config/${setting('ostype') ?? ''}.common.conf`)
    ? setting('ostype')
    : 'debian'
  const features = properties(setting('features') ?? '', 'features')
  const devices = devicesAllowed ? passedDevices(ctid, section) : []
  const lines = [
    `lxc.arch = ${setting('arch') ?? 'amd64'}`,
    `lxc.include = /usr/share/lxc/config/${os ?? 'debian'}.common.conf`,
    ...(ids.lines.length > 0 ? [`lxc.include = /usr/share/lxc/config/${os ?? 'debian'}.userns.conf`] : []),
    ...ids.lines,
    ...(isOn(features.get('nesting')) ? ['lxc.include = /usr/share/lxc/config/nesting.conf'] : []),
    'lxc.apparmor.profile = unconfined',
    ...seccompLines(ctid, ids, isOn(features.get('keyctl'))),
    'lxc.monitor.unshare = 1',
    `lxc.tty.max = ${setting('tty') ?? '2'}`,
    'lxc.environment = TERM=linux',
    `lxc.uts.name = ${setting('hostname') ?? `CT${ctid}`}`,
    ...memoryLimit(setting('memory') ?? '512'),
    `lxc.rootfs.path = dir:${lxcDir}/${ctid}/rootfs`,
    ...fromNode.map((mount) => `lxc.mount.entry = ${mount} 0 0`),
    ...networkLines(ctid, section),
    ...mountPoints(section),
    ...devices.flatMap(({ rule, deny, source, target }) => [
      `lxc.cgroup2.devices.allow = ${rule}`,
      ...deny.map((denied) => `lxc.cgroup2.devices.deny = ${denied}`),
      `lxc.mount.entry = ${source} ${target} none bind,create=file 0 0`,
    ]),
    ...section.lxc.flatMap(({ key, value }) => (key === 'lxc.idmap' ? [] : [`${key} = ${value}`])),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/**
 * Without the feature keyctl, an unprivileged container has the system call refused (`make_seccomp_config` in
 * PVE::LXC).
 */
function seccompLines(ctid: number, ids: IdMap, keyctl: boolean): readonly string[] {
  if (ids.lines.length === 0) return []
  const rules = `${lxcDir}/${ctid}/rules.seccomp`
  const common = textOf('/usr/share/lxc/config/common.seccomp') ?? ''
  writeFileSync(rules, `${common}${keyctl ? '' : 'keyctl errno 38\n'}`)
  return [`lxc.seccomp.profile = ${rules}`]
}

interface PassedDevice {
  readonly options: ReadonlyMap<string, string>
  readonly numbers: ReturnType<typeof deviceNumber>
  /** `c 195:0 rw` */
  readonly rule: string
  readonly deny: readonly string[]
  /** The private node on the host. */
  readonly source: string
  /** Relative to the container's root: `dev/nvidia0`. */
  readonly target: string
}

/** All `devN`. @throws Exit for the first missing device */
function passedDevices(ctid: number, section: ConfigSection): readonly PassedDevice[] {
  const wanted = [...section.settings]
    .filter(([key]) => /^dev[0-9]+$/.test(key))
    .toSorted(([a], [b]) => Number(a.slice(3)) - Number(b.slice(3)))
  return wanted.map(([key, value]) => {
    const checked = checkSetting(key, value)
    if ('problem' in checked) throw new Exit(255, checked.problem.trimEnd())
    const options = properties(value, 'path')
    const path = options.get('path') ?? ''
    const numbers = deviceNumber(path)
    const number = `${numbers.type} ${numbers.major}:${numbers.minor}`
    const readOnly = isOn(options.get('deny-write'))
    return {
      options,
      numbers,
      rule: `${number} ${readOnly ? 'r' : 'rw'}`,
      deny: readOnly ? [`${number} w`] : [],
      source: `${passthroughDir(ctid)}${path}`,
      target: path.slice(1),
    }
  })
}

function passthroughDir(ctid: number): string {
  return `${lxcDir}/${ctid}/passthrough`
}

/** Creates the private nodes of all `devN` on a file system of their own, as Proxmox's hooks do at a start. */
export function createDeviceNodes(ctid: number, section: ConfigSection): void {
  const devices = passedDevices(ctid, section)
  refuseSecondMount(ctid, section, devices)
  if (devices.length === 0) return
  const { base } = idMap(section)
  const directory = passthroughDir(ctid)
  run('umount', ['-l', directory])
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  run('mount', ['-t', 'tmpfs', '-o', 'size=8k,mode=0755', 'passthrough', directory])
  for (const { source, numbers, options } of devices) {
    mkdirSync(source.slice(0, source.lastIndexOf('/')), { recursive: true })
    run('mknod', [source, numbers.type, String(numbers.major), String(numbers.minor)])
    chmodSync(source, Number.parseInt(options.get('mode') ?? '0660', 8))
    chownSync(source, base + Number(options.get('uid') ?? 0), base + Number(options.get('gid') ?? 0))
  }
}

export function deviceNumber(path: string): {
  readonly type: 'c' | 'b'
  readonly major: number
  readonly minor: number
} {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) throw new Exit(255, `Device ${path} does not exist`)
  if (!there.isCharacterDevice() && !there.isBlockDevice()) throw new Exit(255, `${path} is not a device`)
  const major = Math.floor(there.rdev / 256) % 4096
  return {
    type: there.isBlockDevice() ? 'b' : 'c',
    major,
    minor: (there.rdev % 256) + (there.rdev >= 1_048_576 ? Math.floor(there.rdev / 1_048_576) * 256 : 0),
  }
}

/** Proxmox's hook creates a file for each device, and fails if a raw mount line has created it before. */
function refuseSecondMount(ctid: number, section: ConfigSection, devices: readonly PassedDevice[]): void {
  const mounted = section.lxc
    .filter(({ key }) => key === 'lxc.mount.entry')
    .map(({ value }) => (value.split(/\s+/)[1] ?? '').replace(/^\/+/, ''))
  refuseSameDevice(ctid, devices)
  if (!devices.some(({ target }) => mounted.includes(target))) return
  throw new Exit(
    255,
    [
      'run_buffer: 571 Script exited with status 17',
      'lxc_setup: 3942 Failed to run autodev hooks',
      `do_start: 1273 Failed to setup container "${ctid}"`,
      'sync_wait: 34 An error occurred in another process (expected sequence number 4)',
      `__lxc_start: 2114 Failed to spawn container "${ctid}"`,
      `startup for container '${ctid}' failed`,
    ].join('\n'),
  )
}

/** Two devN of one path: the pre-start hook creates the second node and fails. */
function refuseSameDevice(ctid: number, devices: readonly PassedDevice[]): void {
  if (new Set(devices.map(({ target }) => target)).size === devices.length) return
  throw new Exit(
    255,
    [
      'run_buffer: 571 Script exited with status 17',
      `lxc_init: 845 Failed to run lxc.hook.pre-start for container "${ctid}"`,
      `__lxc_start: 2034 Failed to initialize container "${ctid}"`,
      `startup for container '${ctid}' failed`,
    ].join('\n'),
  )
}

/** Only where the machine delegates the memory controller. */
function memoryLimit(megabytes: string): readonly string[] {
  return exists('/sys/fs/cgroup/memory.stat') && exists('/sys/fs/cgroup/init.scope/memory.max')
    ? [`lxc.cgroup2.memory.max = ${Number(megabytes) * 1_048_576}`]
    : []
}

function networkLines(ctid: number, section: ConfigSection): readonly string[] {
  return [...section.settings].flatMap(([key, value]) => {
    const number = /^net([0-9]+)$/.exec(key)?.[1]
    if (number === undefined) return []
    const net = properties(value, 'name')
    const line = (name: string, text: string | undefined): readonly string[] =>
      text === undefined ? [] : [`lxc.net.${number}.${name} = ${text}`]
    const address = net.get('ip')
    return [
      ...line('type', 'veth'),
      ...line('veth.pair', `veth${ctid}i${number}`),
      ...line('link', net.get('bridge')),
      ...line('flags', 'up'),
      ...line('name', net.get('name')),
      ...line('hwaddr', net.get('hwaddr')),
      ...line('ipv4.address', address?.includes('/') === true ? address : undefined),
      ...line('ipv4.gateway', net.get('gw')),
    ]
  })
}

function mountPoints(section: ConfigSection): readonly string[] {
  return [...section.settings].flatMap(([key, value]) => {
    if (!/^mp[0-9]+$/.test(key)) return []
    const point = properties(value, 'volume')
    const target = (point.get('mp') ?? '').replace(/^\/+/, '')
    return [
      `lxc.mount.entry = ${point.get('volume') ?? ''} ${target} none bind,create=dir${isOn(point.get('ro')) ? ',ro' : ''} 0 0`,
    ]
  })
}
