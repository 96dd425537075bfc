/** The list of all modules. Modules do not register themselves. */
import { addHost } from './add-host/module.ts'
import { apt } from './apt/module.ts'
import { aptRepository } from './apt-repository/module.ts'
import { assert } from './assert/module.ts'
import { asyncStatus } from './async-status/module.ts'
import { authorizedKey } from './authorized-key/module.ts'
import { blockinfile } from './blockinfile/module.ts'
import { command } from './command/module.ts'
import { copy } from './copy/module.ts'
import { cron } from './cron/module.ts'
import { cudaToolkit } from './cuda-toolkit/module.ts'
import { debug } from './debug/module.ts'
import { fail } from './fail/module.ts'
import { fetch } from './fetch/module.ts'
import { file } from './file/module.ts'
import { find } from './find/module.ts'
import { git } from './git/module.ts'
import { getUrl } from './get-url/module.ts'
import { gpuDevices } from './gpu-devices/module.ts'
import { gpuVerify } from './gpu-verify/module.ts'
import { group } from './group/module.ts'
import { groupBy } from './group-by/module.ts'
import { hostname } from './hostname/module.ts'
import { includeRole } from './include-role/module.ts'
import { includeTasks } from './include-tasks/module.ts'
import { includeVars } from './include-vars/module.ts'
import { iniFile } from './ini-file/module.ts'
import { jsonFile } from './json-file/module.ts'
import { kernelModule } from './kernel-module/module.ts'
import { lineinfile } from './lineinfile/module.ts'
import { meta } from './meta/module.ts'
import type { Module } from './module.ts'
import { mount } from './mount/module.ts'
import { nvidiaAptPin } from './nvidia-apt-pin/module.ts'
import { nvidiaBlacklist } from './nvidia-blacklist/module.ts'
import { nvidiaCdi } from './nvidia-cdi/module.ts'
import { nvidiaDriver } from './nvidia-driver/module.ts'
import { nvidiaForeignDriver } from './nvidia-foreign-driver/module.ts'
import { nvidiaLeftovers } from './nvidia-leftovers/module.ts'
import { nvidiaLoaded } from './nvidia-loaded/module.ts'
import { nvidiaNode } from './nvidia-node/module.ts'
import { nvidiaNodeReboot } from './nvidia-node-reboot/module.ts'
import { nvidiaPackages } from './nvidia-packages/module.ts'
import { nvidiaPersistenceDaemon } from './nvidia-persistence-daemon/module.ts'
import { nvidiaPower } from './nvidia-power/module.ts'
import { nvidiaRollback } from './nvidia-rollback/module.ts'
import { nvidiaRunfile } from './nvidia-runfile/module.ts'
import { nvidiaSecureBoot } from './nvidia-secure-boot/module.ts'
import { nvidiaUninstall } from './nvidia-uninstall/module.ts'
import { nvidiaUnlocked } from './nvidia-unlocked/module.ts'
import { nvidiaUserspace } from './nvidia-userspace/module.ts'
import { nvidiaUserspaceNote } from './nvidia-userspace-note/module.ts'
import { packageFacts } from './package-facts/module.ts'
import { pause } from './pause/module.ts'
import { pveContainer } from './pve-container/module.ts'
import { pveContainerConfig } from './pve-container-config/module.ts'
import { pveContainerFeatures } from './pve-container-features/module.ts'
import { pveContainerRestart } from './pve-container-restart/module.ts'
import { pveContainerSnapshot } from './pve-container-snapshot/module.ts'
import { reboot } from './reboot/module.ts'
import { replace } from './replace/module.ts'
import { script } from './script/module.ts'
import { service } from './service/module.ts'
import { serviceFacts } from './service-facts/module.ts'
import { setFact } from './set-fact/module.ts'
import { shell } from './shell/module.ts'
import { slurp } from './slurp/module.ts'
import { stat } from './stat/module.ts'
import { sysctl } from './sysctl/module.ts'
import { systemdUnit } from './systemd-unit/module.ts'
import { template } from './template/module.ts'
import { timezone } from './timezone/module.ts'
import { unarchive } from './unarchive/module.ts'
import { uri } from './uri/module.ts'
import { user } from './user/module.ts'
import { waitFor } from './wait-for/module.ts'
import { waitForConnection } from './wait-for-connection/module.ts'

export const modules: readonly Module[] = [
  addHost,
  apt,
  aptRepository,
  assert,
  asyncStatus,
  authorizedKey,
  blockinfile,
  command,
  copy,
  cron,
  cudaToolkit,
  debug,
  fail,
  fetch,
  file,
  find,
  getUrl,
  git,
  gpuDevices,
  gpuVerify,
  group,
  groupBy,
  hostname,
  includeRole,
  includeTasks,
  includeVars,
  iniFile,
  jsonFile,
  kernelModule,
  lineinfile,
  meta,
  mount,
  nvidiaAptPin,
  nvidiaBlacklist,
  nvidiaCdi,
  nvidiaDriver,
  nvidiaForeignDriver,
  nvidiaLeftovers,
  nvidiaLoaded,
  nvidiaNode,
  nvidiaNodeReboot,
  nvidiaPackages,
  nvidiaPersistenceDaemon,
  nvidiaPower,
  nvidiaRollback,
  nvidiaRunfile,
  nvidiaSecureBoot,
  nvidiaUninstall,
  nvidiaUnlocked,
  nvidiaUserspace,
  nvidiaUserspaceNote,
  packageFacts,
  pause,
  pveContainer,
  pveContainerConfig,
  pveContainerFeatures,
  pveContainerRestart,
  pveContainerSnapshot,
  reboot,
  replace,
  script,
  service,
  serviceFacts,
  setFact,
  shell,
  slurp,
  stat,
  sysctl,
  systemdUnit,
  template,
  timezone,
  unarchive,
  uri,
  user,
  waitFor,
  waitForConnection,
]
