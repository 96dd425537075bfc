/** From a container without a card to one that uses it. */
import { cudaToolkit } from '../../../src/modules/cuda-toolkit/module.ts'
import { gpuDevices } from '../../../src/modules/gpu-devices/module.ts'
import { gpuVerify } from '../../../src/modules/gpu-verify/module.ts'
import { nvidiaAptPin } from '../../../src/modules/nvidia-apt-pin/module.ts'
import { nvidiaCdi } from '../../../src/modules/nvidia-cdi/module.ts'
import { nvidiaUserspace } from '../../../src/modules/nvidia-userspace/module.ts'
import { nvidiaUserspaceNote } from '../../../src/modules/nvidia-userspace-note/module.ts'
import { pveContainerRestart } from '../../../src/modules/pve-container-restart/module.ts'
import { pveContainerConfig } from '../../../src/modules/pve-container-config/module.ts'
import { pveContainerFeatures } from '../../../src/modules/pve-container-features/module.ts'
import { books } from '../books.ts'
import type { ConformanceCase, Registered } from '../conformance.ts'
import { type PlacedCase, strings } from './placed.ts'

export function container(
  on: string,
  { gpu, style }: { readonly gpu: string; readonly style: 'devn' | 'lxc' },
): readonly PlacedCase[] {
  const cases: readonly ConformanceCase[] = [
    {
      module: gpuDevices,
      says: `the devices of GPU ${gpu}`,
      args: { assignment: gpu, style },
      dry: 'ok',
      register: on,
    },
    {
      module: gpuDevices,
      says: 'refuses a GPU that does not exist',
      args: { assignment: '7' },
      dry: 'refused',
      problem: 'no-such-gpu',
    },
    {
      module: pveContainerConfig,
      says: `lines in the style ${style}`,
      args: (registered) => ({
        content: style === 'devn' ? deviceLines(registered, on) : mountLines(registered, on),
        owned: ['^dev\\d+: (path=)?/dev/nvidia', '^lxc\\.mount\\.entry: /dev/nvidia'],
        more_owned: strings(registered, on, 'owned'),
        record: String(registered.get(on)?.['record']),
      }),
    },
    {
      module: pveContainerRestart,
      says: 'only reports the restart without permission',
      args: { restart: 'never' },
      dry: 'ok',
    },
    {
      module: pveContainerFeatures,
      says: 'features beside the devices',
      args: { features: ['nesting', 'keyctl'] },
    },
    {
      module: pveContainerRestart,
      says: 'restarts the container',
      args: { features: ['nesting', 'keyctl'] },
    },
    { module: nvidiaAptPin, says: 'no driver from apt', args: {} },
    {
      module: nvidiaUserspace,
      says: "the user space of the node's driver",
      args: {},
      // The installer requires kmod; the message names its package.
      besides: [...books, /mod(info|probe|ules)?$/, /^\/usr\/lib\/modprobe\.d\//],
    },
    { module: nvidiaUserspaceNote, says: 'of the user space on the node', args: {} },
    {
      module: nvidiaCdi,
      says: 'nothing without the toolkit',
      args: {},
      dry: 'ok',
    },
    {
      module: nvidiaCdi,
      says: 'the CDI specification',
      setup: `echo 'deb [trusted=yes] https://nvidia.github.io/libnvidia-container/stable/deb/amd64 /' \
        >/etc/apt/sources.list.d/conformance.list && apt-get -qq update &&
        apt-get -qq -y install nvidia-container-toolkit-base`,
      args: {},
    },
    {
      module: cudaToolkit,
      says: 'the toolkit with its repository',
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
      says: 'finds a missing GPU',
      args: { assignment: 'all' },
      dry: 'refused',
      problem: 'verification-failed',
    },
  ]
  return cases.map((given) => ({ on, ...given }))
}

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
