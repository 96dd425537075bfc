/** What gpu_verify says of computing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../host/host.ts'
import { computed, first, look, second, smi } from './testing/scene.ts'

const fails = (line: string): Partial<Answer> => ({ code: 1, stdout: `${line}\n` })
const visible = { 'nvidia-smi': smi(first) }

test('a container whose GPU computes is ok, and the table says what that means', async () => {
  const { row } = await look({})
  assert.deepEqual(
    [row.cells.at(-1), row.note],
    [
      'ok',
      'ok in a container: CUDA computes on each assigned GPU, as root and nobody; no other GPU is accessible',
    ],
  )
  const without = await look({ args: { compute: false, isolation: false } })
  assert.equal(
    without.row.note,
    'ok in a container: nvidia-smi shows each assigned GPU; not computed, as root and nobody; access to other GPUs is not checked',
  )
})

test('CUDA that does not start is reported with its cause, once', async () => {
  const { plan } = await look({ inside: { programs: { ...visible, 'cuda-probe': fails('init 999') } } })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: 'CUDA does not work: cuInit: CUDA_ERROR_UNKNOWN (999)',
      cause: '/dev/nvidia-uvm is missing, cannot be opened, or has another major number than on the node',
      fix: 'gpuplay run containers.yml -i INVENTORY -l pve1',
    },
  ])
})

test('a step that fails on a GPU, and a GPU that CUDA does not find, are reported by address', async () => {
  const check = async (answer: Partial<Answer>): Promise<readonly string[]> =>
    (await look({ inside: { programs: { ...visible, 'cuda-probe': answer } } })).findings
  assert.deepEqual(await check(computed('0000:01:00.0 context 802')), [
    'CUDA does not work on 0000:01:00.0: context: CUDA_ERROR_SYSTEM_NOT_READY (802)',
  ])
  const programs = { ...visible, 'cuda-probe': computed('0000:01:00.0 context 802') }
  const { plan } = await look({ inside: { programs } })
  assert.match(plan.refusal?.findings?.[0]?.fix ?? '', /^on the node, install nvidia-fabricmanager/)
  assert.deepEqual(await check(computed('0000:01:00.0 compare -1')), [
    'CUDA does not work on 0000:01:00.0: compare: the GPU returned other data than it was sent',
  ])
  assert.deepEqual(await check(computed()), ['CUDA does not find the GPU at 0000:01:00.0'])
})

test('CUDA must work for the user too', async () => {
  const { findings } = await look({ user: { 'cuda-probe': fails('init 999') } })
  assert.deepEqual(findings, ['CUDA does not work for the user nobody: cuInit: CUDA_ERROR_UNKNOWN (999)'])
})

test('a GPU in MIG mode is reported instead of what follows from that', async () => {
  const mig = { stdout: `${first}, 00000000:01:00.0, Enabled\n` }
  const { plan } = await look({
    inside: { programs: { 'nvidia-smi': mig, 'cuda-probe': fails('init 100') } },
  })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: 'the GPU at 0000:01:00.0 is in MIG mode',
      cause: 'in MIG mode, a GPU computes only in instances, and gpuplay assigns whole GPUs',
      fix: 'turn MIG mode off on the node: nvidia-smi -i 0000:01:00.0 -mig 0',
    },
  ])
})

test('a GPU that others use, and a container without a place for programs, cause a warning', async () => {
  const check = async (answer: Partial<Answer>): Promise<readonly unknown[]> => {
    const { findings, plan, row } = await look({ inside: { programs: { ...visible, 'cuda-probe': answer } } })
    assert.match(row.note ?? '', /not computed/)
    return [...findings, ...(plan.warnings ?? [])]
  }
  assert.deepEqual(await check(computed('0000:01:00.0 context 2')), [
    "cannot check whether CUDA works in pve1 on 0000:01:00.0: other programs use the GPU's memory",
  ])
  assert.deepEqual(await check({ code: 126, stderr: 'no directory of root allows programs\n' }), [
    'cannot check whether CUDA works in pve1: no directory of root allows programs',
  ])
})

test('a container without GPUs does not compute', async () => {
  const { findings, row } = await look({
    args: { assignment: 'none' },
    inside: { nodes: {}, programs: { 'nvidia-smi': smi(second), 'cuda-probe': fails('init 999') } },
  })
  assert.deepEqual([findings, row.note], [[], 'ok without GPUs: no GPU is accessible'])
})
