/** A container of a node with two GPUs, for tests of gpu_devices. */
import type { ContainerStatus, Host } from '../../../host/host.ts'
import type { Plan } from '../../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../../nvidia/testing/gpu-host.ts'
import type { Args } from '../args.ts'
import { gpuDevices } from '../module.ts'

export const information = (pci: string, minor: number): Readonly<Record<string, string>> => ({
  [`/proc/driver/nvidia/gpus/${pci}/information`]: `GPU UUID: \t GPU-8f3c000${minor}-5060-4c1e-a5b2-000001000000\nBus Location: \t ${pci}\nDevice Minor: \t ${minor}\n`,
})
export const files = {
  ...information('0000:01:00.0', 1),
  ...information('0000:41:00.0', 0),
  '/proc/devices': 'Character devices:\n195 nvidia\n508 nvidia-uvm\n510 nvidia-caps\n\nBlock devices:\n',
}
export const nodes = {
  '/dev/nvidiactl': '195:255',
  '/dev/nvidia-uvm': '508:0',
  '/dev/nvidia-uvm-tools': '508:1',
  '/dev/nvidia0': '195:0',
  '/dev/nvidia1': '195:1',
}
export const stopped = (config: string): ContainerStatus => ({ status: 'stopped', config, pid: undefined })

export interface Scene {
  readonly node?: Partial<GpuHost>
  readonly config?: string
  readonly version?: string
  readonly args?: Partial<Args>
}

export async function look({ node, config = 'unprivileged: 1\n', version = '5.2.6', args }: Scene): Promise<{
  readonly plan: Plan
  readonly report: ReturnType<typeof gpuDevices.report>
}> {
  const given = {
    assignment: '0',
    style: 'auto',
    uvm_tools: true,
    graphics: false,
    exclusive: false,
    others: [],
    moved: 'refuse',
    ostypes: [],
    wait: 60,
    ...args,
  } satisfies Args
  const base = gpuHost({ files, nodes, containers: { 101: stopped(config) }, ...node })
  const host: Host = {
    ...base,
    node: { ...base, package: async () => ({ installed: version, status: 'installed' }) },
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  const seen = await gpuDevices.probe(given, host)
  return { plan: gpuDevices.plan(given, seen), report: gpuDevices.report(given, seen) }
}

export const refusal = async (scene: Scene): Promise<readonly [string | undefined, number | undefined]> => {
  const { plan } = await look(scene)
  return [plan.refusal?.code, plan.refusal?.exitCode]
}
