/**
 * Cases of the modules that bring GPUs into containers, in the order of the roles, so that each finds what it needs: from nouveau to a driver and to
 * containers that see their cards, then to another driver and back.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { apt } from '../../src/modules/apt/module.ts'
import { copy } from '../../src/modules/copy/module.ts'
import { cudaToolkit } from '../../src/modules/cuda-toolkit/module.ts'
import { file } from '../../src/modules/file/module.ts'
import { gpuDevices } from '../../src/modules/gpu-devices/module.ts'
import { gpuVerify } from '../../src/modules/gpu-verify/module.ts'
import { nvidiaAptPin } from '../../src/modules/nvidia-apt-pin/module.ts'
import { nvidiaBlacklist } from '../../src/modules/nvidia-blacklist/module.ts'
import { nvidiaDriver } from '../../src/modules/nvidia-driver/module.ts'
import { nvidiaForeignDriver } from '../../src/modules/nvidia-foreign-driver/module.ts'
import { nvidiaLoaded } from '../../src/modules/nvidia-loaded/module.ts'
import { nvidiaNode } from '../../src/modules/nvidia-node/module.ts'
import { nvidiaNodeReboot } from '../../src/modules/nvidia-node-reboot/module.ts'
import { nvidiaPower } from '../../src/modules/nvidia-power/module.ts'
import { nvidiaRunfile } from '../../src/modules/nvidia-runfile/module.ts'
import { nvidiaUserspace } from '../../src/modules/nvidia-userspace/module.ts'
import { pveContainer } from '../../src/modules/pve-container/module.ts'
import { pveContainerConfig } from '../../src/modules/pve-container-config/module.ts'
import { template } from '../../src/modules/template/module.ts'
import { books } from './books.ts'
import type { ConformanceCase, Registered } from './conformance.ts'

export type PlacedCase = ConformanceCase & { readonly on: string }

const version = '580.95.05'
const other = '590.48.01'
const containers = [{ ctid: '101' }, { ctid: '102' }]
const role = fileURLToPath(new URL('../../roles/nvidia_host/files/', import.meta.url))
const runfile = (wanted: string): string => `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${wanted}.run`

const discovery: readonly ConformanceCase[] = [
  { module: nvidiaNode, says: 'the cards', args: { version, containers }, dry: 'ok', register: 'node' },
  {
    module: nvidiaNode,
    says: 'refuses a driver that does not drive them',
    args: { version: '550.144.03', containers },
    dry: 'refused',
    problem: 'driver-does-not-fit',
  },
  { module: nvidiaForeignDriver, says: 'none', args: { version }, dry: 'ok' },
  {
    module: nvidiaForeignDriver,
    says: 'refuses one that came as packages',
    setup: 'apt-get -qq update && apt-get -qq -y install nvidia-smi libcuda1 nvidia-installer-cleanup',
    args: { version },
    dry: 'refused',
    problem: 'foreign-driver',
  },
  {
    module: nvidiaForeignDriver,
    says: 'removes one that came as packages',
    args: { version, policy: 'remove' },
    // What the packages brought goes with them.
    besides: [...books, /^\/usr\//],
  },
]

const preparation: readonly ConformanceCase[] = [
  { module: nvidiaRunfile, says: 'fetched by the node', args: { version } },
  {
    module: nvidiaRunfile,
    says: 'sent by the controller',
    args: {
      version,
      directory: '/srv/cache',
      source: 'controller',
      file: import.meta.filename,
      sha256: createHash('sha256')
        .update(readFileSync(import.meta.filename))
        .digest('hex'),
    },
  },
  {
    module: nvidiaRunfile,
    says: 'refuses what is not there',
    args: { version: '599.99.99' },
    dry: 'refused',
    problem: 'runfile-not-available',
  },
  {
    module: apt,
    says: 'what the installer builds with',
    args: (registered) => ({
      name: [...strings(registered, 'node', 'headers'), 'gcc', 'make', 'libc6-dev', 'dkms'],
      forbid: ['nvidia-*'],
    }),
    besides: books,
  },
  {
    module: nvidiaDriver,
    says: 'refuses to work beside nouveau',
    args: { version, runfile: runfile(version), module_type: 'open' },
    dry: 'refused',
    problem: 'nouveau-loaded',
  },
  {
    module: nvidiaBlacklist,
    says: 'nouveau, in every initramfs',
    args: {},
    besides: [/^\/(boot|var\/lib\/initramfs-tools)\//],
  },
  {
    module: file,
    says: "the folder of gpuplay's programs",
    args: { path: '/usr/local/lib/gpuplay', state: 'directory', mode: '0755' },
  },
  {
    module: file,
    says: "the folder of gpuplay's settings",
    args: { path: '/etc/gpuplay', state: 'directory' },
  },
  {
    module: copy,
    says: 'the program that loads the driver',
    args: { src: `${role}nvidia-driver`, dest: '/usr/local/lib/gpuplay/nvidia-driver', mode: '0755' },
  },
  {
    module: template,
    says: 'what the cards begin with',
    args: { src: 'x.hbs', content: 'PERSISTENCE=on\nPOWER_LIMITS=""\n', dest: '/etc/gpuplay/nvidia.conf' },
  },
  {
    module: copy,
    says: 'the service that loads it at boot',
    args: { src: `${role}gpuplay-nvidia.service`, dest: '/etc/systemd/system/gpuplay-nvidia.service' },
  },
  {
    module: file,
    says: 'at every boot',
    args: {
      path: '/etc/systemd/system/multi-user.target.wants/gpuplay-nvidia.service',
      state: 'link',
      src: '/etc/systemd/system/gpuplay-nvidia.service',
    },
  },
]

const driver: readonly ConformanceCase[] = [
  {
    module: nvidiaNodeReboot,
    says: 'is only told where nobody allowed it',
    args: { version, purpose: 'free_cards' },
    dry: 'ok',
  },
  {
    module: nvidiaNodeReboot,
    says: 'frees the cards of nouveau',
    args: { version, purpose: 'free_cards', mode: 'auto' },
  },
  {
    module: nvidiaDriver,
    says: 'installs one',
    args: { version, runfile: runfile(version), module_type: 'open' },
  },
  { module: nvidiaLoaded, says: 'loads one, with its nodes', args: { version, containers } },
  {
    module: nvidiaPower,
    says: 'persistence mode and a limit',
    setup: 'nvidia-smi -pm 0',
    args: { persistence: true, power_limit: { '0000:01:00.0': 150 } },
  },
  {
    module: nvidiaNodeReboot,
    says: 'is not needed once the driver is loaded',
    args: { version, purpose: 'load_driver', mode: 'auto' },
    dry: 'ok',
  },
  { module: gpuVerify, says: 'a node', args: { version, containers }, dry: 'ok' },
]

/** From a container without a card to one that computes on it. */
function container(
  on: string,
  { gpu, style }: { readonly gpu: string; readonly style: 'devn' | 'lxc' },
): readonly PlacedCase[] {
  const cases: readonly ConformanceCase[] = [
    {
      module: gpuDevices,
      says: `of GPU ${gpu}`,
      args: { assignment: gpu, style },
      dry: 'ok',
      register: on,
    },
    {
      module: gpuDevices,
      says: 'refuses a GPU that there is not',
      args: { assignment: '7' },
      dry: 'refused',
      problem: 'no-such-gpu',
    },
    {
      module: pveContainerConfig,
      says: `lines of the style ${style}`,
      args: (registered) => ({
        content: style === 'devn' ? deviceLines(registered, on) : mountLines(registered, on),
        owned: ['^dev\\d+: (path=)?/dev/nvidia', '^lxc\\.mount\\.entry: /dev/nvidia'],
        more_owned: strings(registered, on, 'owned'),
        record: String(registered.get(on)?.['record']),
      }),
    },
    {
      module: pveContainer,
      says: 'is only told that it has to restart',
      args: { restart: 'never' },
      dry: 'ok',
    },
    { module: pveContainer, says: 'restarts', args: {} },
    { module: nvidiaAptPin, says: 'no driver from apt', args: {} },
    {
      module: nvidiaUserspace,
      says: "of the node's driver",
      args: {},
      // kmod, which the installer asks for, is named as a package.
      besides: [...books, /mod(info|probe|ules)?$/, /^\/usr\/lib\/modprobe\.d\//],
    },
    {
      module: cudaToolkit,
      says: 'with its repository',
      args: { version: '12.8' },
      besides: books,
    },
    {
      module: gpuVerify,
      says: 'a container',
      args: { assignment: gpu, cuda: '12.8', user: 'nobody' },
      dry: 'ok',
    },
    {
      module: gpuVerify,
      says: 'finds that it was to have more',
      args: { assignment: 'all' },
      dry: 'refused',
      problem: 'verification-failed',
    },
  ]
  return cases.map((given) => ({ on, ...given }))
}

/**
 * A program that computes, on the node: as long as it runs the loaded driver stays. Where nothing uses it the installer takes it out, and a lab's device
 * nodes cannot be held open against that.
 */
const startLoad =
  'ln -sf /bin/sleep /run/gpu-load; /run/gpu-load 600 >/dev/null 2>&1 </dev/null & echo $! >/run/gpu-load.pid'
const endLoad = 'kill "$(cat /run/gpu-load.pid)"; rm /run/gpu-load /run/gpu-load.pid'

const exchange: readonly PlacedCase[] = [
  ...[
    {
      module: nvidiaNode,
      says: 'refuses another driver under containers that take no part',
      args: { version: other },
      dry: 'refused',
      problem: 'unmanaged-guests',
    } as const,
    { module: nvidiaRunfile, says: 'of another version', args: { version: other } },
    {
      module: nvidiaDriver,
      says: 'installs another beside the one that is loaded',
      setup: startLoad,
      args: { version: other, runfile: runfile(other), module_type: 'open' },
    },
    {
      module: nvidiaLoaded,
      says: 'leaves the loaded one where it may not exchange them',
      args: { version: other, containers, reload: false },
      dry: 'ok',
    } as const,
    { module: nvidiaLoaded, says: 'exchanges them', setup: endLoad, args: { version: other, containers } },
    {
      module: nvidiaDriver,
      says: 'installs the first again',
      setup: startLoad,
      args: { version, runfile: runfile(version), module_type: 'open' },
    },
    {
      module: nvidiaNodeReboot,
      says: 'loads what is installed',
      args: { version, purpose: 'load_driver', mode: 'auto' },
    },
    {
      module: gpuVerify,
      says: 'a node after its restart',
      args: { version, containers },
      dry: 'ok',
    } as const,
  ].map((given) => ({ on: 'pve1', ...given })),
  { on: 'ct101', module: pveContainer, says: 'need not restart again', args: {}, dry: 'ok' },
  {
    on: 'ct101',
    module: gpuVerify,
    says: 'a container after its restart',
    args: { assignment: '0' },
    dry: 'ok',
  },
]

export const gpuCases: readonly PlacedCase[] = [
  ...[...discovery, ...preparation, ...driver].map((given) => ({ on: 'pve1', ...given })),
  ...container('ct101', { gpu: '0', style: 'devn' }),
  ...container('ct102', { gpu: '1', style: 'lxc' }),
  ...exchange,
]

interface Device {
  readonly path: string
  readonly target: string
  readonly major: number
  readonly minor: number
}

function deviceLines(registered: Registered, name: string): string {
  return devicesOf(registered, name)
    .map(({ path }) => `devN: ${path},gid=0,mode=0666,uid=0\n`)
    .join('')
}

function mountLines(registered: Registered, name: string): string {
  return devicesOf(registered, name)
    .map(
      ({ path, target, major, minor }) =>
        `lxc.cgroup2.devices.allow: c ${major}:${minor} rw\nlxc.mount.entry: ${path} ${target} none bind,create=file 0 0\n`,
    )
    .join('')
}

function devicesOf(registered: Registered, name: string): readonly Device[] {
  const found = registered.get(name)?.['devices']
  if (!Array.isArray(found)) throw new Error(`${name} registered no devices`)
  const devices: readonly Device[] = found
  return devices
}

function strings(registered: Registered, name: string, field: string): readonly string[] {
  const found = registered.get(name)?.[field]
  if (!Array.isArray(found)) throw new Error(`${name} registered no ${field}`)
  return found.map(String)
}
