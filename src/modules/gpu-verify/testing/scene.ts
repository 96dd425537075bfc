/** A container with one of its node's two GPUs, for tests of gpu_verify. */
import assert from 'node:assert/strict'
import type { Answer, Host } from '../../../host/host.ts'
import type { Finding, Plan } from '../../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../../nvidia/testing/gpu-host.ts'
import type { SummaryRow } from '../../module.ts'
import type { Args } from '../args.ts'
import { gpuVerify } from '../module.ts'

export const version = '580.95.05'
export const first = 'GPU-8f3c0000-5060-4c1e-a5b2-000001000000'
export const second = 'GPU-8f3c0001-5060-4c1e-a5b2-000001000001'
const libraries = '/usr/lib/x86_64-linux-gnu'

const information = (pci: string, uuid: string, minor: number): Readonly<Record<string, string>> => ({
  [`/proc/driver/nvidia/gpus/${pci}/information`]: `GPU UUID: \t ${uuid}\nBus Location: \t ${pci}\nDevice Minor: \t ${minor}\n`,
})
const nodeHost: GpuHost = {
  modules: { nvidia: { version } },
  files: {
    ...information('0000:01:00.0', first, 1),
    ...information('0000:41:00.0', second, 0),
    '/proc/devices': 'Character devices:\n195 nvidia\n508 nvidia-uvm\n\nBlock devices:\n',
  },
}
export const smi = (...uuids: readonly string[]): Partial<Answer> => ({
  stdout: uuids.map((uuid) => `${uuid}, 00000000:${uuid === first ? '01' : '41'}:00.0, [N/A]\n`).join(''),
})
export const userspace = (at: string): GpuHost => ({
  files: { '/usr/bin/nvidia-smi': '' },
  links: {
    [`${libraries}/libnvidia-ml.so.1`]: `libnvidia-ml.so.${at}`,
    [`${libraries}/libcuda.so.1`]: `libcuda.so.${at}`,
  },
})
export const devices = { '/dev/nvidiactl': '195:255', '/dev/nvidia-uvm': '508:0', '/dev/nvidia1': '195:1' }

/** The arguments as the module gets them, without any wish. */
const defaults: Args = {
  version: '',
  containers: [],
  kernels: 'all',
  assignment: '',
  graphics: false,
  cuda: '',
  cuda_packages: ['cuda-toolkit'],
  user: '',
  compute: true,
  runtime: '',
  runtime_image: '',
  isolation: true,
  fail: true,
}

/** What the program that computes prints about these GPUs. */
export const computed = (...lines: readonly string[]): Partial<Answer> => ({
  code: lines.every((line) => line.endsWith(' done 0')) ? 0 : 1,
  stdout: ['init 0', `count 0 ${lines.length}`, ...lines.map((line) => `gpu ${line}`)].join('\n') + '\n',
})

/** A node on which everything works but what is given; `files` and `programs` are added to its own. */
export function nodeWith(given: GpuHost = {}): GpuHost {
  return {
    ...nodeHost,
    ...userspace(version),
    nodes: { ...devices, '/dev/nvidia-uvm-tools': '508:1', '/dev/nvidia0': '195:0' },
    ...given,
    files: { ...nodeHost.files, '/usr/bin/nvidia-smi': '', ...given.files },
    programs: {
      'nvidia-smi': smi(first, second),
      'cuda-probe': computed('0000:01:00.0 done 0', '0000:41:00.0 done 0'),
      ...given.programs,
    },
  }
}

export async function lookAtNode(
  node: GpuHost,
  args: Partial<Args> = {},
): Promise<{
  readonly findings: readonly Finding[]
  readonly rows: readonly SummaryRow[]
  /** The last cell of the node's row. */
  readonly state: string | undefined
  readonly warnings: readonly string[]
}> {
  const given: Args = { ...defaults, version, ...args }
  const seen = await gpuVerify.probe(given, gpuHost(node))
  const { refusal, warnings } = gpuVerify.plan(given, seen)
  const rows = gpuVerify.row(given, seen)
  return { findings: refusal?.findings ?? [], rows, state: rows[0]?.cells.at(-1), warnings }
}

interface Scene {
  readonly inside?: GpuHost
  readonly config?: string
  readonly running?: boolean
  /** Additional files of the node. */
  readonly onNode?: Readonly<Record<string, string>>
  readonly args?: Partial<Args>
  /** The answers to the user, by program; root gets those of `programs`. */
  readonly user?: Readonly<Record<string, Partial<Answer>>>
}

export async function look(
  scene: Scene,
): Promise<{ readonly findings: readonly string[]; readonly row: SummaryRow; readonly plan: Plan }> {
  const { running = true, config = 'unprivileged: 1\n', args } = scene
  const inside: GpuHost = {
    ...userspace(version),
    nodes: devices,
    ...scene.inside,
    programs: {
      'nvidia-smi': smi(first),
      'cuda-probe': computed('0000:01:00.0 done 0'),
      ...scene.inside?.programs,
    },
  }
  const given: Args = { ...defaults, assignment: '0', user: 'nobody', ...args }
  const container = gpuHost(inside)
  const host: Host = {
    ...container,
    ask: async (question, options) =>
      options?.user !== undefined && scene.user?.[question.argv[0] ?? ''] !== undefined
        ? question.parse({ code: 0, stdout: '', stderr: '', ...scene.user[question.argv[0] ?? ''] })
        : container.ask(question, options),
    node: gpuHost({
      ...nodeHost,
      files: { ...nodeHost.files, ...scene.onNode },
      containers: { 101: { status: running ? 'running' : 'stopped', config, pid: running ? 7 : undefined } },
    }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  const seen = await gpuVerify.probe(given, host)
  const plan = gpuVerify.plan(given, seen)
  const findings = (plan.refusal?.findings ?? []).map(({ message }) => message)
  const [row = assert.fail('no row')] = gpuVerify.row(given, seen)
  return { findings, row, plan }
}
