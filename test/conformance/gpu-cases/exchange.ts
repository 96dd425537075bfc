/** Replaces the driver of a node whose containers use it, and restores it. */
import { gpuVerify } from '../../../src/modules/gpu-verify/module.ts'
import { nvidiaDriver } from '../../../src/modules/nvidia-driver/module.ts'
import { nvidiaLoaded } from '../../../src/modules/nvidia-loaded/module.ts'
import { nvidiaNode } from '../../../src/modules/nvidia-node/module.ts'
import { nvidiaNodeReboot } from '../../../src/modules/nvidia-node-reboot/module.ts'
import { nvidiaRollback } from '../../../src/modules/nvidia-rollback/module.ts'
import { nvidiaRunfile } from '../../../src/modules/nvidia-runfile/module.ts'
import { nvidiaUninstall } from '../../../src/modules/nvidia-uninstall/module.ts'
import { pveContainerRestart } from '../../../src/modules/pve-container-restart/module.ts'
import { books } from '../books.ts'
import { containers, other, type PlacedCase, runfile, version } from './placed.ts'

/**
 * A CUDA program on the node: while it runs, the loaded driver stays. The installer unloads an unused driver,
 * and programs cannot keep the lab's device nodes open to prevent that.
 */
const startLoad =
  'ln -sf /bin/sleep /run/gpu-load; /run/gpu-load 600 >/dev/null 2>&1 </dev/null & echo $! >/run/gpu-load.pid'
const endLoad = 'kill "$(cat /run/gpu-load.pid)"; rm /run/gpu-load /run/gpu-load.pid'

export const exchange: readonly PlacedCase[] = [
  ...[
    {
      module: nvidiaNode,
      says: 'refuses another driver for containers outside the run',
      args: { version: other },
      dry: 'refused',
      problem: 'unmanaged-guests',
    } as const,
    { module: nvidiaRunfile, says: 'another version', args: { version: other } },
    {
      module: nvidiaDriver,
      says: 'installs another driver while one is loaded',
      setup: startLoad,
      args: { version: other, runfile: runfile(other), module_type: 'open' },
    },
    {
      module: nvidiaLoaded,
      says: 'keeps the loaded driver without permission to replace it',
      args: { version: other, containers, reload: false },
      dry: 'ok',
    } as const,
    {
      module: nvidiaLoaded,
      says: 'replaces the loaded driver',
      setup: endLoad,
      args: { version: other, containers },
    },
    {
      module: nvidiaRollback,
      says: 'returns to the first driver',
      args: { version: other },
      dry: 'ok',
    } as const,
    {
      module: nvidiaDriver,
      says: 'installs the first driver again',
      setup: startLoad,
      args: { version, runfile: runfile(version), module_type: 'open' },
    },
    {
      module: nvidiaNodeReboot,
      says: 'restarts to load the installed driver',
      args: { version, purpose: 'load_driver', mode: 'auto' },
    },
    {
      module: gpuVerify,
      says: 'a node after its restart',
      args: { version, containers },
      dry: 'ok',
    } as const,
  ].map((given) => ({ on: 'pve1', ...given })),
  { on: 'ct101', module: pveContainerRestart, says: 'does not restart again', args: {}, dry: 'ok' },
  {
    on: 'ct101',
    module: gpuVerify,
    says: 'a container after its restart',
    args: { assignment: '0' },
    dry: 'ok',
  },
  {
    on: 'pve1',
    module: nvidiaUninstall,
    says: 'is refused as long as containers have GPUs',
    args: {},
    dry: 'refused',
    problem: 'containers-have-gpus',
  },
  { on: 'ct101', module: nvidiaUninstall, says: 'removes the user-space driver', args: {}, besides: books },
]
