import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from '../../base/defined.ts'
import type { Plan } from '../../host/plan.ts'
import type { ModuleType } from '../../nvidia/installer.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaNodeReboot } from './module.ts'

const version = '580.95.05'

interface Result {
  readonly plan: Plan
  readonly report: ReturnType<typeof nvidiaNodeReboot.report>
}

async function look(given: GpuHost, type: ModuleType | undefined): Promise<Result> {
  const args: Args = {
    version,
    ...defined({ module_type: type }),
    purpose: 'load_driver',
    mode: 'never',
    ha: 'refuse',
    quorum: 'refuse',
    ceph: 'refuse',
    modules: ['nouveau'],
    timeout: 900,
  }
  const seen = await nvidiaNodeReboot.probe(args, gpuHost(given))
  return { plan: nvidiaNodeReboot.plan(args, seen), report: nvidiaNodeReboot.report(args, seen) }
}

test('another type of kernel modules is a reason to reboot once it is installed', async () => {
  const given: GpuHost = {
    modules: { nvidia: { version } },
    files: {
      '/var/lib/nvidia/log': `1.0-5 (${version})\n`,
      '/proc/driver/nvidia/version': `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${version}\n`,
    },
    programs: { 'modinfo -k 6.8.12-9-pve -F license': { stdout: 'NVIDIA\n' } },
  }
  const { plan, report } = await look(given, 'proprietary')
  assert.equal(
    plan.warnings[0],
    `REBOOT PENDING: driver ${version} is loaded with its open kernel modules, the proprietary ones are installed. No guest is running. Reboot the node yourself, or run again with -e nvidia_host_reboot=auto`,
  )
  assert.equal(report.pending, true)
  for (const type of [undefined, 'open'] as const)
    assert.deepEqual((await look(given, type)).plan.warnings, [])
})
