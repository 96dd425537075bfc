/** A node from nouveau to a loaded driver, with its requirements. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { apt } from '../../../src/modules/apt/module.ts'
import { copy } from '../../../src/modules/copy/module.ts'
import { file } from '../../../src/modules/file/module.ts'
import { gpuVerify } from '../../../src/modules/gpu-verify/module.ts'
import { nvidiaBlacklist } from '../../../src/modules/nvidia-blacklist/module.ts'
import { nvidiaDriver } from '../../../src/modules/nvidia-driver/module.ts'
import { nvidiaForeignDriver } from '../../../src/modules/nvidia-foreign-driver/module.ts'
import { nvidiaLeftovers } from '../../../src/modules/nvidia-leftovers/module.ts'
import { nvidiaLoaded } from '../../../src/modules/nvidia-loaded/module.ts'
import { nvidiaNode } from '../../../src/modules/nvidia-node/module.ts'
import { nvidiaNodeReboot } from '../../../src/modules/nvidia-node-reboot/module.ts'
import { nvidiaPackages } from '../../../src/modules/nvidia-packages/module.ts'
import { nvidiaPersistenceDaemon } from '../../../src/modules/nvidia-persistence-daemon/module.ts'
import { nvidiaPower } from '../../../src/modules/nvidia-power/module.ts'
import { nvidiaRunfile } from '../../../src/modules/nvidia-runfile/module.ts'
import { nvidiaSecureBoot } from '../../../src/modules/nvidia-secure-boot/module.ts'
import { nvidiaUnlocked } from '../../../src/modules/nvidia-unlocked/module.ts'
import { template } from '../../../src/modules/template/module.ts'
import { books } from '../books.ts'
import type { ConformanceCase } from '../conformance.ts'
import { containers, runfile, strings, version } from './placed.ts'

const role = fileURLToPath(new URL('../../../roles/nvidia_host/files/', import.meta.url))

const discovery: readonly ConformanceCase[] = [
  { module: nvidiaNode, says: 'the cards', args: { version, containers }, dry: 'ok', register: 'node' },
  {
    module: nvidiaNode,
    says: 'refuses a driver that does not support the cards',
    args: { version: '550.144.03', containers },
    dry: 'refused',
    problem: 'driver-does-not-fit',
  },
  { module: nvidiaUnlocked, says: 'no container is locked', args: { containers }, dry: 'ok' },
  { module: nvidiaSecureBoot, says: 'no Secure Boot', args: { version }, dry: 'ok' },
  { module: nvidiaForeignDriver, says: 'no other driver', args: { version }, dry: 'ok' },
  {
    module: nvidiaForeignDriver,
    says: 'refuses a driver installed from packages',
    setup: `sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends nvidia-smi libcuda1`,
    args: { version },
    dry: 'refused',
    problem: 'foreign-driver',
  },
  {
    module: nvidiaPackages,
    says: 'refuses a version that no repository offers',
    args: { version, module_type: 'open' },
    dry: 'refused',
    problem: 'version-not-offered',
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
    says: 'the settings for the service',
    args: { src: 'x.hbs', content: 'PERSISTENCE=on\nPOWER_LIMITS=""\n', dest: '/etc/gpuplay/nvidia.conf' },
  },
  {
    module: apt,
    says: 'the build tools of the installer',
    args: (registered) => ({
      name: [...strings(registered, 'node', 'headers'), 'gcc', 'make', 'libc6-dev', 'dkms'],
      forbid: ['nvidia-*'],
    }),
    besides: books,
  },
  {
    module: nvidiaPackages,
    says: 'takes a driver installed from packages over, with kernel modules, and pins it',
    args: { version: '535.261.03', module_type: 'proprietary' },
    besides: [...books, /^\/(usr|etc)\//],
  },
  {
    module: nvidiaPackages,
    says: 'moves it to another version through the program that can go back',
    args: { version: '535.247.01', module_type: 'proprietary' },
    besides: [...books, /^\/(usr|etc)\//],
  },
  {
    module: nvidiaForeignDriver,
    says: 'removes a driver installed from packages',
    args: { version, policy: 'remove' },
    // The files of the packages are removed with them.
    besides: [...books, /^\/usr\//],
  },
  {
    module: nvidiaLeftovers,
    says: 'what earlier drivers left, with a warning',
    setup:
      'mkdir -p /var/lib/dkms/nvidia/550.54.14; echo "blacklist nvidia" >/etc/modprobe.d/passthrough.conf',
    args: { version },
    dry: 'ok',
  },
  { module: nvidiaLeftovers, says: 'removes it', args: { version, remove: true } },
]

const preparation: readonly ConformanceCase[] = [
  { module: nvidiaRunfile, says: 'downloaded by the node', args: { version } },
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
    says: 'refuses a version that does not exist',
    args: { version: '599.99.99' },
    dry: 'refused',
    problem: 'runfile-not-available',
  },
  {
    module: nvidiaDriver,
    says: 'refuses to install while nouveau is loaded',
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
    module: copy,
    says: 'the service that loads the driver at boot',
    args: { src: `${role}gpuplay-nvidia.service`, dest: '/etc/systemd/system/gpuplay-nvidia.service' },
  },
  {
    module: copy,
    says: 'the service of the persistence daemon',
    args: {
      src: `${role}gpuplay-nvidia-persistenced.service`,
      dest: '/etc/systemd/system/gpuplay-nvidia-persistenced.service',
    },
  },
  {
    module: file,
    says: 'the link that enables the service',
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
    says: 'only reports the restart without permission',
    args: { version, purpose: 'free_cards' },
    dry: 'ok',
  },
  {
    module: nvidiaNodeReboot,
    says: 'restarts to free the cards of nouveau',
    args: { version, purpose: 'free_cards', mode: 'auto' },
  },
  {
    module: nvidiaDriver,
    says: 'installs the driver',
    args: { version, runfile: runfile(version), module_type: 'open' },
  },
  { module: nvidiaLoaded, says: 'loads the driver, with its device nodes', args: { version, containers } },
  // The program that loaded the driver has started it.
  { module: nvidiaPersistenceDaemon, says: 'stops the daemon of the driver', args: { state: 'stopped' } },
  { module: nvidiaPersistenceDaemon, says: 'starts the daemon of the driver', args: {} },
  {
    module: nvidiaPower,
    says: 'persistence mode and a limit',
    setup: 'nvidia-smi -pm 0',
    args: { persistence: true, power_limit: { '0000:01:00.0': 150 } },
  },
  {
    module: nvidiaNodeReboot,
    says: 'needs no restart after the driver is loaded',
    args: { version, purpose: 'load_driver', mode: 'auto' },
    dry: 'ok',
  },
  { module: gpuVerify, says: 'a node', args: { version, containers }, dry: 'ok' },
]

export const nodeCases: readonly ConformanceCase[] = [...discovery, ...preparation, ...driver]
